// Keys: which key each request is about.
//
// sequential walks round the keys, uniform takes any, zipfian prefers a few: the key of rank r is asked for in
// proportion to 1/r^0.99, as YCSB does it (Gray et al., Quickly Generating Billion-Record Synthetic Databases, SIGMOD
// 1994). The popular keys are spread over the whole range, so that they are no neighbours in the store.
//
// Always: the same seed gives the same keys on every machine.
#pragma once

#include <cstdint>
#include <string_view>

#include "raft/random.h"
#include "src/base/result.h"

namespace skiff::bench {

enum class Distribution { sequential, uniform, zipfian };
Result<Distribution> parse_distribution(std::string_view text);
std::string_view name_of(Distribution distribution);

// As many keys as there may be: drawing the first Zipfian one takes time in proportion to them.
constexpr uint64_t kKeysMax = 100'000'000;

class Keys {
 public:
  // Requires: 1 <= count <= kKeysMax.
  Keys(Distribution distribution, uint64_t count, uint64_t seed);

  uint64_t next();  // below `count`

  // From the most popular, 0, to the least. Requires: zipfian.
  uint64_t next_rank();
  // Where the key of that rank is. No two ranks share one.
  uint64_t spread(uint64_t rank) const;

 private:
  double next_share() { return static_cast<double>(random_.next() >> 11) * 0x1p-53; }

  Distribution distribution_;
  uint64_t count_;
  raft::Random random_;
  uint64_t walked_ = 0;
  double zeta_ = 0;  // the sum of 1/r^theta over all ranks
  double eta_ = 0;
};

}  // namespace skiff::bench

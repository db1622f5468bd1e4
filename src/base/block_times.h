// BlockTimes: the processor time that the loop spends on each block of the snapshots it makes. Clients must not notice
// a block: all but one in a thousand are to take less than kBlockTimeNs.
#pragma once

#include <algorithm>
#include <cstdint>

#include "raft/check.h"
#include "src/base/metrics.h"

namespace skiff {

constexpr uint64_t kBlockTimeNs = 200'000;

struct BlockTimes {
  uint64_t blocks = 0;
  uint64_t slow = 0;  // blocks that took longer than kBlockTimeNs
  uint64_t longest_ns = 0;
  uint64_t longest_of_last_ns = 0;  // of the snapshot under way, or of the last one

  void add(bool is_first, uint64_t took_ns) {
    ++blocks;
    slow += took_ns > kBlockTimeNs;
    longest_ns = std::max(longest_ns, took_ns);
    longest_of_last_ns = is_first ? took_ns : std::max(longest_of_last_ns, took_ns);
    CHECK(slow <= blocks);
    CHECK(longest_of_last_ns <= longest_ns);
  }

  template <class Visitor>
  void visit_metrics(Visitor&& visitor) const {
    constexpr auto kMicroseconds = Metric::Unit::microseconds;
    static_assert(kBlockTimeNs == 200'000);  // a name below says so
    visitor(Metric::counter("blocks", "Blocks of snapshots that were made."), blocks);
    visitor(Metric::counter("blocks_over_200_us", "Blocks that took more of the loop's processor time."), slow);
    visitor(Metric::gauge("longest_block_us", "Processor time of the slowest block.", kMicroseconds),
            longest_ns / 1'000);
  }
};

}  // namespace skiff

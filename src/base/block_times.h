// BlockTimes: the processor time that the loop spends on each block of the snapshots it makes. Clients must not notice
// a block: all but one in a thousand are to take less than kBlockTime.
#pragma once

#include <algorithm>
#include <cstdint>

#include "raft/check.h"
#include "raft/time.h"
#include "src/base/metrics.h"

namespace skiff {

constexpr raft::Time kBlockTime = 200_us;

struct BlockTimes {
  uint64_t blocks = 0;
  uint64_t slow = 0;  // blocks that took longer than kBlockTime
  raft::Time longest;
  raft::Time longest_of_last;  // of the snapshot under way, or of the last one

  void add(bool is_first, raft::Time took) {
    ++blocks;
    slow += took > kBlockTime;
    longest = std::max(longest, took);
    longest_of_last = is_first ? took : std::max(longest_of_last, took);
    CHECK(slow <= blocks);
    CHECK(longest_of_last <= longest);
  }

  template <class Visitor>
  void visit_metrics(Visitor&& visitor) const {
    constexpr auto kMicroseconds = Metric::Unit::microseconds;
    static_assert(kBlockTime == 200_us);  // a name below says so
    visitor(Metric::counter("blocks", "Blocks of snapshots that were made."), blocks);
    visitor(Metric::counter("blocks_over_200_us", "Blocks that took more of the loop's processor time."), slow);
    visitor(Metric::gauge("longest_block_us", "Processor time of the slowest block.", kMicroseconds), longest.us());
  }
};

}  // namespace skiff

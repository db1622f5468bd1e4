// NodeTimes: how long the disk takes for a save, and the loop for a block of a snapshot. A slow disk is logged.
#pragma once

#include <cstdint>

#include "src/base/block_times.h"
#include "src/base/log.h"

namespace skiff {

class NodeTimes {
 public:
  // `slow_ns`: from here on a save is worth a line.
  explicit NodeTimes(uint64_t slow_ns) : slow_ns_(slow_ns) {}

  void note_save(uint64_t now_ms, uint64_t took_ns);
  void block_begins();
  void block_ends(bool is_first);

  const BlockTimes& blocks() const { return blocks_; }

 private:
  const uint64_t slow_ns_;
  log::Limit slow_disk_{10'000};
  BlockTimes blocks_;
  uint64_t block_began_ns_ = 0;  // 0: none is being made
};

}  // namespace skiff

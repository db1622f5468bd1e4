// NodeTimes: how long the disk takes for a save, and the loop for a block of a snapshot. A slow disk is logged.
#pragma once

#include <cstdint>

#include "raft/time.h"
#include "src/base/block_times.h"
#include "src/base/log.h"

namespace skiff {

class NodeTimes {
 public:
  // `slow`: from here on a save is worth a line.
  explicit NodeTimes(raft::Time slow) : slow_(slow) {}

  void note_save(raft::Time now, raft::Time took);
  void block_begins();
  void block_ends(bool is_first);

  const BlockTimes& blocks() const { return blocks_; }

 private:
  const raft::Time slow_;
  log::Limit slow_disk_{10_s};
  BlockTimes blocks_;
  raft::Time block_began_;  // 0: none is being made
};

}  // namespace skiff

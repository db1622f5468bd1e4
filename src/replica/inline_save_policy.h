// InlineSavePolicy: decides whether a save is made on the loop's own thread (inline) or by the disk's thread.
//
// On a quick disk the hop to another thread and back is a good part of the time that a write takes
// (docs/decisions/0020). So a save is inline while the disk is quick and the node is quiet: at a leader one client
// writes, at a follower none asks. A busy node gains more from the disk's thread, which collects the saves of several
// turns into one sync while the loop goes on (docs/decisions/0035).
//
// Quick means that the moving average of the time of a save is small. One slow save counts for limits::kSlowSync at
// most, so that about a dozen quick ones make the disk quick again. A disk that is not known yet counts as slow.
//
// A leader counts messages as input, too: replies from followers announce the next save. A follower does not, because
// saving what its leader sends is all that it has to do.
//
// Knows no clock and no thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "raft/types.h"
#include "src/config/limits.h"

namespace skiff {

class InlineSavePolicy {
 public:
  struct Save {
    bool is_leader = false;
    size_t entries = 0;
    uint64_t bytes = 0;  // of the inline batch, with this save
  };
  static uint64_t bytes_of(const std::vector<raft::Entry>& entries);

  void note_request() { ++inputs_; }
  void note_message(bool is_leader) { inputs_ += is_leader; }
  // A save, inline or not, took so long.
  void note_saved(raft::Time took);
  // Decides about the next save. Input is counted anew from here. The caller adds its own conditions, such as a disk's
  // thread that is busy.
  bool allows(const Save& save);

  raft::Time average() const { return average_; }

 private:
  uint64_t inputs_ = 0;  // since the last decision
  raft::Time average_ = limits::kSlowSync;
};

}  // namespace skiff

// SpaceKeeper: the state of a node's disk space, and the reaction to a full disk.
//
// The next segment of the log is made ahead of its time (the spare segment). Normally the spare is there, and every
// save that used it up is followed by the making of another. Where the disk has no space for a spare the node is full:
// the replica is told how many bytes are left in the segment in use, and the keeper looks for space again at an
// interval. Once a spare is made the replica is told that the disk has space again; no restart is needed.
//
// Failures: a save that is larger than the rest of its segment finds no space although the node was not full.
// Such a save is blocked. It is retried, with everything that waits behind it, as soon as a spare is there.
//
// Always: at most one spare is being made. While the node is full, a look for space is due or a spare is being made, or
// a blocked save is being retried.
//
// Knows no clock, disk or thread: time comes in with each call, and the shell or the simulator does the work.
#pragma once

#include <string>

#include "raft/types.h"

namespace skiff {

// The work that a SpaceKeeper asks for. None of it calls back at once, except has_spare().
class SpaceActions {
 public:
  virtual bool has_spare() const = 0;
  // Make a spare segment, then call SpaceKeeper::spare_made() or spare_failed().
  virtual void make_spare() = 0;
  // Try the blocked save again, then call SpaceKeeper::saved() or save_blocked().
  virtual void retry_save() = 0;
  // The disk is full; `is_news` if it was not before. Tell the replica how much is left in the segment in use.
  virtual void disk_full(const std::string& error, bool is_news) = 0;
  // The disk is not full any more. Tell the replica.
  virtual void disk_has_space() = 0;

 protected:
  ~SpaceActions() = default;
};

class SpaceKeeper {
 public:
  // Requires: `actions` outlives it.
  SpaceKeeper(raft::Time look_every, SpaceActions& actions);

  // Looks for a spare, and has one made if there is none. To be called once at the start.
  void ensure_spare();
  // A save is durable; it may have used up the spare.
  void saved();
  // A save found no space, and waits.
  void save_blocked(raft::Time now, const std::string& error);
  // Requires: make_spare() was asked for, and has not ended.
  void spare_made();
  void spare_failed(raft::Time now, const std::string& error);
  void tick(raft::Time now);
  // When tick() should be called; raft::kNever if there is no reason to.
  raft::Time next_deadline() const { return look_at_; }

  bool is_full() const { return is_full_; }
  bool has_blocked_save() const { return has_blocked_save_; }

 private:
  void found_none(raft::Time now, const std::string& error);
  void found_spare();

  const raft::Time look_every_;
  SpaceActions& actions_;
  raft::Time look_at_ = raft::kNever;
  bool is_making_spare_ = false;
  bool has_blocked_save_ = false;
  bool is_full_ = false;  // as the replica was told
};

}  // namespace skiff

// Housekeeping: what a node does beside its requests, on one timer: it keeps space for its log, reads its resting files
// again, and gives memory back when it rests.
//
// The shell and the simulator call tick() when next_deadline() says so, and pass results to space() and scrub(). After
// each of these calls the deadline may be another one.
//
// Knows no clock, disk or thread: time comes in with each call, and the actions are the caller's.
#pragma once

#include "raft/time.h"
#include "src/replica/idle_memory.h"
#include "src/replica/scrub_driver.h"
#include "src/replica/space_keeper.h"

namespace skiff {

class HousekeepingActions : public SpaceActions, public ScrubActions, public IdleWork {
 protected:
  ~HousekeepingActions() = default;
};

class Housekeeping {
 public:
  // Requires: `actions` outlives it.
  Housekeeping(const ScrubConfig& scrub, raft::Time now, HousekeepingActions& actions);
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;

  SpaceKeeper& space() { return space_; }
  ScrubDriver& scrub() { return scrub_; }
  const ScrubDriver& scrub() const { return scrub_; }
  void tick(raft::Time now);
  raft::Time next_deadline() const;

 private:
  SpaceKeeper space_;
  ScrubDriver scrub_;
  IdleMemory idle_memory_;
  raft::Time idle_at_;
};

}  // namespace skiff

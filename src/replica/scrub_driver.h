// ScrubDriver: has resting files read again as ScrubSchedule says, and acts on the damage that is found.
//
// Damage at rest does no harm at once, because the node holds everything in memory. So a new snapshot is made from
// memory, at the index that the disk names, and with it nothing depends on the damaged file any more and the file goes.
//
// Failures: a snapshot fails or is overtaken by a fetched one. The request for it is repeated while something
// damaged is still there.
//
// Knows no clock, disk or thread: time comes in with each call, and the shell or the simulator does the work.
#pragma once

#include <optional>

#include "raft/time.h"
#include "src/replica/scrub_schedule.h"

namespace skiff {

// The work that a ScrubDriver asks for. None of it calls back at once.
class ScrubActions {
 public:
  // Read a piece again, then call ScrubDriver::scrubbed(), or put_off() if there was other work.
  virtual void scrub(const ScrubSchedule::Task& task) = 0;
  virtual void damage_found(const store::Damage& damage) = 0;
  // Nothing depends on the damaged file any more, and it is gone.
  virtual void damage_removed(const store::Damage& damage) = 0;
  // See Replica::replace_damaged().
  virtual void replace_damaged(raft::Index at) = 0;

 protected:
  ~ScrubActions() = default;
};

class ScrubDriver {
 public:
  // Requires: `actions` outlives it.
  ScrubDriver(const ScrubConfig& config, raft::Time now, ScrubActions& actions)
      : schedule_(config, now), actions_(actions) {}

  void tick(raft::Time now);
  // When tick() should be called; raft::kNever while a task is under way.
  raft::Time next_deadline() const { return schedule_.next_deadline(); }
  void scrubbed(raft::Time now, const store::Snapshots::Scrubbed& result);
  void put_off(raft::Time now) { schedule_.put_off(now); }
  // Damage was found, or removed, by other work on the same files.
  void noted(raft::Time now, const store::Snapshots::Scrubbed& news);

  const ScrubSchedule::Counts& counts() const { return schedule_.counts(); }

 private:
  void act_on(const store::Snapshots::Scrubbed& result, std::optional<raft::Index> at);

  ScrubSchedule schedule_;
  ScrubActions& actions_;
};

}  // namespace skiff

// ScrubSchedule: when a node reads its resting files again, and how fast. Counts the results.
//
// A pass begins at an interval, the first one some time after the start. It reads one piece after the other, with a
// pause after each. The pause is as long as the configuration allows, but short enough that a pass ends within half of
// the interval. While something damaged is still there, the disk is asked again and again whether it can be removed.
//
// Always: at most one task is under way.
//
// Knows no clock and no thread: ScrubDriver has the tasks done.
#pragma once

#include <cstdint>
#include <optional>

#include "raft/types.h"
#include "src/base/metrics.h"
#include "store/snapshot/snapshots.h"

namespace skiff {

struct ScrubConfig {
  raft::Time every;  // 0: never
  raft::Time first;  // after the start, if that is sooner
  uint64_t piece_bytes = 0;
  raft::Time pause;          // between two pieces, at most
  raft::Time replace_again;  // while something is damaged
};

class ScrubSchedule {
 public:
  struct Task {
    bool begins = false;  // a pass
    uint64_t bytes = 0;
  };
  struct Counts {
    uint64_t passes = 0;  // that have ended
    uint64_t files = 0;   // read to their end, in all passes
    uint64_t bytes = 0;
    uint64_t found = 0;  // damaged
    uint64_t recovered = 0;
    raft::Time last_ended;  // if there was one
    bool is_under_way = false;
    bool is_damaged = false;  // something that was found is still there

    template <class Visitor>
    void visit_metrics(Visitor&& visitor) const {
      constexpr auto kTruth = Metric::Unit::truth;
      visitor(Metric::gauge("under_way", "Whether a scrub is under way.", kTruth), is_under_way);
      visitor(Metric::counter("passes", "Scrubs that have ended."), passes);
      visitor(Metric::counter("files", "Files that were read to their end."), files);
      visitor(Metric::counter("bytes", "Bytes that were read.", Metric::Unit::bytes), bytes);
      visitor(Metric::counter("found", "Damaged files that were found."), found);
      visitor(Metric::counter("mended", "Damaged files that were replaced."), recovered);
      visitor(Metric::gauge("damaged", "Whether a damaged file is not replaced yet.", kTruth), is_damaged);
    }
  };

  ScrubSchedule(ScrubConfig config, raft::Time now);

  // When a task may be due; raft::kNever while one is under way.
  raft::Time next_deadline() const;
  std::optional<Task> due(raft::Time now);
  // Ends the task. Returns the index that a snapshot of the map should reach so that damaged files can go, if it is
  // time to say so. Requires: a task is under way.
  std::optional<raft::Index> done(raft::Time now, const store::Snapshots::Scrubbed& scrubbed);
  // The same for results that were found beside a task.
  std::optional<raft::Index> note(raft::Time now, const store::Snapshots::Scrubbed& scrubbed);
  // The task was not done because there is other work. It comes again later. Requires: a task is under way.
  void put_off(raft::Time now);

  const Counts& counts() const { return counts_; }

 private:
  const ScrubConfig config_;
  raft::Time pass_at_;   // the next
  raft::Time piece_at_;  // the next, of the pass that is under way
  raft::Time pause_;     // between its pieces
  raft::Time replace_again_at_ = raft::kNever;
  std::optional<Task> task_;  // under way
  Counts counts_;
};

}  // namespace skiff

// ResubmitSchedule: when the requests that wait are submitted to the leader again.
//
// A request is submitted once, and usually ends by that. All that wait are submitted again, at once, when another
// leader or another term is known, when the leader takes writes again, and when it has admitted this process. A request
// or its answer may also get lost although the leader stays the same: then nothing is confirmed and nothing is applied.
// After an interval without such progress everything is submitted again. The interval doubles with every attempt, so
// that a slow leader is not flooded, and is the shortest one again after progress.
//
// A request that is submitted too early does no harm, because the store drops repeats.
//
// Always: a change of the leadership is reported once, and only if there is a leader.
#pragma once

#include <utility>

#include "raft/check.h"
#include "raft/time.h"
#include "raft/types.h"

namespace skiff {

class ResubmitSchedule {
 public:
  struct Leadership {
    raft::NodeId leader = 0;  // 0: none is known
    raft::Term term = 0;
    bool takes_writes = true;  // whichever leader
    bool is_admitted = false;  // this process, by a leader
  };

  explicit ResubmitSchedule(raft::Time shortest) : shortest_(shortest), interval_(shortest) { CHECK(shortest > 0_s); }

  // Whether everything is to be submitted again, because the leadership is another than at the call before.
  bool has_changed(const Leadership& known) {
    const bool may_write_again =
        (known.takes_writes && !known_.takes_writes) || (known.is_admitted && !known_.is_admitted);
    const bool is_same = known.leader == known_.leader && known.term == known_.term;
    known_ = {.leader = known.leader,
              .term = known.term,
              .takes_writes = known.takes_writes,
              .is_admitted = known_.is_admitted || known.is_admitted};
    return known.leader != 0 && (!is_same || may_write_again);
  }

  // A request of this node was confirmed or applied.
  void note_progress(raft::Time now) {
    progress_at_ = now;
    interval_ = shortest_;
  }
  void submitted_again(raft::Time now) { progress_at_ = now; }
  // When everything is submitted again if there is no progress before.
  raft::Time due_at() const { return progress_at_ + interval_; }
  // It was due: the next interval is twice as long. Returns the one that has passed.
  raft::Time back_off() { return std::exchange(interval_, 2 * interval_); }

 private:
  const raft::Time shortest_;
  Leadership known_;
  raft::Time progress_at_;
  raft::Time interval_;
};

}  // namespace skiff

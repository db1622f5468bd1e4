// Waiting requests are submitted again: when another leader is known, when the link to it comes back, or when it takes
// too long.
#include "raft/check.h"
#include "src/replica/replica.h"

namespace skiff {

// In order, to the node that leads now. Repeats do no harm: the store drops them.
void Replica::resubmit_if_leader_changed() {
  const bool has_changed = resubmit_schedule_.has_changed({.leader = raft_.leader(),
                                                           .term = raft_.term(),
                                                           .takes_writes = raft_.takes_writes(),
                                                           .is_admitted = raft_.is_admitted()});
  if (!has_changed) return;
  note_progress();
  resubmit(now_);
}

void Replica::resubmit(raft::Time barriers_until) {
  CHECK(barriers_until <= now_);
  resubmit_schedule_.submitted_again(now_);
  writes_.resubmit_from(0);
  submit();
  barriers_.hold_asked_until(barriers_until);
  submit_barriers();
}

// A request to the leader, or its answer, may have been lost on the way.
void Replica::resubmit_if_stuck() {
  if (now_ < stuck_at()) return;
  const raft::Time waited = resubmit_schedule_.back_off();
  CHECK(waited <= now_);
  resubmit(now_ - waited);
}

raft::Time Replica::stuck_at() const {
  bool depends_on_others = raft_.leader() != 0 && !raft_.is_leader();
  bool is_under_way = writes_.has_submitted() || barriers_.has_asked() || barriers_.has_held();
  return depends_on_others && is_under_way ? resubmit_schedule_.due_at() : raft::kNever;
}

}  // namespace skiff

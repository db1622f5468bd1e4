// Waiting requests are submitted again: when another leader is known, when the link to it comes back, or when it takes
// too long.
#include <utility>

#include "raft/check.h"
#include "src/replica/replica.h"

namespace skiff {

// In order, to the node that leads now. Repeats do no harm: the store drops them.
void Replica::resubmit_if_leader_changed() {
  const bool is_new = raft_.is_admitted() && !std::exchange(was_admitted_, raft_.is_admitted());
  const bool may_write_again = (raft_.takes_writes() && !known_to_take_writes_) || is_new;
  known_to_take_writes_ = raft_.takes_writes();
  if (raft_.leader() == known_leader_ && raft_.term() == known_term_ && !may_write_again) return;
  known_leader_ = raft_.leader();
  known_term_ = raft_.term();
  if (known_leader_ == 0) return;
  note_progress();
  resubmit(now_);
}

void Replica::resubmit(raft::Time barriers_until) {
  CHECK(barriers_until <= now_);
  progress_at_ = now_;
  writes_.resubmit_from(0);
  submit();
  barriers_.hold_asked_until(barriers_until);
  submit_barriers();
}

// A request to the leader, or its answer, may have been lost on the way.
void Replica::resubmit_if_stuck() {
  if (now_ < stuck_at()) return;
  CHECK(retry_after_ > 0_s);
  CHECK(retry_after_ <= now_);
  resubmit(now_ - retry_after_);
  retry_after_ *= 2;
}

raft::Time Replica::stuck_at() const {
  bool depends_on_others = raft_.leader() != 0 && !raft_.is_leader();
  bool is_under_way = writes_.has_submitted() || barriers_.has_asked() || barriers_.has_held();
  return depends_on_others && is_under_way ? progress_at_ + retry_after_ : raft::kNever;
}

void Replica::note_progress() {
  progress_at_ = now_;
  retry_after_ = config_.raft.election_timeout;
}

}  // namespace skiff

// A replica without a leader, with another one, or without an answer: what waits is asked for anew.
#include <utility>

#include "src/replica/replica.h"

namespace skiff {

// Whatever waits is asked for anew, in order, of whoever leads now. Repeats do no harm: the store drops them.
void Replica::ask_again_if_leader_changed() {
  const bool is_new = raft_.is_admitted() && !std::exchange(was_admitted_, raft_.is_admitted());
  const bool may_write_again = (raft_.takes_writes() && !known_to_take_writes_) || is_new;
  known_to_take_writes_ = raft_.takes_writes();
  if (raft_.leader() == known_leader_ && raft_.term() == known_term_ && !may_write_again) return;
  known_leader_ = raft_.leader();
  known_term_ = raft_.term();
  if (known_leader_ == 0) return;
  note_progress();
  ask_again(now_);
}

void Replica::ask_again(raft::Time reads_until) {
  progress_at_ = now_;
  writes_.hand_out_again_from(0);
  hand_out();
  reads_.hold_asked_until(reads_until);
  ask_held_reads();
}

// Our request, or the answer to it, may have been lost on the way.
void Replica::ask_again_if_stuck() {
  if (now_ < stuck_at()) return;
  ask_again(now_ - patience_);
  patience_ *= 2;
}

raft::Time Replica::stuck_at() const {
  bool depends_on_others = raft_.leader() != 0 && !raft_.is_leader();
  bool is_under_way = writes_.has_handed_out() || reads_.has_asked() || reads_.has_held();
  return depends_on_others && is_under_way ? progress_at_ + patience_ : raft::kNever;
}

void Replica::note_progress() {
  progress_at_ = now_;
  patience_ = config_.raft.election_timeout;
}

}  // namespace skiff

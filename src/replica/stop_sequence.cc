#include "src/replica/stop_sequence.h"

#include "raft/check.h"
#include "src/replica/replica.h"

namespace skiff {

StopSequence::StopSequence(raft::Time patience) : patience_(patience) { CHECK(patience_ > 0_s); }

void StopSequence::request() {
  has_no_patience_ = has_no_patience_ || was_requested_ || state_ == State::draining;
  was_requested_ = true;
  request_removal();
}

void StopSequence::request_removal() {
  restarts_ = false;
  if (state_ == State::running) state_ = State::requested;
  CHECK(is_stopping());
}

void StopSequence::request_restart() {
  is_cut_off_ = true;
  has_no_patience_ = true;
  if (state_ != State::running) return;
  restarts_ = true;
  state_ = State::requested;
}

void StopSequence::begin(raft::Time now, Replica& replica) {
  CHECK(state_ == State::requested);
  CHECK(now < raft::kNever - patience_);
  state_ = State::draining;
  deadline_ = now + patience_;
  replica.stop_taking();
  const bool has_others = replica.raft().configuration().everybody().size() > 1;
  if (!replica.raft().is_leader() || !has_others || is_cut_off_) return;
  is_handing_over_ = true;
  replica.hand_over(now, kHandOverId, 0);
}

void StopSequence::hand_over_ended(uint64_t id) {
  if (id != kHandOverId) return;
  CHECK(state_ == State::draining);
  is_handing_over_ = false;
}

bool StopSequence::may_end(raft::Time now, const Replica& replica, bool is_drained) const {
  if (state_ != State::draining) return false;
  CHECK(deadline_ != raft::kNever);
  const bool is_idle = !replica.has_waiting() && is_drained && !is_handing_over_;
  return is_idle || has_no_patience_ || now >= deadline_;
}

}  // namespace skiff

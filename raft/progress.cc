#include "raft/progress.h"

#include <algorithm>

#include "raft/check.h"
#include "raft/mutant.h"

namespace skiff::raft {

Progress::Progress(Index next, Time now, Window window)
    : window_(window), next_(next), heard_at_(now), counted_at_(now) {
  CHECK(next >= 1);
  CHECK(window.entries_max > 0);
  CHECK(window.bytes_max > 0);
}

bool Progress::may_send() const {
  if (state_ == State::snapshot) return false;
  if (state_ == State::probe) return !probe_sent_;
  return bytes_in_flight_ < window_.bytes_max && next_ - match_ - 1 < window_.entries_max;
}

void Progress::sent(Index last, uint64_t bytes) {
  CHECK(last + 1 >= next_);
  if (state_ == State::probe) {
    probe_sent_ = true;  // next stays: only its answer moves us on
    return;
  }
  if (last + 1 == next_) return;  // no entries, nothing to wait for
  next_ = last + 1;
  in_flight_.push_back({.last = last, .bytes = bytes});
  bytes_in_flight_ += bytes;
}

bool Progress::accepted(Index match, Index base) {
  if (MUTANT(snapshot_never_left)) ++base;
  bool resumes = state_ == State::probe || (state_ == State::snapshot && match >= base);
  if (match < match_ || (match == match_ && !resumes)) return false;
  match_ = match;
  next_ = std::max(next_, match + 1);
  if (resumes) {
    state_ = State::replicate;
    next_ = match + 1;
  }
  while (!in_flight_.empty() && in_flight_.front().last <= match) {
    bytes_in_flight_ -= in_flight_.front().bytes;
    in_flight_.pop_front();
  }
  CHECK(match_ < next_);
  return true;
}

void Progress::offered_snapshot(Index index) {
  forget_in_flight();
  state_ = State::snapshot;
  offered_ = index;
}

bool Progress::refused(Index refused, Index agree_at_most) {
  if (refused <= match_ || state_ == State::snapshot) return false;
  if (state_ == State::probe && refused != next_ - 1) return false;
  forget_in_flight();
  state_ = State::probe;
  next_ = std::max(match_, std::min(agree_at_most, refused - 1)) + 1;
  CHECK(match_ < next_);
  return true;
}

void Progress::probe_again() {
  forget_in_flight();
  state_ = State::probe;
  next_ = match_ + 1;
}

void Progress::heard_start(uint64_t start, Time now) {
  CHECK(start != 0);
  CHECK(now >= start_heard_at_);
  start_ = start;
  start_heard_at_ = now;
}

void Progress::heard_recovering(uint64_t start, Index last) {
  if (start == recovering_) return;
  if (start == 0) counted_at_ = heard_at_;
  recovering_ = start;
  fence_ = last + 1;
  match_ = 0;
  forget_in_flight();
  state_ = State::probe;
}

void Progress::note_round(Index last, Time now, Time longest) {
  if (caught_up_ || match_ < round_last_) return;
  caught_up_ = round_last_ > 0 && state_ == State::replicate && now < round_started_at_ + longest;
  round_last_ = last;
  round_started_at_ = now;
}

std::optional<Index> Progress::poll_commit_notice(Index committed, Time now, Time delay) {
  const Index commit = may_commit(committed);
  if (commit_told_ >= commit) {
    commit_notice_at_ = kNever;
    return std::nullopt;
  }
  commit_notice_at_ = std::min(commit_notice_at_, now + delay);
  const bool is_awaited = commit_told_ < commit_awaited_;
  if (!is_awaited && now < commit_notice_at_) return std::nullopt;
  commit_notice_at_ = kNever;
  commit_told_ = commit;
  return commit;
}

void Progress::forget_in_flight() {
  in_flight_.clear();
  bytes_in_flight_ = 0;
  probe_sent_ = false;
}

}  // namespace skiff::raft

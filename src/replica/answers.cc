// Where every request of a replica ends: with the answer to the door that proposed it.
#include "raft/check.h"
#include "raft/mutant.h"
#include "src/replica/replica.h"

namespace skiff {

// The write was applied just now, so the map is as the write left it.
void Replica::answer(const WaitingWrite& write, const store::Outcome& applied) {
  CHECK(write.submissions > 0);
  CHECK(applied.kind != store::Outcome::Kind::repeated);
  CHECK(applied.revision == kv_.revision());
  if (!write.wants_answer) return requester_.ended(write.ticket);
  const bool is_done = applied.kind == store::Outcome::Kind::done || MUTANT(conflict_called_done);
  requester_.answered(write.ticket, {.outcome = is_done ? Answer::Outcome::done : Answer::Outcome::conflict,
                                     .revision = applied.revision,
                                     .key_revision = applied.key_revision});
}

void Replica::answer(const WaitingWrite& write, Answer::Outcome outcome, const char* reason) {
  const bool was_submitted = write.submissions > 0;
  if (outcome == Answer::Outcome::refused && !MUTANT(refused_after_hand_out)) CHECK(!was_submitted);
  if (outcome == Answer::Outcome::unknown) CHECK(was_submitted);
  if (!write.wants_answer) return requester_.ended(write.ticket);
  requester_.answered(write.ticket, {.outcome = outcome, .revision = kv_.revision(), .reason = reason});
}

void Replica::answer(const WaitingBarrier& barrier, Answer::Outcome outcome, const char* reason) {
  CHECK(outcome != Answer::Outcome::unknown);  // it changes nothing
  requester_.answered(barrier.ticket, {.outcome = outcome, .revision = kv_.revision(), .reason = reason});
}

void Replica::refuse(const Write& write, const char* reason) {
  if (!write.wants_answer) return requester_.ended(write.ticket);
  requester_.answered(write.ticket, {.outcome = Answer::Outcome::refused, .reason = reason});
}

void Replica::refuse(const Barrier& barrier, const char* reason) {
  requester_.answered(barrier.ticket, {.outcome = Answer::Outcome::refused, .reason = reason});
}

// Only what was never submitted: the rest may still be done.
void Replica::refuse_where_disks_are_full() {
  if (raft_.takes_writes()) return;
  for (const WaitingWrite& write : writes_.take_unsubmitted()) answer(write, Answer::Outcome::refused, kDiskFull);
}

void Replica::answer_expired() {
  for (const WaitingWrite& write : writes_.take_expired(now_)) {
    history_.ask_again();
    if (write.submissions > 0 && !MUTANT(refused_after_hand_out)) {
      answer(write, Answer::Outcome::unknown, "no majority confirmed the write in time; it may still take effect");
    } else {
      answer(write, Answer::Outcome::refused, why_not_submitted());
    }
  }
  for (const WaitingBarrier& barrier : barriers_.take_expired(now_)) {
    const char* reason =
        raft_.is_full() ? "the disk is full, and this node falls behind" : "no majority answered in time";
    answer(barrier, Answer::Outcome::refused, raft_.leader() == 0 ? "there is no leader" : reason);
  }
}

const char* Replica::why_not_submitted() const {
  if (raft_.is_full()) return kDiskFull;
  const bool waits_for_verdict = raft_.leader() != 0 && !raft_.is_admitted();
  return waits_for_verdict ? "this node is being brought up to date" : "there is no leader";
}

}  // namespace skiff

// Where every request of a replica ends: its answer.
#include "raft/check.h"
#include "raft/mutant.h"
#include "src/replica/replica.h"

namespace skiff {

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

}  // namespace skiff

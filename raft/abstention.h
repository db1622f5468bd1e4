// Abstention: until when this node takes part in no election, neither as a candidate nor as a voter.
//
// There are two reasons, each with an end of its own. A process that is not the first of its node waits after its
// start, until a leader has judged what it found on its disk or would have been heard (raft/starts.cc). With lease
// reads, a node that hears a leader promises to elect no other for an election timeout (thesis 6.4.1); the promise
// holds even when the leader is given up before, and a restart does not end it.
//
// A leader that hands leadership over waives the promise made to it, but not the wait after a start.
#pragma once

#include <algorithm>

#include "raft/mutant.h"
#include "raft/types.h"

namespace skiff::raft {

class Abstention {
 public:
  explicit Abstention(bool keeps_promises) : keeps_promises_(keeps_promises) {}

  void wait_for_verdict(Time until) { unjudged_until_ = until; }
  void judged() { unjudged_until_ = 0_s; }
  void promise(Time until) { promised_until_ = until; }

  Time ends_at() const {
    const bool is_bound = keeps_promises_ && !MUTANT(lease_without_promise);
    return is_bound ? std::max(unjudged_until_, promised_until_) : unjudged_until_;
  }
  bool is_over(Time now) const { return now >= ends_at(); }
  bool is_over_for_successor(Time now) const { return now >= unjudged_until_; }

 private:
  bool keeps_promises_;
  Time unjudged_until_;
  Time promised_until_;
};

}  // namespace skiff::raft

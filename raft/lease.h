// Lease: until when a leader may answer reads without asking anybody (thesis 6.4.1).
//
// Who hears a leader promises to elect nobody else for an election timeout. The leader dates that promise from when it
// sent the heartbeat that was answered, so it ends at the leader no later than at the follower, if the follower's clock
// does not run faster than ours. How fast it runs is measured from the same answers: over a stretch of time that is
// long beside the time they travel, at most by how much its clock has moved ahead of ours. A follower counts only while
// the last stretch was within the bound. The lease itself is shorter by that bound.
//
// Time that passes unnoticed (the process was stopped) only makes a lease older: there is nothing to be trusted across
// a pause. Once a successor was told to campaign, no promise holds any more, and the lease is over for this term.
#pragma once

#include <map>

#include "raft/quorum.h"
#include "raft/types.h"

namespace skiff::raft {

class Lease {
 public:
  // `node` has answered, at `now`, the heartbeat that was sent at `sent_at`; its own clock said `clock`.
  void answered(NodeId node, Time sent_at, Time now, Time clock, Time election_timeout, uint64_t drift_percent_max);
  void give_up() { is_over_ = true; }
  // Until when, by our clock. 0: there is none. `self` counts at once.
  Time until(const Voters& voters, NodeId self, Time now, Time election_timeout, uint64_t drift_percent_max) const;

 private:
  struct Clock {
    Time promised_at = 0;  // by our clock
    bool is_steady = false;
    // The answer that the present stretch began with.
    Time sent_at = 0;
    Time received_at = 0;
    Time clock = 0;
  };

  std::map<NodeId, Clock> clocks_;
  bool is_over_ = false;
};

}  // namespace skiff::raft

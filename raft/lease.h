// Lease: until when a leader may answer reads without a round of heartbeats (thesis 6.4.1).
//
// A follower that hears a leader promises to elect no other node for an election timeout. The leader dates that promise
// from when it sent the heartbeat, so the promise ends at the leader no later than at the follower, unless the
// follower's clock runs faster than ours. The same replies bound how much faster it runs, over a stretch of time that
// is long compared with the time they travel. A follower counts only while its last stretch was within the bound, and
// the lease is shorter by that bound.
//
// A pause of the process only makes the lease older. Once a successor was told to campaign no promise holds any more,
// and the lease is over for this term.
#pragma once

#include <map>

#include "raft/quorum.h"
#include "raft/types.h"

namespace skiff::raft {

class Lease {
 public:
  struct Limits {
    Time election_timeout;
    uint64_t drift_percent_max = 0;  // how much faster than ours a clock may run
  };
  // The reply to a heartbeat.
  struct Answer {
    Time sent_at;      // the heartbeat, by our clock
    Time received_at;  // the reply, by our clock
    Time clock;        // of the follower, when it replied
  };

  explicit Lease(Limits limits) : limits_(limits) {}

  void answered(NodeId node, const Answer& answer);
  void give_up() { is_over_ = true; }
  // Until when the lease holds, by our clock; 0: there is none. `self` counts at once.
  Time until(const Voters& voters, NodeId self, Time now) const;

 private:
  struct Clock {
    Time promised_at;  // by our clock
    bool is_steady = false;
    Answer first;  // of the present stretch
  };

  Limits limits_;
  std::map<NodeId, Clock> clocks_;
  bool is_over_ = false;
};

}  // namespace skiff::raft

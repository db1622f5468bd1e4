// ElectionTimer: when a node that does not lead campaigns, unless a leader or a vote puts it off.
//
// A follower waits one to two election timeouts for a leader. The time is drawn anew on each use, so that a split vote
// does not repeat itself (thesis 3.4). A campaign that is not won in time is followed by the next.
//
// Always: the deadline of a leader is kNever.
#pragma once

#include <cstdint>

#include "raft/random.h"
#include "raft/types.h"

namespace skiff::raft {

class ElectionTimer {
 public:
  struct Intervals {
    Time heartbeat;
    Time election_timeout;
  };

  ElectionTimer(uint64_t seed, Intervals intervals) : random_(seed), intervals_(intervals) {}

  Time deadline() const { return deadline_; }
  bool is_due(Time now) const { return now >= deadline_; }
  bool is_stopped() const { return deadline_ == kNever; }
  void stop() { deadline_ = kNever; }

  void wait_for_leader(Time now) { deadline_ = now + randomized_election_timeout(); }
  // A campaign has begun. In a cluster that has never had a leader it is short: the nodes have only just been started,
  // and the first requests went to some that were not up yet.
  void wait_for_votes(Time now, bool had_leader) { deadline_ = now + randomized_campaign_timeout(had_leader); }
  void wait_until(Time deadline) { deadline_ = deadline; }
  // Not now, but soon: our disk is busy.
  void wait_for_disk(Time now) { deadline_ = now + intervals_.heartbeat / 4 + 1_ns; }
  // The leader's process is gone, so nothing is left to wait for. A small spread keeps two followers from splitting
  // the vote.
  void expire_soon(Time now);

 private:
  Time randomized_election_timeout() {
    return intervals_.election_timeout + random_time(random_, intervals_.election_timeout);
  }
  Time randomized_campaign_timeout(bool had_leader);

  Random random_;
  Intervals intervals_;
  Time deadline_ = kNever;
};

}  // namespace skiff::raft

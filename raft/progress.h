// Progress: how far one follower has got, as the leader sees it.
//
// A follower starts in probe (one message at a time, until we know where its log agrees with ours), moves to replicate
// (a stream, with a window of unacknowledged messages), and falls back to probe when it refuses or its process is gone.
//
// Lost, repeated and reordered replies are normal: one that tells us nothing new is ignored. The answer to a
// heartbeat is the dead-man's timer: it allows another probe, and in replicate the leader then asks, whatever the
// window says, whether the follower has what was sent. If something was lost it refuses, and we probe.
//
// Always: match < next.   (Thesis 3.5, 10.2.1)
#pragma once

#include <cstdint>
#include <deque>

#include "raft/types.h"

namespace skiff::raft {

class Progress {
 public:
  enum class State { probe, replicate };

  struct Window {
    uint64_t entries_max = 0;
    uint64_t bytes_max = 0;
  };

  Progress(Index next, Time now, Window window);

  State state() const { return state_; }
  Index match() const { return match_; }
  Index next() const { return next_; }
  Time heard_at() const { return heard_at_; }
  void heard(Time now) { heard_at_ = now; }

  // Whether another AppendEntries may be sent now.
  bool may_send() const;
  // One was sent, with entries up to `last` (next - 1 if it had none) and this many payload bytes.
  void sent(Index last, uint64_t bytes);

  // The follower has everything up to `match` on its disk. False if that is nothing new.
  bool accepted(Index match);
  // It refused what follows `refused`; try after `agree_at_most` next. False if the refusal is out of date.
  bool refused(Index refused, Index agree_at_most);
  // It answered a heartbeat: a probe sent before that may be taken for lost.
  void heartbeat_answered() { probe_sent_ = false; }
  // What was under way may be lost: find out anew where it stands.
  void probe_again();

  // The commit index it was last told.
  Index commit_told = 0;
  // When it was last sent a probe, or asked whether it has all that was sent.
  Time asked_at = 0;

 private:
  struct InFlight {
    Index last;
    uint64_t bytes;
  };
  void forget_in_flight();

  State state_ = State::probe;
  Window window_;
  Index match_ = 0;
  Index next_;
  Time heard_at_;
  bool probe_sent_ = false;
  std::deque<InFlight> in_flight_;
  uint64_t bytes_in_flight_ = 0;
};

}  // namespace skiff::raft

// DeadlineTimer: calls back once the nearest deadline has come.
//
// Deadlines mostly move away, heartbeat by heartbeat, and a call back that is too early costs less than setting the
// timer each time. So a later deadline than the one that is set changes nothing: the call back arms the timer anew.
#pragma once

#include <functional>
#include <utility>

#include "raft/types.h"
#include "transport/loop/loop.h"

namespace skiff {

class DeadlineTimer {
 public:
  // Requires: `loop` outlives it, and `expired` does not destroy it.
  DeadlineTimer(transport::Loop& loop, std::function<void()> expired)
      : loop_(loop), expired_(std::move(expired)), timer_(loop, [this] {
          armed_for_ = raft::kNever;
          expired_();
        }) {}

  void arm(raft::Time deadline) {
    if (deadline >= armed_for_) return;
    armed_for_ = deadline;
    const raft::Time now = loop_.now();
    timer_.start(deadline > now ? deadline - now : 0_s);
  }
  // On the next turn of the loop.
  void expire_soon() {
    armed_for_ = 0_s;
    timer_.start(0_s);
  }

 private:
  transport::Loop& loop_;
  const std::function<void()> expired_;
  raft::Time armed_for_ = raft::kNever;
  transport::Timer timer_;
};

}  // namespace skiff

// Schedule: when requests are to start.
//
// Closed loop: a client that is free sends again at once, so there is always one more request due. A server that stalls
// gets no requests then, and the stall shows in as many requests as there are clients (coordinated omission). Open
// loop: request i is due at i/rate after the start, as if from independent users. If it cannot be sent then, because
// every connection waits for an answer, it keeps its time, so that its wait counts.
//
// Knows no clock: `now` comes in with each call and never goes back.
//
// Always: planned times are in order. Nothing is planned at or after the end; requests that were planned before it are
// handed out even after it.
#pragma once

#include <cstdint>
#include <optional>

#include "bench/plan.h"
#include "raft/time.h"

namespace skiff::bench {

class Schedule {
 public:
  struct Start {
    raft::Time planned;
    bool counts = false;  // not part of the warm-up
  };

  Schedule(const Plan& plan, raft::Time begin);

  // The next request, if one is due.
  std::optional<Start> take(raft::Time now);
  // When the next one will be; nothing if there will be none.
  std::optional<raft::Time> next_due(raft::Time now) const;
  // No request will come any more.
  bool is_over(raft::Time now) const { return !next_due(now); }
  // Requests that are due, count, and have not been taken.
  uint64_t overdue(raft::Time now) const;

  raft::Time counted_from() const { return counted_from_; }
  // The end of the part that counts; far away when it is a number of requests that ends it.
  raft::Time ends_at() const { return end_; }

 private:
  raft::Time planned(uint64_t number) const;

  const uint64_t rate_;
  const uint64_t count_;
  const raft::Time began_at_;
  const raft::Time counted_from_;
  const raft::Time end_;
  uint64_t taken_ = 0;
  uint64_t counted_ = 0;
};

}  // namespace skiff::bench

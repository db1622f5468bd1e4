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

namespace skiff::bench {

class Schedule {
 public:
  struct Start {
    uint64_t planned_ns = 0;
    bool counts = false;  // not part of the warm-up
  };

  Schedule(const Plan& plan, uint64_t begin_ns);

  // The next request, if one is due.
  std::optional<Start> take(uint64_t now_ns);
  // When the next one will be; nothing if there will be none.
  std::optional<uint64_t> next_due_ns(uint64_t now_ns) const;
  // No request will come any more.
  bool is_over(uint64_t now_ns) const { return !next_due_ns(now_ns); }
  // Requests that are due, count, and have not been taken.
  uint64_t overdue(uint64_t now_ns) const;

  uint64_t counted_from_ns() const { return counted_from_ns_; }
  // The end of the part that counts; far away when it is a number of requests that ends it.
  uint64_t end_ns() const { return end_ns_; }

 private:
  uint64_t planned_ns(uint64_t number) const;

  const uint64_t rate_;
  const uint64_t count_;
  const uint64_t begin_ns_;
  const uint64_t counted_from_ns_;
  const uint64_t end_ns_;
  uint64_t taken_ = 0;
  uint64_t counted_ = 0;
};

}  // namespace skiff::bench

// AsyncQueue: many pushes, one wake, one drain.
//
// A vector, a mutex and an AsyncSignal. Any thread may push(). Sends coalesce, so a drain takes everything that waits:
// what was pushed while sockets were read is one batch, drained in the next turn of the loop. The loop's own thread may
// push_here() instead: the loop is awake then, and drains the queue before it waits again, without a system call. No
// caller's callback ever runs inside the drain of the batch it pushed to.
//
// Bounded by whoever pushes: size() says how much waits.
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "transport/loop/async_signal.h"
#include "transport/loop/loop.h"

namespace skiff::transport {

template <class Item>
class AsyncQueue {
 public:
  using Drain = std::function<void(std::vector<Item>&&)>;

  AsyncQueue(Loop& loop, Drain drain) : drain_(std::move(drain)), signal_(loop, [this] { this->drain(); }) {}
  AsyncQueue(const AsyncQueue&) = delete;
  AsyncQueue& operator=(const AsyncQueue&) = delete;

  void push(Item item) {
    add(std::move(item));
    signal_.raise();
  }

  // Requires: by the thread that turns the loop.
  void push_here(Item item) {
    add(std::move(item));
    signal_.raise_here();
  }

  size_t size() const {
    std::lock_guard lock(mutex_);
    return waiting_.size();
  }

 private:
  void add(Item item) {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(item));
  }

  void drain() {
    std::vector<Item> batch;
    {
      std::lock_guard lock(mutex_);
      batch.swap(waiting_);
    }
    if (!batch.empty()) drain_(std::move(batch));
  }

  Drain drain_;
  mutable std::mutex mutex_;
  std::vector<Item> waiting_;
  AsyncSignal signal_;  // the last, so that it goes first
};

}  // namespace skiff::transport

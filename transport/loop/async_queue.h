// AsyncQueue: many pushes, one wake, one drain.
//
// A vector, a mutex and an AsyncSignal. Any thread may call push(). Sends coalesce, so a drain takes all items that
// wait: the items that were pushed while sockets were read are one batch, drained in the next turn of the loop. The
// thread of the loop may call push_here() instead: the loop is awake then, and drains the queue before it waits again,
// without a system call.
//
// The queue has no limit of its own: callers of push() look at size() first.
//
// Always: the drain callback never gets an empty batch, and never runs inside itself.
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "raft/check.h"
#include "transport/loop/async_signal.h"
#include "transport/loop/loop.h"

namespace skiff::transport {

template <class Item>
class AsyncQueue {
 public:
  using Drain = std::function<void(std::vector<Item>&&)>;

  AsyncQueue(Loop& loop, Drain drain) : drain_(std::move(drain)), signal_(loop, [this] { this->drain(); }) {
    CHECK(drain_ != nullptr);
  }
  AsyncQueue(const AsyncQueue&) = delete;
  AsyncQueue& operator=(const AsyncQueue&) = delete;

  void push(Item item) {
    add(std::move(item));
    signal_.raise();
  }

  // Requires: called by the thread that runs the loop.
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

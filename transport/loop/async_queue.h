// AsyncQueue: many pushes, one wake, one drain.
//
// A vector, a mutex and a uv_async_t. Any thread may push(). Sends coalesce, so a drain takes everything that waits:
// what was pushed while sockets were read is one batch, drained in the next turn of the loop. The loop's own thread may
// push_here() instead: the loop is awake then, and drains the queue before it waits again, without a system call. No
// caller's callback ever runs inside the drain of the batch it pushed to.
//
// Bounded by whoever pushes: size() says how much waits.
#pragma once

#include <uv.h>

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "raft/check.h"
#include "transport/loop/loop.h"

namespace skiff::transport {

template <class Item>
class AsyncQueue final : private Loop::Drainable {
 public:
  using Drain = std::function<void(std::vector<Item>&&)>;

  AsyncQueue(Loop& loop, Drain drain) : loop_(loop), drain_(std::move(drain)), wake_(make_wake(loop, this)) {}
  ~AsyncQueue() { loop_.drain_never(this); }
  AsyncQueue(const AsyncQueue&) = delete;
  AsyncQueue& operator=(const AsyncQueue&) = delete;

  void push(Item item) {
    add(std::move(item));
    wake();
  }

  // Requires: by the thread that turns the loop.
  void push_here(Item item) {
    add(std::move(item));
    if (!std::exchange(is_announced_, true)) loop_.drain_soon(this);
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

  void wake() override { uv_async_send(wake_.get()); }

  static Owned<uv_async_t> make_wake(Loop& loop, AsyncQueue* self) {
    auto handle = std::make_unique<uv_async_t>();
    CHECK(uv_async_init(loop.uv(), handle.get(), woken) == 0);
    handle->data = self;
    return Owned<uv_async_t>(handle.release());
  }

  static void woken(uv_async_t* handle) {
    if (auto* self = static_cast<AsyncQueue*>(handle->data)) self->drain();
  }

  void drain() override {
    is_announced_ = false;
    std::vector<Item> batch;
    {
      std::lock_guard lock(mutex_);
      batch.swap(waiting_);
    }
    if (!batch.empty()) drain_(std::move(batch));
  }

  Loop& loop_;
  Drain drain_;
  bool is_announced_ = false;  // the loop's own thread has, to the loop
  mutable std::mutex mutex_;
  std::vector<Item> waiting_;
  Owned<uv_async_t> wake_;
};

}  // namespace skiff::transport

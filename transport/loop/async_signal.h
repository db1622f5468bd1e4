// AsyncSignal: calls back on the loop's thread, for work that waits in a queue.
//
// After raise_here() the callback runs before the loop waits again, so that all work found while sockets were read is
// one batch. After raise() it runs in the next turn of the loop, after the sockets and timers that are ready by then.
// Raises coalesce, and a callback may find the work done already.
#pragma once

#include <uv.h>

#include <functional>
#include <utility>

#include "raft/check.h"
#include "transport/loop/loop.h"

namespace skiff::transport {

class AsyncSignal final : private Loop::Drainable {
 public:
  AsyncSignal(Loop& loop, std::function<void()> raised)
      : loop_(loop), raised_(std::move(raised)), wake_(make_wake(loop, this)) {
    CHECK(raised_ != nullptr);
  }
  ~AsyncSignal() { loop_.cancel_drain(this); }
  AsyncSignal(const AsyncSignal&) = delete;
  AsyncSignal& operator=(const AsyncSignal&) = delete;

  // May be called by any thread.
  void raise() { uv_async_send(wake_.get()); }
  // Requires: called by the thread that runs the loop.
  void raise_here() {
    if (!std::exchange(is_announced_, true)) loop_.drain_soon(this);
  }

 private:
  void wake() override { raise(); }
  void drain() override {
    is_announced_ = false;
    raised_();
  }

  static Owned<uv_async_t> make_wake(Loop& loop, AsyncSignal* self) {
    auto handle = std::make_unique<uv_async_t>();
    CHECK(uv_async_init(loop.uv(), handle.get(), woken) == 0);
    handle->data = self;
    return Owned<uv_async_t>(handle.release());
  }

  static void woken(uv_async_t* handle) {
    if (auto* self = static_cast<AsyncSignal*>(handle->data)) self->drain();
  }

  Loop& loop_;
  std::function<void()> raised_;
  bool is_announced_ = false;  // by raise_here(), to the loop
  Owned<uv_async_t> wake_;
};

}  // namespace skiff::transport

// Loop, Timer, TurnHook, Signal: owners of libuv handles.
//
// A handle may be freed only in or after its close callback. Owned<> sees to that once, for all of them: it closes the
// handle, and the close callback frees it. Tear-down is therefore: destroy the owners, run the loop until it is
// empty, destroy the Loop, which CHECKs that nothing was left open.
//
// Output is written once a turn. An object that called flush_later() is flushed just before the loop waits again, so
// that all bytes of one batch for one socket leave in one system call. Before that, the queues that drain_soon() was
// called for are drained, and then those that were filled by it; a third round waits for the next turn, so that sockets
// are served in between. Objects that called flush_last() are flushed after the others: clients' answers wait for
// peers' messages, never the other way round.
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "raft/time.h"

namespace skiff::transport {

template <class Handle>
struct CloseLater {
  void operator()(Handle* handle) const noexcept {
    handle->data = nullptr;  // a callback that comes late finds no owner
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
  }
};
// Requires: uv_*_init succeeded for the handle.
template <class Handle>
using Owned = std::unique_ptr<Handle, CloseLater<Handle>>;

// Calls `callback`, a member of the owner of `handle`. The callback may destroy that owner, and itself with it. Returns
// true if the owner still exists. Requires: handle->data is the owner.
template <class Handle, class... Parameters, class... Arguments>
bool call_and_survive(Handle* handle, std::function<void(Parameters...)>& callback, Arguments&&... arguments) {
  auto borrowed = std::exchange(callback, nullptr);
  if (borrowed) borrowed(std::forward<Arguments>(arguments)...);
  if (handle->data == nullptr)
    return false;  // `callback` was destroyed, too; the handle lives until its close callback
  if (!callback) callback = std::move(borrowed);
  return true;
}

class Loop {
 public:
  // An object with output to write before the loop waits again.
  class Flushable {
   public:
    virtual void flush() = 0;

   protected:
    ~Flushable() = default;
  };

  // A queue that is not empty.
  class Drainable {
   public:
    virtual void drain() = 0;
    virtual void wake() = 0;  // drain() is called in the next turn, which does not wait

   protected:
    ~Drainable() = default;
  };

  Loop();   // also has the process ignore SIGPIPE: a broken connection is an error code here
  ~Loop();  // CHECKs that every handle has been closed
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();  // until no handle is alive
  // Runs one turn, waiting if it must, and drains and flushes all that came of it. Returns false when no handle is left
  // alive. A queue that a timer fills is drained in the same turn, before the loop waits for sockets.
  bool run_once();
  bool run_nowait();
  // Runs until no handle is alive, but no longer than that. Returns false if a handle still is.
  bool run_for(raft::Time most);

  raft::Time now() const;         // monotonic, exact: the clock is read
  raft::Time cached_now() const;  // the same in whole milliseconds, as of the start of this turn: costs nothing

  void flush_later(Flushable* flushable);   // Requires: not called yet since its last flush()
  void flush_last(Flushable* flushable);    // after all of those; requires the same
  void cancel_flush(Flushable* flushable);  // for a destructor: does nothing if no flush is due
  void drain_soon(Drainable* drainable);    // Requires: not called yet since its last drain()
  void cancel_drain(Drainable* drainable);  // like cancel_flush()
  // Sets the callback that runs whenever the loop is about to wait, after all drains and flushes.
  void before_wait(std::function<void()> callback) { before_wait_callback_ = std::move(callback); }
  // Drains and flushes all that waits for it, now instead of before the loop waits again. Returns true if a queue was
  // waiting to be drained.
  bool settle();

  // All sockets of this loop read into it. A view of it is valid until the callback that got it returns.
  std::span<char> read_buffer() { return read_buffer_; }

  uv_loop_t* uv() { return &loop_; }

 private:
  bool turn(uv_run_mode mode);
  void drain_all();
  void flush_all();
  static void flush(std::vector<Flushable*>& waiting);

  uv_loop_t loop_;
  Owned<uv_prepare_t> before_wait_;
  std::vector<Flushable*> waiting_to_flush_;
  std::vector<Flushable*> waiting_to_flush_last_;
  std::vector<Drainable*> waiting_to_drain_;
  std::function<void()> before_wait_callback_;
  std::vector<char> read_buffer_;
};

// Calls back once, or at an interval. Destroying the timer stops it; a callback may destroy its own timer.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> expired);
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void start(raft::Time delay);      // once, never early, up to a millisecond late; replaces an earlier start
  void repeat(raft::Time interval);  // in whole milliseconds
  void stop();

 private:
  static void expired(uv_timer_t* handle);

  Loop& loop_;
  std::function<void()> expired_;
  Owned<uv_timer_t> handle_;
};

// Calls back in every turn of the loop, after its timers and sockets and before the flushes. Keeps no loop alive by
// itself. The callback must not destroy it.
class TurnHook {
 public:
  TurnHook(Loop& loop, std::function<void()> polled);
  TurnHook(const TurnHook&) = delete;
  TurnHook& operator=(const TurnHook&) = delete;

  // While it is on, the loop polls its sockets without waiting for them, because there is work for the next turn.
  void stay_awake(bool is_on);

 private:
  std::function<void()> polled_;
  Owned<uv_check_t> after_poll_;
  Owned<uv_idle_t> no_wait_;
};

// Calls back on every delivery of one signal; a callback may destroy its own Signal.
class Signal {
 public:
  Signal(Loop& loop, int number, std::function<void()> arrived);
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

 private:
  static void arrived(uv_signal_t* handle, int number);

  std::function<void()> arrived_;
  Owned<uv_signal_t> handle_;
};

}  // namespace skiff::transport

#include "transport/loop/loop.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

#include "raft/check.h"

namespace skiff::transport {
namespace {

constexpr size_t kReadBufferBytes = 64 * 1024;
constexpr int kDrainsInARow = 2;

uint64_t round_up_to_ms(raft::Time time) { return (time + 1_ms - 1_ns).ms(); }

}  // namespace

Loop::Loop() : read_buffer_(kReadBufferBytes) {
  std::signal(SIGPIPE, SIG_IGN);
  CHECK(uv_loop_init(&loop_) == 0);
  loop_.data = this;
  before_wait_.reset(new uv_prepare_t{});
  CHECK(uv_prepare_init(&loop_, before_wait_.get()) == 0);
  const auto settle = [](uv_prepare_t* handle) {
    Loop& loop = *static_cast<Loop*>(handle->loop->data);
    loop.settle();
    if (loop.before_wait_callback_) loop.before_wait_callback_();
  };
  CHECK(uv_prepare_start(before_wait_.get(), settle) == 0);
  uv_unref(reinterpret_cast<uv_handle_t*>(before_wait_.get()));  // does not keep the loop alive
}

Loop::~Loop() {
  before_wait_.reset();
  uv_run(&loop_, UV_RUN_NOWAIT);  // the close callback of before_wait_
  for (const Flushable* flushable : waiting_to_flush_) CHECK(flushable == nullptr);
  for (const Flushable* flushable : waiting_to_flush_last_) CHECK(flushable == nullptr);
  for (const Drainable* drainable : waiting_to_drain_) CHECK(drainable == nullptr);
  CHECK(uv_loop_close(&loop_) == 0);
}

// A socket that neither reads nor has handed bytes to libuv does not keep libuv's loop alive, but its output must still
// leave: hence settle() before, and the look at the waiting lists after.
void Loop::run() {
  do {
    settle();
  } while (uv_run(&loop_, UV_RUN_DEFAULT) != 0 || !waiting_to_flush_.empty() || !waiting_to_flush_last_.empty() ||
           !waiting_to_drain_.empty());
}

bool Loop::run_once() { return turn(settle() ? UV_RUN_NOWAIT : UV_RUN_ONCE); }

bool Loop::run_nowait() {
  settle();
  return turn(UV_RUN_NOWAIT);
}

bool Loop::turn(uv_run_mode mode) {
  uv_run(&loop_, mode);
  settle();
  return uv_loop_alive(&loop_) != 0;
}

// Polls, because a timer would itself keep the loop alive. For the end of a program, where the cost does not matter.
bool Loop::run_for(raft::Time most) {
  const raft::Time end = now() + most;
  while (run_nowait()) {
    if (now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

raft::Time Loop::now() const { return raft::Time::of_ns(uv_hrtime()); }
raft::Time Loop::cached_now() const { return uv_now(&loop_) * 1_ms; }

void Loop::flush_later(Flushable* flushable) {
  CHECK(flushable != nullptr);
  waiting_to_flush_.push_back(flushable);
}

void Loop::flush_last(Flushable* flushable) {
  CHECK(flushable != nullptr);
  waiting_to_flush_last_.push_back(flushable);
}

void Loop::cancel_flush(Flushable* flushable) {
  for (auto* waiting : {&waiting_to_flush_, &waiting_to_flush_last_}) {
    std::replace(waiting->begin(), waiting->end(), flushable, static_cast<Flushable*>(nullptr));
  }
}

void Loop::drain_soon(Drainable* drainable) {
  CHECK(drainable != nullptr);
  waiting_to_drain_.push_back(drainable);
}

void Loop::cancel_drain(Drainable* drainable) {
  std::replace(waiting_to_drain_.begin(), waiting_to_drain_.end(), drainable, static_cast<Drainable*>(nullptr));
}

bool Loop::settle() {
  const bool has_any = !waiting_to_drain_.empty();
  drain_all();
  flush_all();
  for (Drainable*& drainable : waiting_to_drain_) {
    if (Drainable* later = std::exchange(drainable, nullptr)) later->wake();
  }
  waiting_to_drain_.clear();
  return has_any;
}

// Two rounds: the second drains the queues that the first filled. By index, because a drain may add to the list.
void Loop::drain_all() {
  size_t next = 0;
  for (int round = 0; round < kDrainsInARow; ++round) {
    for (const size_t end = waiting_to_drain_.size(); next < end; ++next) {
      if (Drainable* drainable = std::exchange(waiting_to_drain_[next], nullptr)) drainable->drain();
    }
  }
}

// A flush may call flush_later() again: that flush belongs to this turn, too.
void Loop::flush_all() {
  while (!waiting_to_flush_.empty() || !waiting_to_flush_last_.empty()) {
    flush(waiting_to_flush_);
    flush(waiting_to_flush_last_);
  }
}

// By index: a flush may add to the list, or clear entries of it.
void Loop::flush(std::vector<Flushable*>& waiting) {
  for (size_t next = 0; next < waiting.size(); ++next) {
    if (Flushable* flushable = std::exchange(waiting[next], nullptr)) flushable->flush();
  }
  waiting.clear();
}

Timer::Timer(Loop& loop, std::function<void()> expired) : loop_(loop), expired_(std::move(expired)) {
  CHECK(expired_ != nullptr);
  auto handle = std::make_unique<uv_timer_t>();
  CHECK(uv_timer_init(loop.uv(), handle.get()) == 0);
  handle->data = this;
  handle_.reset(handle.release());
}

// libuv counts in whole milliseconds from the start of this turn. Counting from the clock instead keeps a timer that
// was started late in a long turn from expiring early. A delay of kNever ends after centuries.
void Timer::start(raft::Time delay) {
  uv_update_time(loop_.uv());
  const uint64_t due_ms = round_up_to_ms(loop_.now() + delay);
  CHECK(due_ms >= uv_now(loop_.uv()));
  const uint64_t delay_ms = delay == 0_s ? 0 : due_ms - uv_now(loop_.uv());
  CHECK(uv_timer_start(handle_.get(), expired, delay_ms, 0) == 0);
}

void Timer::repeat(raft::Time interval) {
  const uint64_t interval_ms = interval.ms();
  CHECK(interval_ms > 0);
  CHECK(uv_timer_start(handle_.get(), expired, interval_ms, interval_ms) == 0);
}

void Timer::stop() { uv_timer_stop(handle_.get()); }

void Timer::expired(uv_timer_t* handle) {
  if (auto* self = static_cast<Timer*>(handle->data)) call_and_survive(handle, self->expired_);
}

TurnHook::TurnHook(Loop& loop, std::function<void()> polled) : polled_(std::move(polled)) {
  CHECK(polled_ != nullptr);
  after_poll_.reset(new uv_check_t{});
  CHECK(uv_check_init(loop.uv(), after_poll_.get()) == 0);
  after_poll_->data = this;
  const auto polled_now = [](uv_check_t* handle) {
    if (auto* self = static_cast<TurnHook*>(handle->data)) self->polled_();
  };
  CHECK(uv_check_start(after_poll_.get(), polled_now) == 0);
  no_wait_.reset(new uv_idle_t{});
  CHECK(uv_idle_init(loop.uv(), no_wait_.get()) == 0);
  uv_unref(reinterpret_cast<uv_handle_t*>(after_poll_.get()));
  uv_unref(reinterpret_cast<uv_handle_t*>(no_wait_.get()));
}

// libuv does not wait while there is an idle handle.
void TurnHook::stay_awake(bool is_on) {
  if (is_on) {
    CHECK(uv_idle_start(no_wait_.get(), [](uv_idle_t*) {}) == 0);
  } else {
    uv_idle_stop(no_wait_.get());
  }
}

Signal::Signal(Loop& loop, int number, std::function<void()> arrived) : arrived_(std::move(arrived)) {
  CHECK(arrived_ != nullptr);
  auto handle = std::make_unique<uv_signal_t>();
  CHECK(uv_signal_init(loop.uv(), handle.get()) == 0);
  handle->data = this;
  handle_.reset(handle.release());
  CHECK(uv_signal_start(handle_.get(), Signal::arrived, number) == 0);
}

void Signal::arrived(uv_signal_t* handle, int) {
  if (auto* self = static_cast<Signal*>(handle->data)) call_and_survive(handle, self->arrived_);
}

}  // namespace skiff::transport

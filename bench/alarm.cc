#include "bench/alarm.h"

#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "bench/plan.h"
#include "raft/check.h"

namespace skiff::bench {

Alarm::Alarm(transport::Loop& loop, std::function<void()> rings)
    : rings_(std::move(rings)), descriptor_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  CHECK(descriptor_ >= 0);
  prctl(PR_SET_TIMERSLACK, 1);  // the kernel would otherwise take 50 us to gather timers
  auto handle = std::make_unique<uv_poll_t>();
  CHECK(uv_poll_init(loop.uv(), handle.get(), descriptor_) == 0);
  handle->data = this;
  handle_.reset(handle.release());
  CHECK(uv_poll_start(handle_.get(), UV_READABLE, readable) == 0);
}

// The handle first: libuv must not watch a descriptor that is closed.
Alarm::~Alarm() {
  handle_.reset();
  ::close(descriptor_);
}

void Alarm::start(raft::Time delay) {
  delay = std::max(1_ns, delay);  // 0 would stop it
  itimerspec when{};
  const uint64_t seconds = delay / 1_s;
  when.it_value.tv_sec = static_cast<time_t>(seconds);
  when.it_value.tv_nsec = static_cast<long>((delay - seconds * 1_s).ns());
  CHECK(timerfd_settime(descriptor_, 0, &when, nullptr) == 0);
}

void Alarm::stop() {
  const itimerspec never{};
  CHECK(timerfd_settime(descriptor_, 0, &never, nullptr) == 0);
}

void Alarm::readable(uv_poll_t* handle, int, int) {
  auto* self = static_cast<Alarm*>(handle->data);
  uint64_t rung = 0;
  if (self == nullptr || ::read(self->descriptor_, &rung, sizeof rung) != sizeof rung) return;
  self->rings_();
}

}  // namespace skiff::bench

#include "src/node/loop_handoff.h"

#include <chrono>
#include <utility>

#include "raft/check.h"
#include "src/base/threads.h"
#include "src/base/try.h"
#include "src/config/limits.h"

namespace skiff {
namespace {

raft::Time clock_now() {
  const auto since_boot = std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch());
  return raft::Time::of_ns(static_cast<uint64_t>(since_boot.count()));
}

}  // namespace

LoopHandoff::~LoopHandoff() {
  end();
  if (standby_thread_.joinable()) standby_thread_.join();
}

Result<> LoopHandoff::start() {
  CHECK(!standby_thread_.joinable());
  TRY(standby_thread_, start_thread("the loop, to stand by", [this] { standby(); }));
  return {};
}

void LoopHandoff::run() {
  CHECK(standby_thread_.joinable());
  run_until_lost();
  standby();
  standby_thread_.join();
}

void LoopHandoff::standby() {
  while (wait_for_loop()) run_until_lost();
}

void LoopHandoff::run_until_lost() {
  CHECK(released_at_.load() == 0_s);
  Turn turn = Turn::more;
  while (turn == Turn::more) turn = turn_();
  if (turn == Turn::last) end();
}

void LoopHandoff::end() {
  {
    std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  woken_.notify_all();
}

bool LoopHandoff::release_loop_while(const std::function<void()>& task) {
  raft::Time released_at = clock_now();
  CHECK(released_at != 0_s);
  CHECK(released_at_.load(std::memory_order_relaxed) == 0_s);
  releases_.fetch_add(1, std::memory_order_relaxed);
  released_at_.store(released_at);  // lemma 4: store, then load
  if (!is_watching_.load()) wake_standby();
  task();
  return released_at_.compare_exchange_strong(released_at, 0_s);  // lemma 2
}

void LoopHandoff::wake_standby() {
  {
    std::lock_guard lock(mutex_);
    is_watching_.store(true);
  }
  woken_.notify_one();
}

// False: it is over. Looks at an interval while there are releases, and sleeps when there were none for a while.
bool LoopHandoff::wait_for_loop() {
  std::unique_lock lock(mutex_);
  uint64_t releases_seen = 0, idle_looks = 0;
  while (!is_over_) {
    if (!is_watching_.load()) {
      woken_.wait(lock, [&] { return is_watching_.load() || is_over_; });
      idle_looks = 0;
    }
    woken_.wait_for(lock, std::chrono::nanoseconds(limits::kLoopHeldUp.ns()), [&] { return is_over_; });
    if (is_over_) return false;
    if (take_over()) return true;
    watch_or_sleep(idle_looks, releases_seen);
  }
  return false;
}

void LoopHandoff::watch_or_sleep(uint64_t& idle_looks, uint64_t& releases_seen) {
  const uint64_t releases = releases_.load(std::memory_order_relaxed);
  CHECK(releases >= releases_seen);
  idle_looks = releases == releases_seen ? idle_looks + 1 : 0;
  releases_seen = releases;
  if (idle_looks < limits::kWatchIdleLooks) return;
  is_watching_.store(false);  // lemma 4: store, then load
  if (released_at_.load() != 0_s) is_watching_.store(true);
}

bool LoopHandoff::take_over() {
  raft::Time released_at = released_at_.load();
  if (released_at == 0_s || clock_now() < released_at + limits::kLoopHeldUp) return false;
  if (!released_at_.compare_exchange_strong(released_at, 0_s)) return false;  // lemma 2
  taken_over_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

}  // namespace skiff

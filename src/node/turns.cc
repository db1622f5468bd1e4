#include "src/node/turns.h"

#include <chrono>
#include <utility>

#include "raft/check.h"
#include "src/base/threads.h"
#include "src/base/try.h"
#include "src/config/limits.h"

namespace skiff {
namespace {

uint64_t clock_ns() {
  return static_cast<uint64_t>(std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
}

}  // namespace

Turns::~Turns() {
  end();
  if (other_.joinable()) other_.join();
}

Result<> Turns::start() {
  TRY(other_, start_thread("the loop, to stand by", [this] { stand_by(); }));
  return {};
}

void Turns::run() {
  CHECK(other_.joinable());
  turn_until_lost();
  stand_by();
  other_.join();
}

void Turns::stand_by() {
  while (wait_for_turn()) turn_until_lost();
}

void Turns::turn_until_lost() {
  Turn turn = Turn::more;
  while (turn == Turn::more) turn = turn_();
  if (turn == Turn::last) end();
}

void Turns::end() {
  {
    std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  news_.notify_all();
}

bool Turns::step_aside(const std::function<void()>& what) {
  uint64_t let_go_at = clock_ns();
  asides_.fetch_add(1, std::memory_order_relaxed);
  let_go_at_.store(let_go_at);
  if (!is_watching_.load()) look_up();
  what();
  return let_go_at_.compare_exchange_strong(let_go_at, 0);
}

void Turns::look_up() {
  {
    std::lock_guard lock(mutex_);
    is_watching_.store(true);
  }
  news_.notify_one();
}

// False: it is over. Looks every so often while there is something to look at, and sleeps when there has been nothing
// for a while. Who steps aside just then either sees that nobody watches any more, or is seen here.
bool Turns::wait_for_turn() {
  std::unique_lock lock(mutex_);
  uint64_t asides_seen = 0;
  for (uint64_t idle = 0; !is_over_;) {
    if (!is_watching_.load()) {
      news_.wait(lock, [&] { return is_watching_.load() || is_over_; });
      idle = 0;
    }
    news_.wait_for(lock, std::chrono::milliseconds(limits::kLoopHeldUpMs), [&] { return is_over_; });
    if (is_over_) return false;
    if (take_over()) return true;
    const uint64_t asides = asides_.load(std::memory_order_relaxed);
    idle = asides == asides_seen ? idle + 1 : 0;
    asides_seen = asides;
    if (idle < limits::kWatchIdleLooks) continue;
    is_watching_.store(false);
    if (let_go_at_.load() != 0) is_watching_.store(true);
  }
  return false;
}

bool Turns::take_over() {
  uint64_t let_go_at = let_go_at_.load();
  if (let_go_at == 0 || clock_ns() < let_go_at + limits::kLoopHeldUpMs * 1'000'000) return false;
  if (!let_go_at_.compare_exchange_strong(let_go_at, 0)) return false;
  taken_over_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

}  // namespace skiff

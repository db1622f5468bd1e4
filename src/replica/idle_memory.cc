#include "src/replica/idle_memory.h"

#include <utility>

#include "raft/check.h"
#include "src/config/limits.h"

namespace skiff {

raft::Time IdleMemory::turn() {
  if (state_ == State::watching) return watch();
  if (is_busy()) {
    has_worked_ = true;
    if (state_ == State::freeing) state_ = State::watching;
    work_.stop_taking_pages();
  }
  if (state_ == State::freeing) {
    if (!work_.free_some(limits::kFreedAtRestPerStep)) state_ = State::giving_back;
  } else if (state_ == State::giving_back && !work_.give_pages_back()) {
    state_ = State::watching;
  }
  return state_ == State::watching ? limits::kRestLookEvery : limits::kRestStep;
}

raft::Time IdleMemory::watch() {
  CHECK(state_ == State::watching);
  if (is_busy()) {
    has_worked_ = true;
  } else if (has_worked_ && !work_.shorten_log()) {
    has_worked_ = false;
    state_ = State::freeing;
    return limits::kRestStep;
  }
  return limits::kRestLookEvery;
}

bool IdleMemory::is_busy() {
  const uint64_t before = std::exchange(applied_, work_.applied());
  CHECK(applied_ >= before);
  return applied_ > before + limits::kRestEntriesMax;
}

}  // namespace skiff

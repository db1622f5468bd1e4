#include "src/node/idle_memory.h"

#include <utility>

#include "src/config/limits.h"

namespace skiff {

uint64_t IdleMemory::turn() {
  if (state_ == State::watching) return watch();
  if (is_busy(limits::kRestEntriesMax)) {
    has_worked_ = true;
    if (state_ == State::freeing) state_ = State::watching;
    pages_.stop_taking();
  }
  if (state_ == State::freeing) {
    if (!work_.free_some(limits::kFreedAtRestPerStep)) state_ = State::giving_back;
    sort_freed_blocks();
  } else if (state_ == State::giving_back && !pages_.step()) {
    state_ = State::watching;
  }
  return state_ == State::watching ? limits::kRestLookNs : limits::kRestStepNs;
}

uint64_t IdleMemory::watch() {
  if (is_busy(limits::kRestEntriesMax)) {
    has_worked_ = true;
  } else if (has_worked_ && !work_.shorten_log()) {
    has_worked_ = false;
    state_ = State::freeing;
    return limits::kRestStepNs;
  }
  return limits::kRestLookNs;
}

bool IdleMemory::is_busy(uint64_t entries_max) {
  const uint64_t before = std::exchange(applied_, work_.applied());
  return applied_ > before + entries_max;
}

}  // namespace skiff

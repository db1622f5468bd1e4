#include "src/replica/housekeeping.h"

#include <algorithm>

#include "raft/check.h"
#include "src/config/limits.h"

namespace skiff {

Housekeeping::Housekeeping(const ScrubConfig& scrub, raft::Time now, HousekeepingActions& actions)
    : space_(limits::kLookForRoomEvery, actions), scrub_(scrub, now, actions), idle_memory_(actions), idle_at_(now) {}

void Housekeeping::tick(raft::Time now) {
  space_.tick(now);
  scrub_.tick(now);
  if (now >= idle_at_) idle_at_ = now + idle_memory_.turn();
  CHECK(idle_at_ > now);
}

raft::Time Housekeeping::next_deadline() const {
  return std::min({space_.next_deadline(), scrub_.next_deadline(), idle_at_});
}

}  // namespace skiff

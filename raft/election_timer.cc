#include "raft/election_timer.h"

#include <algorithm>

namespace skiff::raft {

void ElectionTimer::expire_soon(Time now) {
  deadline_ = std::min(deadline_, now + random_time(random_, intervals_.heartbeat / 4 + 1_ns));
}

Time ElectionTimer::randomized_campaign_timeout(bool had_leader) {
  const Time shortest = had_leader ? intervals_.election_timeout / 2 : intervals_.heartbeat;
  return shortest + random_time(random_, shortest);
}

}  // namespace skiff::raft

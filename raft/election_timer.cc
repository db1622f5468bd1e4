#include "raft/election_timer.h"

#include <algorithm>

namespace skiff::raft {

void ElectionTimer::expire_soon(Time now) {
  deadline_ = std::min(deadline_, now + random_.below(intervals_.heartbeat / 4 + 1));
}

Time ElectionTimer::randomized_campaign_timeout(bool had_leader) {
  const Time shortest = had_leader ? intervals_.election_timeout / 2 : intervals_.heartbeat;
  return shortest + random_.below(shortest);
}

}  // namespace skiff::raft

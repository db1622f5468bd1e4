#include "raft/quorum.h"

#include <algorithm>
#include <functional>

#include "raft/check.h"

namespace skiff::raft::quorum {

Outcome tally(const std::vector<NodeId>& voters, const std::map<NodeId, bool>& votes) {
  size_t granted = 0;
  size_t refused = 0;
  for (NodeId voter : voters) {
    auto vote = votes.find(voter);
    if (vote == votes.end()) continue;
    ++(vote->second ? granted : refused);
  }
  if (granted >= majority(voters.size())) return Outcome::won;
  if (voters.size() - refused < majority(voters.size())) return Outcome::lost;
  return Outcome::open;
}

uint64_t reached_by_majority(std::vector<uint64_t> values) {
  CHECK(!values.empty());
  std::sort(values.begin(), values.end(), std::greater<>());
  return values[majority(values.size()) - 1];
}

}  // namespace skiff::raft::quorum

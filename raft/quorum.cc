#include "raft/quorum.h"

#include <algorithm>
#include <functional>

#include "raft/check.h"

namespace skiff::raft::quorum {

bool is_majority(const std::vector<NodeId>& voters, const std::set<NodeId>& said_yes) {
  auto yes = std::count_if(voters.begin(), voters.end(), [&](NodeId voter) { return said_yes.contains(voter); });
  return static_cast<size_t>(yes) >= majority(voters.size());
}

uint64_t reached_by_majority(std::vector<uint64_t> values) {
  CHECK(!values.empty());
  std::sort(values.begin(), values.end(), std::greater<>());
  return values[majority(values.size()) - 1];
}

}  // namespace skiff::raft::quorum

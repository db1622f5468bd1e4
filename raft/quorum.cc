#include "raft/quorum.h"

#include <algorithm>
#include <functional>

namespace skiff::raft {
namespace {

bool is_among(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

bool is_half_won(const std::vector<NodeId>& half, const std::set<NodeId>& said_yes) {
  auto yes = std::count_if(half.begin(), half.end(), [&](NodeId voter) { return said_yes.contains(voter); });
  return static_cast<size_t>(yes) >= quorum::majority(half.size());
}

uint64_t reached_in_half(const std::vector<NodeId>& half, const quorum::Reached& reached) {
  std::vector<uint64_t> values;
  for (NodeId voter : half) values.push_back(reached(voter));
  std::sort(values.begin(), values.end(), std::greater<>());
  return values[quorum::majority(values.size()) - 1];
}

}  // namespace

bool Voters::contain(NodeId node) const { return is_among(incoming, node) || is_among(outgoing, node); }

namespace quorum {

bool is_majority(const Voters& voters, const std::set<NodeId>& said_yes) {
  return is_half_won(voters.incoming, said_yes) && (voters.outgoing.empty() || is_half_won(voters.outgoing, said_yes));
}

uint64_t reached_by_majority(const Voters& voters, const Reached& reached) {
  if (voters.incoming.empty()) return 0;
  uint64_t value = reached_in_half(voters.incoming, reached);
  return voters.outgoing.empty() ? value : std::min(value, reached_in_half(voters.outgoing, reached));
}

}  // namespace quorum
}  // namespace skiff::raft

#include "raft/quorum.h"

#include <algorithm>

#include "raft/mutant.h"

namespace skiff::raft {
namespace {

bool is_among(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

bool is_half_won(const std::vector<NodeId>& half, const std::set<NodeId>& said_yes) {
  auto yes = std::count_if(half.begin(), half.end(), [&](NodeId voter) { return said_yes.contains(voter); });
  return static_cast<size_t>(yes) >= quorum::majority(half.size());
}

// Tries each voter's value: for so few voters that is quicker than sorting a list of them.
uint64_t reached_in_half(const std::vector<NodeId>& half, const quorum::Reached& reached) {
  uint64_t highest = 0;
  for (NodeId candidate : half) {
    const uint64_t value = reached(candidate);
    if (value <= highest) continue;
    auto as_far = std::count_if(half.begin(), half.end(), [&](NodeId voter) { return reached(voter) >= value; });
    if (static_cast<size_t>(as_far) >= quorum::majority(half.size())) highest = value;
  }
  return highest;
}

}  // namespace

bool Voters::contain(NodeId node) const { return is_among(incoming, node) || is_among(outgoing, node); }

namespace quorum {

bool is_majority(const Voters& voters, const std::set<NodeId>& said_yes) {
  if (!is_half_won(voters.incoming, said_yes)) return false;
  return voters.outgoing.empty() || is_half_won(voters.outgoing, said_yes) || MUTANT(old_half_ignored);
}

uint64_t reached_by_majority(const Voters& voters, const Reached& reached) {
  if (voters.incoming.empty()) return 0;
  uint64_t value = reached_in_half(voters.incoming, reached);
  if (voters.outgoing.empty() || MUTANT(commit_by_the_new_half)) return value;
  return std::min(value, reached_in_half(voters.outgoing, reached));
}

}  // namespace quorum
}  // namespace skiff::raft

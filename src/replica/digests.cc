#include "src/replica/digests.h"

#include <set>

#include "raft/check.h"
#include "raft/quorum.h"

namespace skiff {

void ReplicaDigests::tell(Environment& environment, const raft::Raft& raft, raft::Index index, uint64_t digest) {
  CHECK(is_due(index));
  CHECK(index <= raft.log().committed());
  const raft::NodeId self = raft.status().id;
  const StateDigest state{.index = index, .digest = digest};
  for (raft::NodeId node : raft.configuration().everybody()) {
    if (node != self) environment.send({.from = self, .to = node, .term = raft.term(), .body = state});
  }
  compare(environment, raft, self, state);
}

void ReplicaDigests::compare(Environment& environment, const raft::Raft& raft, raft::NodeId node,
                             const StateDigest& state) {
  auto difference = note(raft, node, state.index, state.digest);
  if (difference) environment.state_differs(difference->node, difference->index, difference->is_outvoted);
}

std::optional<ReplicaDigests::Difference> ReplicaDigests::note(const raft::Raft& raft, raft::NodeId node,
                                                               raft::Index index, uint64_t digest) {
  const raft::NodeId self = raft.status().id;
  if (!is_due(index) || (node != self && !raft.configuration().has(node))) return std::nullopt;
  At& here = at_[index];
  here.digests[node] = digest;
  if (at_.size() > kIndexesMax && at_.begin()->first == index) {
    at_.erase(at_.begin());
    return std::nullopt;
  }
  if (at_.size() > kIndexesMax) at_.erase(at_.begin());
  CHECK(at_.size() <= kIndexesMax);
  auto ours = here.digests.find(self);
  if (ours == here.digests.end()) return std::nullopt;

  Difference difference{.index = index};
  std::map<uint64_t, std::set<raft::NodeId>> against;
  for (const auto& [other, its] : here.digests) {
    if (its == ours->second) continue;
    difference.node = other;
    against[its].insert(other);
  }
  for (const auto& [its, nodes] : against) {
    if (raft::quorum::is_majority(raft.configuration().voters(), nodes)) difference.is_outvoted = true;
  }
  if (against.empty() || (here.was_told && !difference.is_outvoted)) return std::nullopt;
  CHECK(difference.node != self);
  here.was_told = true;
  return difference;
}

}  // namespace skiff

// Quorum: the arithmetic of majorities, single and joint, as free functions.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <vector>

#include "raft/mutant.h"
#include "raft/types.h"

namespace skiff::raft {

// The nodes whose agreement decides: a majority, or, while a change is under way, a majority of each half (thesis 4.3).
// If `incoming` is empty nothing can be decided.
struct Voters {
  std::vector<NodeId> incoming;
  std::vector<NodeId> outgoing;  // empty but in a joint configuration

  bool contain(NodeId node) const;
};

namespace quorum {

// How many of `voters` are a majority: 1 of 1, 2 of 2, 2 of 3, 3 of 4, 3 of 5.
inline size_t majority(size_t voters) { return (voters + (MUTANT(half_of_four_decides) ? 1 : 2)) / 2; }

// Whether the nodes that said yes decide; only voters count.
bool is_majority(const Voters& voters, const std::set<NodeId>& said_yes);

// The highest value that a majority has reached: an index that is on a majority's disks (thesis 3.6.2), or the time
// since which a majority has been heard, in nanoseconds. 0 if there are no voters.
using Reached = std::function<uint64_t(NodeId)>;
uint64_t reached_by_majority(const Voters& voters, const Reached& reached);

}  // namespace quorum
}  // namespace skiff::raft

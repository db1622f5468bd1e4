// Quorum: the arithmetic of majorities, single and joint, as free functions.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <vector>

#include "raft/mutant.h"
#include "raft/types.h"

namespace skiff::raft {

// Whose agreement decides. While a change is under way that of a majority in each half (thesis 4.3); nobody can decide
// anything where `incoming` is empty.
struct Voters {
  std::vector<NodeId> incoming;
  std::vector<NodeId> outgoing;  // empty but in a joint configuration

  bool contain(NodeId node) const;
};

namespace quorum {

// How many of `voters` are a majority: 1 of 1, 2 of 2, 2 of 3, 3 of 4, 3 of 5.
inline size_t majority(size_t voters) { return (voters + (MUTANT(half_of_four_decides) ? 1 : 2)) / 2; }

// Whether those who said yes decide; others than voters count for nothing.
bool is_majority(const Voters& voters, const std::set<NodeId>& said_yes);

// The highest value that a majority has reached: an index that is on a majority's disks (thesis 3.6.2), or the time
// since which a majority has been heard. 0 where nobody can decide.
using Reached = std::function<uint64_t(NodeId)>;
uint64_t reached_by_majority(const Voters& voters, const Reached& reached);

}  // namespace quorum
}  // namespace skiff::raft

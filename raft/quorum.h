// Quorum: the arithmetic of majorities, as free functions.
#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "raft/types.h"

namespace skiff::raft::quorum {

// How many of `voters` are a majority: 1 of 1, 2 of 2, 2 of 3, 3 of 4, 3 of 5.
constexpr size_t majority(size_t voters) { return voters / 2 + 1; }

// Whether those who said yes are a majority of `voters`; others count for nothing.
bool is_majority(const std::vector<NodeId>& voters, const std::set<NodeId>& said_yes);

// The highest value that a majority has reached: an index that is on a majority's disks (thesis 3.6.2), or the time
// since which a majority has been heard. Requires: not empty.
uint64_t reached_by_majority(std::vector<uint64_t> values);

}  // namespace skiff::raft::quorum

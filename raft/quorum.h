// Quorum: the arithmetic of majorities, as free functions.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "raft/types.h"

namespace skiff::raft::quorum {

// How many of `voters` are a majority: 1 of 1, 2 of 2, 2 of 3, 3 of 4, 3 of 5.
constexpr size_t majority(size_t voters) { return voters / 2 + 1; }

enum class Outcome { won, lost, open };
// `votes` holds who has answered, and how; answers of others than `voters` count for nothing.
Outcome tally(const std::vector<NodeId>& voters, const std::map<NodeId, bool>& votes);

// The highest value that a majority has reached: an index that is on a majority's disks (thesis 3.6.2), or the time
// since which a majority has been heard. Requires: not empty.
uint64_t reached_by_majority(std::vector<uint64_t> values);

}  // namespace skiff::raft::quorum

// ReplicaDigests: compares the state of this node with the states of the others, all the time.
//
// At every index that is a multiple of a fixed number, each node tells the others the digest of its state. The same
// entries make the same state, so a node with another digest has gone wrong: a bit turned over in memory, a bug,
// another version. Each node judges itself alone: if a majority of the voters has one and the same digest, and this
// node has another, then this node is wrong. If fewer contradict it, the difference is only reported.
//
// Reports get lost, come late, or are about an index that this node has not reached, or never will because a snapshot
// has taken it further. Only the newest few indexes are kept; what cannot be compared is dropped.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "raft/raft.h"
#include "src/replica/environment.h"

namespace skiff {

class ReplicaDigests {
 public:
  struct Difference {
    raft::NodeId node = 0;  // one of those that have another
    raft::Index index = 0;
    bool is_outvoted = false;  // this node is wrong
  };

  explicit ReplicaDigests(uint64_t every) : every_(every) {}

  bool is_due(raft::Index index) const { return every_ != 0 && index % every_ == 0; }
  // Tells every member the state of this node, because each judges itself. Requires: is_due(index).
  void tell(Environment& environment, const raft::Raft& raft, raft::Index index, uint64_t digest);
  // A node says this of its own state.
  void compare(Environment& environment, const raft::Raft& raft, raft::NodeId node, const StateDigest& state);
  // Keeps what a node says of its state. A difference is returned once for each index, and again if this node is wrong.
  std::optional<Difference> note(const raft::Raft& raft, raft::NodeId node, raft::Index index, uint64_t digest);

 private:
  static constexpr size_t kIndexesMax = 8;
  struct At {
    std::map<raft::NodeId, uint64_t> digests;
    bool was_told = false;
  };

  const uint64_t every_;
  std::map<raft::Index, At> at_;
};

}  // namespace skiff

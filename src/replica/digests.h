// ReplicaDigests: compares the state of this node with that of the others, all along.
//
// Whenever a round number of entries has been applied, every node tells the others the digest of its state at that
// index. The same entries make the same state, so whoever has another digest has gone wrong: a bit turned over in
// memory, a bug, another version. Each judges itself alone: when a majority of the voters has one and the same digest,
// and we have another, it is we who are wrong. With less than a majority against us nobody can tell, and it is only
// said.
//
// What goes wrong: reports are lost, late, or of indexes we have not got to, or never will, because a snapshot has
// brought us beyond. Only the newest few indexes are kept; what cannot be compared is not.
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
    bool is_outvoted = false;  // it is we who are wrong
  };

  explicit ReplicaDigests(uint64_t every) : every_(every) {}

  bool is_due(raft::Index index) const { return every_ != 0 && index % every_ == 0; }
  // Our state, at an index that is due: to everybody, because each judges itself.
  void tell(Environment& environment, const raft::Raft& raft, raft::Index index, uint64_t digest);
  // What another says of its own, or we of ours.
  void compare(Environment& environment, const raft::Raft& raft, raft::NodeId node, const StateDigest& state);
  // Our state has this digest at an index that was due; or another member says so of its own. What comes of it is said
  // once, and again when it is we who are wrong.
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

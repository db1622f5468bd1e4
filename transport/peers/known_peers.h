// KnownPeers: which data directory stands behind each id, by the number that it says.
//
// The first number that is heard for an id is remembered: a directory that comes later under that id lacks what its
// node has promised. A greeting carries what its sender remembers of the members, the receiver among them. So both
// sides see a mismatch, whichever of them remembers the other, and neither takes in anything of the other. What a
// member remembers, and this node does not know yet, is remembered here as well.
//
// What goes wrong: two nodes that have never met may come from two foundings of one cluster. They are told apart by
// what they remember of third members.
//
// Always: nothing is learned from a greeting that does not match.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "raft/types.h"
#include "transport/peers/wire.h"

namespace skiff::transport {

// Which data directories are other than was remembered, when two nodes greet. All false: they match.
struct DataDirMatch {
  bool peer_differs = false;   // the other side's, from what this node remembers
  bool own_differs = false;    // this node's, from what the other side remembers
  bool others_differ = false;  // they have never met, and remember different directories of the same members

  bool operator==(const DataDirMatch&) const = default;
  bool is_match() const { return *this == DataDirMatch{}; }
};

class KnownPeers {
 public:
  using DataDirIds = std::map<raft::NodeId, uint64_t>;
  KnownPeers(DataDirIds data_dir_ids, std::function<void(const DataDirIds&)> learned)
      : data_dir_ids_(std::move(data_dir_ids)), learned_(std::move(learned)) {}

  // Only these are remembered; before it is called, everybody is. Others are once they are among them.
  void learn_only(std::set<raft::NodeId> members);
  // Whether it is the one we know, now that we have met.
  bool compare_or_learn(raft::NodeId node, uint64_t data_dir_id);
  bool knows(raft::NodeId node) const { return data_dir_ids_.contains(node); }

  // Compares what a greeting says with what is remembered here; learns from it if that matches. `own` is the number of
  // this node's directory; 0: it has none.
  DataDirMatch greeted(const Greeting& greeting, uint64_t own);
  // What this node tells others in its greetings: of the members alone.
  DataDirIds of_members() const;

 private:
  DataDirMatch compare(const Greeting& greeting, uint64_t own) const;
  bool others_differ(const Greeting& greeting) const;
  void learn_from(const Greeting& greeting);
  bool is_member(raft::NodeId node) const { return !members_ || members_->contains(node); }

  DataDirIds data_dir_ids_;
  static constexpr size_t kUnidentifiedMax = 64;
  DataDirIds unidentified_;  // who is none of the members
  std::optional<std::set<raft::NodeId>> members_;
  std::function<void(const DataDirIds&)> learned_;
};

}  // namespace skiff::transport

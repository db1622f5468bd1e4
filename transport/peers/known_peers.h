// KnownPeers: the number of the data directory behind each node id, as first heard (trust on first use).
//
// The first number that is heard for an id is remembered: another directory that comes later under that id lacks the
// votes and entries that its node has acknowledged. A greeting carries the numbers that its sender remembers of the
// members, the receiver among them. So both sides see a mismatch, whichever of them remembers the other, and neither
// accepts messages of the other. Numbers that a member remembers, and this node does not, are learned from its
// greeting.
//
// Two nodes that do not know each other may come from two foundings of one cluster. The numbers that they remember of
// third members show that.
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

// Which data directories differ from the remembered ones when two nodes greet. All false: they match.
struct DataDirMatch {
  bool peer_differs = false;   // that of the other node, from the one that this node remembers
  bool own_differs = false;    // that of this node, from the one that the other node remembers
  bool others_differ = false;  // the two do not know each other, and remember different ones of the same members

  bool operator==(const DataDirMatch&) const = default;
  bool is_match() const { return *this == DataDirMatch{}; }
};

class KnownPeers {
 public:
  using DataDirIds = std::map<raft::NodeId, uint64_t>;
  KnownPeers(DataDirIds data_dir_ids, std::function<void(const DataDirIds&)> learned)
      : data_dir_ids_(std::move(data_dir_ids)), learned_(std::move(learned)) {}

  // Only the numbers of these are remembered; before the first call, those of all nodes. Numbers of further nodes are
  // kept aside, and remembered once they become members.
  void learn_only(std::set<raft::NodeId> members);
  // Returns true if the number is the remembered one, or is remembered from now on.
  bool compare_or_learn(raft::NodeId node, uint64_t data_dir_id);
  bool knows(raft::NodeId node) const { return data_dir_ids_.contains(node); }

  // Compares the numbers in a greeting with the remembered ones, and learns from it if they match. `own` is the number
  // of this node's directory; 0: it has none.
  DataDirMatch greeted(const Greeting& greeting, uint64_t own);
  // The numbers for this node's greetings: those of members.
  DataDirIds of_members() const;

 private:
  DataDirMatch compare(const Greeting& greeting, uint64_t own) const;
  bool others_differ(const Greeting& greeting) const;
  void learn_from(const Greeting& greeting);
  bool is_member(raft::NodeId node) const { return !members_ || members_->contains(node); }

  DataDirIds data_dir_ids_;
  static constexpr size_t kUnidentifiedMax = 64;
  DataDirIds unidentified_;  // of nodes that are no members
  std::optional<std::set<raft::NodeId>> members_;
  std::function<void(const DataDirIds&)> learned_;
};

}  // namespace skiff::transport

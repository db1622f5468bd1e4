// Followers: the Progress of every other node of the configuration in force, and what they have reached together.
//
// Where voters are counted, this node counts, too: `Own` is its share. A recovering follower counts
// for nothing, however far its log has got.
//
// Always: exactly the nodes of the configuration in force, without this one, by id.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "raft/membership.h"
#include "raft/progress.h"
#include "raft/quorum.h"
#include "raft/types.h"

namespace skiff::raft {

class Followers {
 public:
  // The share of this node itself.
  struct Own {
    NodeId node = 0;
    Index reached = 0;
  };
  // Which of several followers may take leadership over.
  struct SuccessorRules {
    const Configuration& members;
    Index match_min = 0;  // it has at least what is committed
    Time now;
    Time silence_max;  // it was heard less than this ago
  };
  enum class SuccessorDisk { said_not_full, not_known_full, any };

  bool empty() const { return progress_.empty(); }
  auto begin() { return progress_.begin(); }
  auto end() { return progress_.end(); }
  auto begin() const { return progress_.begin(); }
  auto end() const { return progress_.end(); }
  // Null: it is no follower.
  Progress* find(NodeId node);
  const Progress* find(NodeId node) const;
  // Requires: it is a follower.
  Progress& at(NodeId node) { return progress_.at(node); }
  const Progress& at(NodeId node) const { return progress_.at(node); }

  // From now on these, but for `self`; new ones begin as `fresh`.
  void become(const std::vector<NodeId>& everybody, NodeId self, const Progress& fresh);

  // The highest index that a majority has on disk.
  Index acknowledged_by_majority(const Voters& voters, const Own& own) const;
  // The latest time since which a majority was heard; this node, `self`, hears itself now.
  Time heard_by_majority(const Voters& voters, NodeId self, Time now) const;
  // When the next follower must be told of a commit by a message of its own.
  Time next_commit_notice() const;

  bool is_any_full() const;
  // Those that are neither full nor recovering.
  std::set<NodeId> with_disk_space() const;
  // Whether the voters of `next` can decide without those that are recovering; else these would never be intact again.
  bool can_recover_under(const Configuration& next) const;

  // The eligible follower that has got furthest; 0 if there is none.
  NodeId furthest(const SuccessorRules& rules, SuccessorDisk disk) const;
  // The same, if possible one that is not full: a full one would only hand over again.
  NodeId best_successor(const SuccessorRules& rules) const;

 private:
  std::map<NodeId, Progress> progress_;
};

}  // namespace skiff::raft

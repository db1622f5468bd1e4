// Membership: the members at each point of the log, and which change may follow which.
//
// The configuration in force is the last one in the log, committed or not (thesis 4.1); if the end of the log is cut
// off, the one before it is in force again. A change of the voters takes two entries (4.3): a joint configuration,
// under which a majority of the old voters and a majority of the new ones must agree, and, once that is committed, one
// with the new voters alone. However many voters change at once, two majorities never exist side by side.
//
// An id that was removed never comes back: its node may have made promises that an empty disk does not hold.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "raft/quorum.h"
#include "raft/types.h"

namespace skiff::raft {

enum class MemberRole : uint8_t {
  learner = 1,  // is sent the log, and counts for nothing
  joining = 2,  // a learner that the leader makes a voter as soon as it has caught up
  voter = 3,
};

struct Member {
  NodeId id = 0;
  MemberRole role = MemberRole::learner;
  std::string address;  // opaque here; may be empty
  auto operator<=>(const Member&) const = default;
};

struct Configuration {
  std::vector<Member> members;   // by id; while joint, as it is to become
  std::vector<Member> outgoing;  // while joint, the voters as they were; else empty
  std::vector<NodeId> removed;   // by id
  bool operator==(const Configuration&) const = default;

  bool is_joint() const { return !outgoing.empty(); }
  const Member* find(NodeId node) const;  // as it is to become; null if it is no member
  // In either half.
  bool is_voter(NodeId node) const;
  bool has(NodeId node) const { return find(node) != nullptr || is_voter(node); }
  bool was_removed(NodeId node) const;
  // All members of both halves, by id.
  std::vector<NodeId> everybody() const;
  Voters voters() const;
};

// The members a cluster starts with, all of them voters.
Configuration founded_by(const std::vector<NodeId>& voters);

// The payload of an entry of EntryKind::configuration, and part of the mark of a snapshot. Nothing if the bytes are no
// configuration that could ever be in force.
std::string encode(const Configuration& configuration);
std::optional<Configuration> decode_configuration(std::string_view bytes);

struct Change {
  enum class Kind {
    add,          // as joining: becomes a voter by itself
    add_learner,  // and stays one until promoted
    promote,      // a learner to voter
    demote,       // a voter to learner
    remove,
    move,  // to another address
  };
  Kind kind = Kind::add;
  NodeId node = 0;
  std::string address;  // of add, add_learner and move
  bool operator==(const Change&) const = default;
};

// The configuration after all of `changes` at once: joint if the voters change. Requires: not from.is_joint().
struct Planned {
  Configuration next;
  std::string refused;  // why not; empty if it can be done
};
Planned plan(const Configuration& from, const std::vector<Change>& changes);
// The second half of a change. Requires: joint.is_joint().
Configuration leave_joint(Configuration joint);

// The configurations in the log, from the one in force at its base on.
class Membership {
 public:
  // In force from `index` on.
  Membership(Index index, Configuration configuration);

  const Configuration& latest() const { return history_.back().configuration; }
  Index latest_index() const { return history_.back().index; }
  const Voters& voters() const { return voters_; }
  bool is_voter(NodeId node) const { return voters_.contain(node); }
  // Whether it may stand for election. A demoted node may hold the only copy of the entries that demoted it: until they
  // are committed, it must still be able to win (thesis 4.2.2).
  bool is_electable(NodeId node, Index committed) const;
  // Whether the node was removed for good: that is committed, and it has no vote any more.
  bool is_removed(NodeId node, Index committed) const;
  // In force at `index`. Requires: it was not forgotten.
  const Configuration& at(Index index) const;

  // Requires: index > latest_index().
  void append(Index index, Configuration configuration);
  // Removes those in entries from `first` on. Requires: the oldest is not among them.
  void cut_from(Index first);
  // at() is no longer asked for an index before this one.
  void forget_before(Index index);
  void start_anew(Index index, Configuration configuration);

 private:
  struct At {
    Index index;
    Configuration configuration;
  };
  std::vector<At> history_;  // by index, never empty
  Voters voters_;            // of the latest
};

}  // namespace skiff::raft

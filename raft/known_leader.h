// KnownLeader: which node leads the current term, as far as this node knows, and what it last said.
//
// The leader becomes known with its first message of the term, and is forgotten when the term ends, when its process is
// gone, or when this node campaigns. A leader that was not heard for an election timeout is still known, but does not
// protect its leadership any more.
//
// Always: the leader of a term never changes to another one within the term; a leader knows itself.
#pragma once

#include <optional>

#include "raft/check.h"
#include "raft/types.h"

namespace skiff::raft {

class KnownLeader {
 public:
  NodeId id() const { return id_; }  // 0: none is known
  bool is(NodeId node) const { return id_ == node; }
  bool is_known() const { return id_ != 0; }
  // Whether it was heard less than `longest` ago.
  bool was_heard(Time longest, Time now) const { return is_known() && heard_at_ && now < *heard_at_ + longest; }
  // Whether it takes writes, as it said last; true until it has said so.
  bool takes_writes() const { return takes_writes_; }

  void forget() { *this = KnownLeader{}; }
  // Another term, or none heard yet: nothing said before counts.
  void become(NodeId node) {
    forget();
    id_ = node;
  }
  // Requires: is(node), or no leader is known.
  void heard(NodeId node, Time now) {
    CHECK(node != 0);
    CHECK(!is_known() || is(node));
    id_ = node;
    heard_at_ = now;
  }
  void said_takes_writes(bool takes_writes) { takes_writes_ = takes_writes; }

 private:
  NodeId id_ = 0;
  std::optional<Time> heard_at_;
  bool takes_writes_ = true;
};

}  // namespace skiff::raft

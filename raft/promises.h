// Promises: what the processes of other nodes had acknowledged when this node led (raft/starts.cc).
//
// In a leader's own term the acknowledgements stand in its Progress; they are remembered here when it leads no longer.
// A later process of the node must have found at least as much on its disk, or its disk has gone back.
//
// A process contradicts an acknowledgement up to index i in term t if the term that it found is older than t, or is t
// and its log ends before i. If it found a later term it contradicts nothing: a later leader may have cut its log.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "raft/followers.h"
#include "raft/membership.h"
#include "raft/message.h"
#include "raft/types.h"

namespace skiff::raft {

// A process of a follower has acknowledged our log up to that index, when we led in that term.
struct Promise {
  uint64_t start = 0;
  LogPosition acknowledged;
};

class Promises {
 public:
  // Nothing acknowledged, by no process, if none is known.
  Promise of(NodeId node) const;
  void remember(NodeId node, const Promise& promise) { promises_[node] = promise; }
  // Leadership in `term` ends. Nodes that are no members any more are forgotten.
  void remember_all(const Followers& followers, Term term, const Configuration& members);
  // The promise that another process of `node` breaks with this reply, to a leader in `term`. Nothing if there is no
  // contradiction, or if the process says by itself that it is recovering.
  std::optional<Promise> broken_by(const HeartbeatReply& reply, NodeId node, const Progress& progress, Term term) const;

 private:
  std::map<NodeId, Promise> promises_;
};

}  // namespace skiff::raft

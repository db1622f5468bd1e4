// AdmissionRules: how the peer port treats nodes that are not ordinary members.
#pragma once

#include <set>
#include <vector>

#include "raft/types.h"
#include "transport/peers/wire.h"

namespace skiff::transport {

struct AdmissionRules {
  JoinReply join_reply;               // for the nodes in `joining`
  std::set<raft::NodeId> joining;     // members that have only just been added
  std::vector<raft::NodeId> removed;  // for good
  std::vector<raft::NodeId> leaving;  // removed for good once the change is committed
  std::set<raft::NodeId> discovered;  // unknown nodes that connected: members, perhaps, by changes this node lacks
};

}  // namespace skiff::transport

// MovedMembers: decides when the log should learn the new address of a member that has moved.
//
// A member's greetings carry its address, and --cluster may do so, too. Once the link to a member has been connected at
// such an address for a while, and the log's address has failed, the leader orders the change of address, as an
// operator would (PUT /members/<id>). If it is the leader that has moved, the other members order it.
//
// Failures: the order is refused, or there is no leader any more. It is repeated after a while, if still due.
//
// No clock and no sockets: time comes in with the call.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "raft/check.h"
#include "raft/types.h"
#include "src/replica/peer_message.h"

namespace skiff {

class MovedMembers {
 public:
  static constexpr raft::Time kSettles = 2_s;  // a process that is restarted is back by then
  static constexpr raft::Time kPause = 10_s;   // between two orders for one member

  // A member whose link is connected at this address, its own by its greetings, and not at the log's, which failed.
  struct Found {
    raft::NodeId node = 0;
    std::string address;
    raft::Time since;
  };

  // The orders that are due now. `leader` may be this node or 0.
  std::vector<AdminRequest> due(raft::Time now, raft::NodeId self, raft::NodeId leader,
                                const std::vector<Found>& found) {
    CHECK(self != 0);
    std::vector<AdminRequest> orders;
    for (const Found& member : found) {
      const bool is_ours_to_say = leader != 0 && (leader == self || leader == member.node);
      if (!is_ours_to_say || now < member.since + kSettles) continue;
      auto [asked_at, is_first] = asked_at_.emplace(member.node, now);
      if (!is_first && now < asked_at->second + kPause) continue;
      asked_at->second = now;
      CHECK(!member.address.empty());
      orders.push_back({.kind = AdminRequest::Kind::move, .node = member.node, .address = member.address});
    }
    return orders;
  }

 private:
  std::map<raft::NodeId, raft::Time> asked_at_;
};

}  // namespace skiff

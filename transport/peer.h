// Peer: who we are among the nodes, who the others are, and when two that meet belong together.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "raft/types.h"
#include "transport/address.h"
#include "transport/wire.h"

namespace skiff::transport {

struct PeerIdentity {
  uint64_t cluster = 0;
  raft::NodeId self = 0;
  uint64_t incarnation = 0;  // counts the starts of this node
};

struct PeerMember {
  raft::NodeId id = 0;
  Address address;

  auto operator<=>(const PeerMember&) const = default;
};

// What is said at the door to who is no ordinary member.
struct Reception {
  Welcome welcome;                    // to members that have only just been added
  std::set<raft::NodeId> newcomers;   // these
  std::vector<raft::NodeId> removed;  // and these were removed for good
};

inline Greeting greeting_to(raft::NodeId node, const PeerIdentity& us) {
  return {kProtocolVersion, us.cluster, us.self, node, us.incarnation};
}

// What we have against whoever greets us so; whether it is a member is for the caller to know. The version comes
// first: of another version's greeting nothing else is believed.
inline std::optional<Refusal> objection(const Greeting& greeting, const PeerIdentity& us) {
  if (greeting.protocol != kProtocolVersion) return Refusal::other_version;
  if (greeting.cluster != us.cluster) return Refusal::other_cluster;
  if (greeting.to != us.self) return Refusal::other_node;
  return std::nullopt;
}

}  // namespace skiff::transport

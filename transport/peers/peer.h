// Peer: who we are among the nodes, who the others are, and when two that meet belong together.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "raft/types.h"
#include "transport/loop/address.h"
#include "transport/peers/known_peers.h"
#include "transport/peers/running_processes.h"
#include "transport/peers/wire.h"

namespace skiff::transport {

struct PeerIdentity {
  uint64_t cluster = 0;
  raft::NodeId self = 0;
  uint64_t incarnation = 0;                         // counts the starts of this node
  uint64_t data_dir_id = 0;                         // names its data directory; 0: it has none
  std::string address = {};                         // where the others find it; empty: where its members say
  KnownPeers* known = nullptr;                      // outlives whoever is given this; null: nobody is remembered
  uint64_t process = 0;                             // drawn at its start
  uint16_t port = 0;                                // where it listens for its peers; 0: not known yet
  std::map<raft::NodeId, Address> configured = {};  // where --cluster says that others are
  RunningProcesses* running = nullptr;              // the others', as they are connected; as with `known`
};

struct PeerMember {
  raft::NodeId id = 0;
  Address address;

  auto operator<=>(const PeerMember&) const = default;
};

// What is said at the door to who is no ordinary member.
struct AdmissionRules {
  JoinReply join_reply;               // to members that have only just been added
  std::set<raft::NodeId> joining;     // these
  std::vector<raft::NodeId> removed;  // and these were removed for good
  std::vector<raft::NodeId> leaving;  // or are to be, if that is committed
  std::set<raft::NodeId> discovered;  // came by, and may be members by what we have not been told yet
};

inline Greeting greeting_to(raft::NodeId node, const PeerIdentity& us) {
  Greeting greeting{kProtocolVersion, us.cluster, us.self, node, us.incarnation, us.data_dir_id, us.address};
  if (us.known) greeting.known = us.known->of_members();
  greeting.process = us.process;
  greeting.port = us.port;
  return greeting;
}

// `remote`: of the connection by which it came, "10.0.0.3:40312".
inline RunningProcess process_of(const Greeting& greeting, const std::string& remote) {
  return {greeting.process, remote.substr(0, remote.rfind(':')), greeting.port, greeting.address};
}

// The log line about two processes of one node.
inline std::string describe_twice(raft::NodeId node, const RunningProcess& first, const RunningProcess& second) {
  return "node " + std::to_string(node) + " runs twice with one data directory: at " + to_text(first) + " and at " +
         to_text(second) +
         ". Writes that are answered by one are lost with the other: stop the copy, and add its machine as a new "
         "member";
}

// What we have against whoever greets us so; whether it is a member is for the caller to know. The version comes
// first: of another version's greeting nothing else is believed.
inline std::optional<Refusal> objection(const Greeting& greeting, const PeerIdentity& us) {
  if (greeting.protocol != kProtocolVersion) return Refusal::other_version;
  if (greeting.cluster != us.cluster) return Refusal::other_cluster;
  if (greeting.to != us.self) return Refusal::other_node;
  return std::nullopt;
}

// The refusal for this finding; none if the directories match. A greeter that lost its data hears that first.
inline std::optional<Refusal> objection(const DataDirMatch& match) {
  if (match.peer_differs) return Refusal::other_data_dir_id;
  if (match.own_differs) return Refusal::unexpected_data_dir;
  if (match.others_differ) return Refusal::other_founding;
  return std::nullopt;
}

// The finding that a refusal tells the greeter.
inline DataDirMatch match_of(Refusal refusal) {
  return {.peer_differs = refusal == Refusal::unexpected_data_dir,
          .own_differs = refusal == Refusal::other_data_dir_id,
          .others_differ = refusal == Refusal::other_founding};
}

}  // namespace skiff::transport

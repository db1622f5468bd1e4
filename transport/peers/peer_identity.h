// PeerIdentity: how this node presents itself to the others. PeerMember: another node and its address.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

#include "raft/types.h"
#include "transport/loop/address.h"
#include "transport/peers/known_peers.h"
#include "transport/peers/running_processes.h"

namespace skiff::transport {

struct PeerIdentity {
  uint64_t cluster = 0;
  raft::NodeId self = 0;
  uint64_t incarnation = 0;     // counts the starts of this node
  uint64_t data_dir_id = 0;     // names its data directory; 0: it has none
  std::string address = {};     // where the others dial it; empty: where its members say
  KnownPeers* known = nullptr;  // outlives all holders of this identity; null: nothing is remembered
  uint64_t process = 0;         // drawn at its start
  uint16_t port = 0;            // where it listens for its peers; 0: not known yet
  std::map<raft::NodeId, Address> configured = {};  // the addresses of others in --cluster
  RunningProcesses* running = nullptr;              // of the others, as they connect; lives as long as `known`
};

struct PeerMember {
  raft::NodeId id = 0;
  Address address;

  auto operator<=>(const PeerMember&) const = default;
};

}  // namespace skiff::transport

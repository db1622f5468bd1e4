// Peers: the links to all other members, and the listener for their connections.
//
// Every node has one link to each other node, on which it sends, and accepts one connection from each, on which it
// receives. send() puts a message on the link of its destination; received() gets the messages of others.
//
// PeerLink and PeerListener handle errors. Messages may be lost, but are never damaged, and come from members and
// discovered nodes only. Events say which members can be reached. An event may call any method here, but must not
// destroy the Peers; exceptions are noted below.
//
// Always: no event is called from inside a method of this class. Connections that set_members() closes are not
// reported.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "raft/random.h"
#include "raft/time.h"
#include "src/base/log.h"
#include "src/replica/peer_message.h"
#include "transport/loop/dial.h"
#include "transport/peers/peer_identity.h"
#include "transport/peers/peer_link.h"
#include "transport/peers/peer_listener.h"

namespace skiff::transport {

class Peers {
 public:
  using Identity = PeerIdentity;
  using Member = PeerMember;

  struct Events {
    std::function<void(PeerMessage&&)> received;
    std::function<void(raft::NodeId)> connected;     // the link to that node works; may be null, like all below
    std::function<void(raft::NodeId)> disconnected;  // the link has broken
    // The data directories of the two were compared, after either greeted the other. Must not call set_members().
    std::function<void(raft::NodeId, const DataDirMatch&)> compared;
    // That member is connected to another process with this node's data directory, at that address (empty: not known).
    std::function<void(raft::NodeId, const std::string&)> runs_twice;
    std::function<void(raft::NodeId)> gone;  // its process does not run: dials are refused at all its addresses
    // An unknown node of this cluster greeted, with its address. Must not call set_members().
    std::function<void(const Member&)> discovered;
    std::function<void(raft::NodeId)> removed;  // that member says that this node was removed for good
  };

  struct Limits {
    PeerLink::Limits link;
    PeerListener::Limits listener;
  };

  struct Status {
    raft::NodeId id = 0;
    Address address;  // from set_members()
    bool is_connected = false;
    PeerLink::Counters counters;  // of the link
    uint64_t received = 0;
    size_t outbox_bytes = 0;
    std::string error;                // why it is not connected
    std::optional<Address> moved_to;  // the address that it announces and is connected at, if `address` failed
    raft::Time connected_since;
  };

  // `seed` is for the jitter of redialling.
  static Result<std::unique_ptr<Peers>> open(Loop& loop, const Identity& us, const Address& listen_on,
                                             const Limits& limits, uint64_t seed, Events events);
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  // Dials new members, closes links to missing ones, dials again at addresses that changed. The entry of this node is
  // the address in its greetings, unless its identity has one.
  void set_members(const std::vector<Member>& members);

  // How the listener treats nodes that join, were removed, or are unknown.
  void set_admission_rules(AdmissionRules admission) { listener_->set_admission_rules(std::move(admission)); }

  // Never blocks; may drop the message. Requires: message.from is this node.
  void send(const PeerMessage& message);

  // For the second process of a node: greets the first one at its peer port, which then knows of the second. An address
  // that is not valid is ignored.
  void tell_first_process(const std::string& address);

  std::vector<Status> status() const;  // in the order of ids
  uint16_t port() const { return listener_->port(); }
  const Address& address() const { return listener_->address(); }  // as it was bound
  const PeerListener& listener() const { return *listener_; }

 private:
  Peers(Loop& loop, const Identity& us, const Limits& limits, uint64_t seed, Events events);

  std::unique_ptr<PeerLink> link_to(const Member& member);
  void peer_runs_twice(raft::NodeId peer, const RunningProcess& other, const RunningProcess& here);
  void address_announced(const Member& member);

  Loop& loop_;
  Identity us_;
  const bool has_own_address_;  // for its greetings, whatever set_members() says
  RunningProcesses running_;
  log::Limit runs_twice_log_limit_{1_min};
  const Limits limits_;
  raft::Random seeds_;
  Events events_;
  std::unique_ptr<PeerListener> listener_;
  std::map<raft::NodeId, std::unique_ptr<PeerLink>> links_;
  std::unique_ptr<Dial> first_process_dial_;
  std::unique_ptr<Stream> first_process_;
  std::map<raft::NodeId, Address> announced_addresses_;  // from the last greeting of each member
};

}  // namespace skiff::transport

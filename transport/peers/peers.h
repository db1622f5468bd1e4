// Peers: all links to the other members, and the door that they come in by.
//
// On a good day every node has one link to every other, and every other has one connection through its door. send()
// puts a message on the link of the node it is to; what comes in by the door is received().
//
// What goes wrong is PeerLink's and PeerListener's affair; here messages are lost, never damaged, and never from
// anybody but a member. Events say who can be reached. They may call anything here, set_members() too, but must not
// destroy the Peers.
//
// Always: no event is called from inside a call of ours; `met` must not call set_members(). What set_members() itself
// ends is not reported.
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
    std::function<void(raft::NodeId)> connected;     // our link to it stands; may be null, like all below
    std::function<void(raft::NodeId)> disconnected;  // and has broken
    // Its data directory and ours, whenever one has greeted the other. Must not call set_members().
    std::function<void(raft::NodeId, const DataDirMatch&)> compared;
    // That member is connected to another process with this node's data directory, at that address (empty: not known).
    std::function<void(raft::NodeId, const std::string&)> runs_twice;
    std::function<void(raft::NodeId)> gone;         // its process is not there: dials are refused wherever it may be
    std::function<void(const Member&)> discovered;  // it greets, is none of ours yet, and wants to be found there
    std::function<void(raft::NodeId)> removed;      // it turned us away: this node was removed for good
  };

  struct Limits {
    PeerLink::Limits link;
    PeerListener::Limits listener;
  };

  struct Status {
    raft::NodeId id = 0;
    Address address;  // as set_members() has it
    bool is_connected = false;
    uint64_t sent = 0;
    uint64_t received = 0;
    uint64_t dropped = 0;
    size_t outbox_bytes = 0;
    std::string error;                // why it is not connected
    std::optional<Address> moved_to;  // where it is connected and says that it is, if not at `address`, which failed
    uint64_t connected_since_ms = 0;
  };

  // `seed` is for the jitter of redialling.
  static Result<std::unique_ptr<Peers>> open(Loop& loop, const Identity& us, const Address& listen_on,
                                             const Limits& limits, uint64_t seed, Events events);
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  // Dials who is new, drops who is missing, dials again whose address changed. By this node's own
  // entry the others are told where it is found.
  void set_members(const std::vector<Member>& members);

  // What the door says to newcomers and to those who were removed.
  void set_admission_rules(AdmissionRules admission) { listener_->set_admission_rules(std::move(admission)); }

  // Never blocks; may drop. Requires: message.from is this node.
  void send(const PeerMessage& message);

  // This process is the second one of its node: the first is told at its door that it is not alone. `address` may be of
  // any form.
  void tell_first_process(const std::string& address);

  std::vector<Status> status() const;  // in the order of ids
  uint16_t port() const { return listener_->port(); }
  const Address& address() const { return listener_->address(); }  // as it was bound
  const PeerListener& listener() const { return *listener_; }

 private:
  void peer_runs_twice(raft::NodeId peer, const RunningProcess& other, const RunningProcess& here);
  Peers(Loop& loop, const Identity& us, const Limits& limits, uint64_t seed, Events events);

  std::unique_ptr<PeerLink> link_to(const Member& member);
  void address_announced(const Member& member);

  Loop& loop_;
  Identity us_;
  const bool has_own_address_;  // in its greetings, whatever the members say
  RunningProcesses running_;
  log::Limit runs_twice_log_limit_{60'000};
  const Limits limits_;
  raft::Random seeds_;
  Events events_;
  std::unique_ptr<PeerListener> listener_;
  std::map<raft::NodeId, std::unique_ptr<PeerLink>> links_;
  std::unique_ptr<Dial> first_process_dial_;
  std::unique_ptr<Stream> first_process_;
  std::map<raft::NodeId, Address> announced_addresses_;  // members, when they last greeted
};

}  // namespace skiff::transport

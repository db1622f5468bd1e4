// PeerListener: where the other members come in with what they have to say.
//
// Whoever connects must greet, within a deadline and rightly: our protocol version, our cluster, meant for us, and
// from a member. It is greeted back, and from then on sends messages, each checked to be from the greeter and to us.
// Who was removed for good is told so, and stops. A member that has only just been added knows nothing of the cluster
// yet: it introduces itself instead, is told which cluster this is and where its members live, and comes back.
//
// A node that was away while members changed knows too few of them, and whoever leads may be one that it does not know.
// So one of our cluster that we do not know, and that says where it is found, is let in and `met`: it may be a member
// by what we have not been told yet. Whether what it says counts is the core's to judge.
//
// What goes wrong: a greeting that is wrong is answered with the reason, then the connection is closed; anything else
// that is not a peer's is closed without a word. Either is logged at most once in a while for each remote host and
// reason. A frame that is damaged or forged ends its connection: the peer dials again. A member that connects again
// takes the place of its older connection, which is a remnant that has not noticed yet. Another process with the same
// data directory, at another place, is turned away (transport/peers/running_processes.h).
//
// Always: at most one connection for each member and `unidentified_max` others, the oldest of which gives way: whoever
// fills the place with silent connections cannot keep a member out. No message is delivered from inside the reading of
// a frame, so what is delivered to may call set_members(), but it must not destroy the door.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "src/base/log.h"
#include "src/replica/peer_message.h"
#include "transport/loop/listener.h"
#include "transport/loop/loop.h"
#include "transport/peers/admission_rules.h"
#include "transport/peers/peer_identity.h"

namespace skiff::transport {

class PeerListener {
 public:
  struct Limits {
    size_t unidentified_max = 64;         // who has not greeted, or is being turned away: each costs a descriptor
    uint64_t greeting_timeout_ms = 2000;  // a member greets at once
    uint64_t peer_timeout_ms = 5000;      // a member's host that vanished without a word
  };

  struct Events {
    std::function<void(PeerMessage&&)> received;
    // Both while it is greeted. Who is no member is let in only if there is somebody to be told.
    std::function<void(const PeerMember&)> discovered;                // may be null, like the next
    std::function<void(const PeerMember&)> greeted;                   // by a member, that says where it is found
    std::function<void(raft::NodeId, const DataDirMatch&)> compared;  // its data directory, and ours; may be null
  };

  static Result<std::unique_ptr<PeerListener>> open(Loop& loop, const PeerIdentity& us, const Address& listen_on,
                                                    const Limits& limits, Events events);
  ~PeerListener();
  PeerListener(const PeerListener&) = delete;
  PeerListener& operator=(const PeerListener&) = delete;

  // Who may come in. Closes the connections of those who may no longer.
  void set_members(std::set<raft::NodeId> members);
  // Where others find this node, as its greetings say.
  void set_address(std::string address) { us_.address = std::move(address); }
  // Ends the connection of that member: another process of it was reached where the members say it is.
  void drop(raft::NodeId member);
  // What is said to those who introduce themselves, and to those who were removed.
  void set_admission_rules(AdmissionRules admission) { admission_ = std::move(admission); }

  uint16_t port() const { return listener_->port(); }
  uint64_t received(raft::NodeId from) const;            // messages, since it is a member
  uint64_t turned_away() const { return turned_away_; }  // connections closed because of what came in by them
  size_t connections() const { return inbound_.size(); }
  const Address& address() const { return listener_->address(); }  // as it was bound

 private:
  class InboundPeer;

  PeerListener(Loop& loop, const PeerIdentity& us, const Limits& limits, Events events);

  void accepted(std::unique_ptr<Stream> stream);
  void close_oldest_unidentified();
  bool is_own_copy(const Greeting& greeting) const;
  std::optional<Refusal> objection_to(raft::NodeId node) const;
  std::optional<PeerMember> unknown_member(const Greeting& greeting) const;
  void discover(const PeerMember& unknown);
  std::optional<Refusal> compare(const Greeting& greeting);
  std::optional<RunningProcess> other_process(raft::NodeId node, const RunningProcess& process) const;
  void report_address(const Greeting& greeting);
  void admit(InboundPeer& inbound, raft::NodeId node, const RunningProcess& process);
  void close(const InboundPeer& inbound);
  void deliver(raft::NodeId from, std::vector<PeerMessage>&& messages);
  void log_rejection(const std::string& remote, const std::string& why);

  Loop& loop_;
  PeerIdentity us_;
  const Limits limits_;
  const Events events_;
  std::set<raft::NodeId> members_;
  AdmissionRules admission_;
  std::list<std::unique_ptr<InboundPeer>> inbound_;  // the oldest first
  std::map<raft::NodeId, uint64_t> received_from_;
  uint64_t turned_away_ = 0;
  std::map<std::string, log::Limit> rejection_limits_;  // by remote host and reason
  log::Limit other_rejections_limit_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace skiff::transport

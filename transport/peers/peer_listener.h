// PeerListener: accepts the connections of the other members, and receives their messages.
//
// Each connection must greet within a deadline: with our protocol version and cluster, to this node, and from a member.
// It is greeted back, and from then on sends messages, each checked to be from the greeter and to this node. A node
// that was removed for good is refused with that reason, and stops. A member that has only just been added knows
// nothing of the cluster yet: it sends a join request instead, gets the cluster and the addresses of its members, and
// connects again.
//
// A node that was away while members changed may not know the leader. So an unknown node of our cluster that says its
// address is admitted and reported as discovered: it may be a member by a change that this node lacks. The core judges
// whether its messages count.
//
// A wrong greeting is answered with the reason, then the connection is closed. Bytes that are no peer's close their
// connection without an answer. Both are logged, at an interval for each remote host and reason. A damaged or forged
// frame closes its connection, and the peer dials again. A new connection of a member replaces its older one, whose end
// was not noticed yet. Another process with the same data directory, at another address, is refused
// (transport/peers/running_processes.h).
//
// Always: at most one connection for each member and `unidentified_max` others, the oldest of which is closed for a new
// one, so silent connections cannot keep a member out. Messages are delivered only after the reading of frames, so
// `received` may call set_members(), but must not destroy the listener.
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

#include "raft/time.h"
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
    size_t unidentified_max = 64;       // connections without a valid greeting: each costs a descriptor
    raft::Time greeting_timeout = 2_s;  // a member greets at once
    raft::Time peer_timeout = 5_s;      // for the host of a member that vanished without closing
  };

  struct Events {
    std::function<void(PeerMessage&&)> received;
    // The next two are called while the greeting is handled. Unknown nodes are admitted only if `discovered` is not
    // null.
    std::function<void(const PeerMember&)> discovered;                // may be null, like the next
    std::function<void(const PeerMember&)> greeted;                   // by a member, with the address it announces
    std::function<void(raft::NodeId, const DataDirMatch&)> compared;  // the two data directories; may be null
  };

  static Result<std::unique_ptr<PeerListener>> open(Loop& loop, const PeerIdentity& us, const Address& listen_on,
                                                    const Limits& limits, Events events);
  ~PeerListener();
  PeerListener(const PeerListener&) = delete;
  PeerListener& operator=(const PeerListener&) = delete;

  // Sets the nodes that may connect. Closes the connections of others.
  void set_members(std::set<raft::NodeId> members);
  // The address of this node in its greetings.
  void set_address(std::string address) { us_.address = std::move(address); }
  // Closes the connection of that member: another process of it was reached at the address in the log.
  void drop(raft::NodeId member);
  // How nodes are treated that join, were removed, or are unknown.
  void set_admission_rules(AdmissionRules admission) { admission_ = std::move(admission); }

  uint16_t port() const { return listener_->port(); }
  uint64_t received(raft::NodeId from) const;            // number of messages since it became a member
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
  std::list<std::unique_ptr<InboundPeer>> inbound_;  // the oldest connection first
  std::map<raft::NodeId, uint64_t> received_from_;
  uint64_t turned_away_ = 0;
  std::map<std::string, log::Limit> rejection_limits_;  // by remote host and reason
  log::Limit other_rejections_limit_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace skiff::transport

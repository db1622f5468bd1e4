// Network: carries messages between machines, and loses, delays or repeats them.
//
// Some messages travel as the frames of the real wire, which shows that each message of a replica fits into one.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <utility>

#include "raft/message.h"
#include "tests/sim/world.h"

namespace skiff::sim {

class Network {
 public:
  using Deliver = std::function<void(PeerMessage&&)>;
  Network(World& world, Deliver deliver) : world_(world), deliver_(std::move(deliver)) {}

  void send(PeerMessage&& message);

  // One direction each.
  void cut(raft::NodeId from, raft::NodeId to) { cut_.insert({from, to}); }
  void heal(raft::NodeId from, raft::NodeId to) { cut_.erase({from, to}); }
  void heal_all();
  bool is_cut(raft::NodeId from, raft::NodeId to) const { return cut_.contains({from, to}); }
  // Everything sent meanwhile arrives together, at the end.
  void clog(raft::NodeId from, raft::NodeId to, Time until) { clogged_until_[{from, to}] = until; }

  // Loses entries and snapshots, and delivers small messages: a path that takes no large packets.
  void narrow(raft::NodeId from, raft::NodeId to) { narrow_.insert({from, to}); }

  uint64_t sent() const { return sent_; }

 private:
  void carry(PeerMessage message, Time delay);
  PeerMessage as_on_the_wire(PeerMessage&& message);

  World& world_;
  Deliver deliver_;
  std::set<std::pair<raft::NodeId, raft::NodeId>> cut_;
  std::set<std::pair<raft::NodeId, raft::NodeId>> narrow_;
  std::map<std::pair<raft::NodeId, raft::NodeId>, Time> clogged_until_;
  std::map<std::pair<raft::NodeId, raft::NodeId>, Time> last_arrival_;
  uint64_t sent_ = 0;
};

}  // namespace skiff::sim

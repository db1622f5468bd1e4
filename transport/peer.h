// Peer: who we are among the nodes, who the others are, and when two that meet belong together.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "raft/types.h"
#include "transport/address.h"
#include "transport/wire.h"

namespace skiff::transport {

// Which data folder stands behind each id, by the number that it says. The first is remembered: one that comes later
// has lost what the node of that id has promised.
class KnownPeers {
 public:
  using Instances = std::map<raft::NodeId, uint64_t>;
  KnownPeers(Instances instances, std::function<void(const Instances&)> learned)
      : instances_(std::move(instances)), learned_(std::move(learned)) {}

  // Only these are remembered; before it is called, everybody is. Others are once they are among them.
  void learn_only(std::set<raft::NodeId> members) {
    members_ = std::move(members);
    for (raft::NodeId member : *members_) {
      if (auto stranger = strangers_.extract(member)) meet(member, stranger.mapped());
    }
  }
  // Whether it is the one we know, now that we have met.
  bool meet(raft::NodeId node, uint64_t instance) {
    if (instance == 0) return true;
    if (!has_met(node) && members_ && !members_->contains(node)) {
      if (strangers_.size() < kStrangersMax) strangers_[node] = instance;
      return true;
    }
    auto [known, is_new] = instances_.emplace(node, instance);
    if (is_new && learned_) learned_(instances_);
    return known->second == instance;
  }
  bool has_met(raft::NodeId node) const { return instances_.contains(node); }

 private:
  Instances instances_;
  static constexpr size_t kStrangersMax = 64;
  Instances strangers_;  // who is none of the members
  std::optional<std::set<raft::NodeId>> members_;
  std::function<void(const Instances&)> learned_;
};

struct PeerIdentity {
  uint64_t cluster = 0;
  raft::NodeId self = 0;
  uint64_t incarnation = 0;     // counts the starts of this node
  uint64_t instance = 0;        // names its data folder; 0: it has none
  std::string address = {};     // where the others find it; empty: not known
  KnownPeers* known = nullptr;  // outlives whoever is given this; null: nobody is remembered
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
  std::vector<raft::NodeId> leaving;  // or are to be, if that is committed
  std::set<raft::NodeId> met;         // came by, and may be members by what we have not been told yet
};

inline Greeting greeting_to(raft::NodeId node, const PeerIdentity& us) {
  return {kProtocolVersion, us.cluster, us.self, node, us.incarnation, us.instance, us.address};
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

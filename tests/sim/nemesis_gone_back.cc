// Disks that are rolled back to an older state, as when a virtual machine is reset to a snapshot: the node starts
// normally, and lacks entries that it had acknowledged. The leader that had the acknowledgement must notice before
// anything of the node counts. If that leader is gone, no node can notice, and the node is retired before it matters.
#include <algorithm>
#include <utility>

#include "tests/sim/simulation.h"

namespace skiff::sim {

// As the present leader knows it; nothing if the node does not count there.
std::optional<raft::Index> Simulation::acknowledged_by(raft::NodeId node) {
  const raft::Raft* leads = leader();
  if (leads == nullptr || leads->leader() == node) return std::nullopt;
  for (const raft::Status::Peer& peer : leads->status().peers) {
    if (peer.node == node && !peer.recovering) return peer.match;
  }
  return std::nullopt;
}

void Simulation::roll_back_a_disk() {
  Machine* machine = any_machine();
  const std::optional<raft::Index> then = acknowledged_by(machine->id());
  if (!machine->is_up() || !then || !is_intact(machine->id())) return;
  world_.after(world_.between(world_.weather.heartbeat, 3_s),
               [=, this, image = machine->disk().image()] { roll_back(*machine, image, *then); });
}

void Simulation::roll_back(Machine& machine, const testing::MemoryFiles::Image& image, raft::Index acknowledged) {
  const raft::NodeId node = machine.id();
  const std::optional<raft::Index> now = acknowledged_by(node);
  if (world_.is_healed || !machine.is_up() || !is_intact(node) || !may_lose(node)) return;
  if (!now || *now <= acknowledged) return;
  const raft::Raft& leads = *leader();
  gone_back_[node] = {.leader = leads.leader(),
                      .life = machines_.at(leads.leader())->life(),
                      .acknowledged = {.term = leads.term(), .index = *now},
                      .found = {}};
  machine.kill();
  machine.disk().put_back(image);
  checker_.gone_back(node);
  world_.count(Fault::gone_back);
  world_.trace([&] { return "the disk of " + std::to_string(node) + " goes back, behind " + std::to_string(*now); });
  restart_later(node, world_.between(0_s, world_.weather.election_timeout));
}

// Whether to hold a message back, and retire its sender. While a leader might still tell the node about the rollback,
// the node must not ask for votes or grant any. A leader that does not know of the rollback would count its
// acknowledgement.
bool Simulation::is_promise_after_unnoticed_rollback(const PeerMessage& message) {
  if (!gone_back_.contains(message.from) || !checker_.is_unnoticed(message.from)) return false;
  const auto* pre_vote = std::get_if<raft::PreVoteReply>(&message.body);
  const auto* vote = std::get_if<raft::VoteReply>(&message.body);
  const bool is_promise = (pre_vote && pre_vote->granted) || (vote && vote->granted) ||
                          std::holds_alternative<raft::VoteRequest>(message.body);
  const auto* ack = std::get_if<raft::AppendReply>(&message.body);
  const bool is_counted = ack && ack->accepted && !was_acknowledged_to(message.from, message.to);
  if (!is_promise && !is_counted) return false;
  const Machine& machine = *machines_.at(message.from);
  const bool is_early = is_promise && machine.up_for() < world_.weather.election_timeout / 2;
  world_.require(!is_early || machine.replica().raft().is_admitted(), "gone-back",
                 "node " + std::to_string(message.from) + " votes before a leader could tell it that it has forgotten");
  retire(message.from);
  return true;
}

// Whether that process of the leader had the node's acknowledgement.
bool Simulation::was_acknowledged_to(raft::NodeId node, raft::NodeId leader) const {
  const Evidence& evidence = gone_back_.at(node);
  const Machine& machine = *machines_.at(leader);
  return evidence.leader == leader && machine.is_up() && machine.life() == evidence.life;
}

// A leader that had the acknowledgement must not have judged the node to be intact.
void Simulation::require_rollback_noticed(raft::NodeId node) {
  auto back = gone_back_.find(node);
  if (back == gone_back_.end() || !checker_.is_unnoticed(node)) return;
  const raft::Raft& raft = machines_.at(node)->replica().raft();
  if (!raft.is_admitted()) return;
  const auto& [leader, life, acknowledged, found] = back->second;
  const auto [term, index] = acknowledged;
  const bool is_known = raft.leader() == leader && was_acknowledged_to(node, leader);
  const bool is_broken = found.term < term || (found.term == term && found.last.index < index);
  world_.require(!is_known || !is_broken, "gone-back",
                 "node " + std::to_string(node) + " has lost what it acknowledged, and node " + std::to_string(leader) +
                     ", which was told, takes it for intact");
  retire(node);
}

void Simulation::retire(raft::NodeId node) {
  if (!lost_.insert(node).second) return;
  world_.trace([&] { return std::to_string(node) + " has been rolled back, and no leader can tell it"; });
  world_.after(0_s, [this, node] { machines_.at(node)->kill(); });
}

}  // namespace skiff::sim

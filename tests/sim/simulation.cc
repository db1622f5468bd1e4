#include "tests/sim/simulation.h"

#include <algorithm>
#include <utility>

#include "raft/quorum.h"

namespace skiff::sim {

using linearizable::Operation;

Simulation::Simulation(const Plan& plan)
    : world_(plan),
      checker_(world_),
      network_(world_, [this](PeerMessage&& message) { deliver(std::move(message)); }),
      clients_(world_, checker_, [this](raft::NodeId node, ClientRequest request) {
        Machine& machine = *machines_.at(node);
        if (!machine.is_up()) return false;
        world_.after(world_.between(10_us, 1_ms), [&machine, life = machine.incarnation(), request]() mutable {
          if (machine.incarnation() == life) machine.ask(std::move(request));
        });
        return true;
      }) {}

Report Simulation::run() {
  run_with_faults();
  if (!world_.has_failed()) require_liveness();
  if (!world_.has_failed()) {
    std::string failure = linearizable::explain_failure(clients_.history());
    world_.require(failure.empty(), "linearizability", failure);
  }
  return {.checker = world_.checker(),
          .failure = world_.failure(),
          .simulated = world_.now(),
          .elections = checker_.elections(),
          .operations = clients_.answers(),
          .messages = network_.sent(),
          .committed = checker_.committed(),
          .full_disks = world_.full_disks,
          .snapshots = world_.snapshots,
          .noticed = world_.noticed,
          .repaired = world_.repaired,
          .at_rest = world_.at_rest,
          .faults = world_.faults};
}

// ---- machines

Machine& Simulation::add_machine(std::vector<raft::NodeId> founders) {
  raft::NodeId id = machines_.size() + 1;
  Machine::Events events{
      .send = [this](PeerMessage&& message) { network_.send(std::move(message)); },
      .answered =
          [this, id](const Ticket& ticket, const ClientAnswer& answer) {
            Time delay = world_.between(10_us, 1_ms);
            world_.after(delay, [=, this] { clients_.answered(id, ticket, answer); });
          },
      .admin_ended = [](const raft::AdminResult&) {},
      .admin_answered = [this](const Ticket&, const AdminAnswer& answer) { note_admin_request(answer); },
      .stopped = [this](raft::NodeId node) { stopped(node); },
      .starts_again = [this](raft::NodeId node) { start(*machines_.at(node)); },
      .may_leave = [this](const PeerMessage& message) { return !is_promise_after_unnoticed_rollback(message); },
      .stepped = [this](raft::NodeId node) { require_rollback_noticed(node); }};
  auto [place, is_new] =
      machines_.emplace(id, std::make_unique<Machine>(world_, checker_, id, std::move(founders), std::move(events)));
  return *place->second;
}

void Simulation::deliver(PeerMessage&& message) {
  auto machine = machines_.find(message.to);
  if (machine != machines_.end()) machine->second->receive(std::move(message));
}

// Its sockets are closed: clients notice that, and so do the other nodes whose links to it are not cut.
void Simulation::stopped(raft::NodeId node) {
  clients_.lost(node);
  for (auto& [id, machine] : machines_) {
    if (id == node || network_.is_cut(node, id) || network_.is_cut(id, node)) continue;
    world_.after(world_.about(world_.weather.hop), [this, &machine = *machine, node] {
      if (!machines_.at(node)->is_up()) machine.gone(node);
    });
  }
}

void Simulation::start(Machine& machine) {
  if (machine.is_up() || machine.was_removed() || lost_.contains(machine.id())) return;
  machine.start();
  if (machine.refusal()) lost_.insert(machine.id());
  if (!machine.is_up()) {  // its disk is full, perhaps
    return world_.after(1_s, [this, &machine] { start(machine); });
  }
  damaged_.erase(machine.id());
  at_rest_.erase(machine.id());
  if (machine.has_forgotten()) {
    lost_.insert(machine.id());
    return machine.kill();
  }
  if (machine.is_recovering()) gone_back_.erase(machine.id());
  if (auto back = gone_back_.find(machine.id()); back != gone_back_.end() && back->second.found == raft::Found{}) {
    back->second.found = checker_.on_disk(machine.id());
  }
  for (auto& [id, other] : machines_) {
    if (id == machine.id() || network_.is_cut(machine.id(), id) || network_.is_cut(id, machine.id())) continue;
    world_.after(world_.about(2 * world_.weather.hop), [&other = *other, &machine] {
      other.connected(machine.id());
      machine.connected(other.id());
    });
  }
}

// ---- the phases

void Simulation::run_with_faults() {
  std::vector<raft::NodeId> founders;
  for (raft::NodeId id = 1; id <= world_.weather.nodes; ++id) founders.push_back(id);
  while (machines_.size() < founders.size()) start(add_machine(founders));
  clients_.begin(founders);
  schedule_fault();
  world_.run_until(world_.weather.lasts);
}

void Simulation::heal() {
  world_.trace([] { return std::string("all is healed"); });
  world_.is_healed = true;
  network_.heal_all();
  for (auto& [id, machine] : machines_) {
    machine->stall_disk_until(0_s);
    machine->fill_disk_until(0_s);
    machine->go_on();
    start(*machine);
  }
}

const raft::Raft* Simulation::leader() {
  const raft::Raft* newest = nullptr;
  for (const auto& [id, machine] : machines_) {
    if (!machine->is_up() || !machine->replica().raft().is_leader()) continue;
    const raft::Raft& raft = machine->replica().raft();
    if (newest == nullptr || raft.term() > newest->term()) newest = &raft;
  }
  return newest;
}

// As the most up-to-date log has it.
raft::Configuration Simulation::members() {
  raft::Configuration members;
  raft::LogPosition furthest;
  for (const auto& [id, machine] : machines_) {
    if (!machine->is_up()) continue;
    const raft::Raft& raft = machine->replica().raft();
    if (members.members.empty() || raft.log().last() > furthest) {
      members = raft.configuration();
      furthest = raft.log().last();
    }
  }
  return members;
}

// Members that are up, which must answer once all is healed.
std::vector<raft::NodeId> Simulation::voices() {
  std::vector<raft::NodeId> voices;
  raft::Configuration now = members();
  for (const raft::Member& member : now.members) {
    auto machine = machines_.find(member.id);
    if (machine != machines_.end() && machine->second->is_up()) voices.push_back(member.id);
  }
  return voices;
}

bool Simulation::has_converged() {
  const raft::Raft* leads = leader();
  if (leads == nullptr) return false;
  const store::Kv* first = nullptr;
  for (raft::NodeId id : voices()) {
    const Replica& replica = machines_.at(id)->replica();
    if (replica.raft().leader() != leads->leader() || replica.kv().applied() != leads->log().last().index) return false;
    if (replica.raft().is_recovering()) return false;
    if (first == nullptr) first = &replica.kv();
    world_.require(replica.kv().digest() == first->digest(), "state-machine", "states differ when all is applied");
  }
  return first != nullptr;
}

void Simulation::require_liveness() {
  heal();
  world_.run_until(world_.now() + 10 * world_.weather.election_timeout + 5_s);
  clients_.stop();
  Time until = world_.now() + 1_min;
  while (!has_converged() && world_.now() < until && !world_.has_failed()) {
    for (auto& [id, machine] : machines_) start(*machine);  // some were only just stopping
    world_.run_until(world_.now() + 1_s);
  }
  world_.require(has_converged(), "liveness", "a minute after all was healed the members still do not agree");
  require_what_was_answered();
  for (raft::NodeId node : voices()) {
    try_until_done(node, Operation::Kind::put, "/last", 3);
    try_until_done(node, Operation::Kind::get, "/last", 3);
  }
  if (!world_.has_failed()) read_all_back();
}

void Simulation::try_until_done(raft::NodeId node, Operation::Kind kind, const std::string& key, uint64_t tries) {
  bool is_done = false;
  for (; tries > 0 && !is_done && !world_.has_failed(); --tries) {
    bool has_ended = false;
    clients_.ask(node, kind, key, [&](bool done) {
      has_ended = true;
      is_done = done;
    });
    while (!has_ended && !world_.has_failed()) world_.run_until(world_.now() + 10_ms);
  }
  world_.require(is_done, "liveness", "node " + std::to_string(node) + " does not serve though all is healed");
}

void Simulation::read_all_back() {
  std::vector<raft::NodeId> nodes = voices();
  for (uint64_t key = 0; key < world_.weather.keys; ++key) {
    try_until_done(nodes[key % nodes.size()], Operation::Kind::get, "/k" + std::to_string(key), 3);
  }
}

}  // namespace skiff::sim

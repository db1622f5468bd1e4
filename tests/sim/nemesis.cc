// The nemesis: which faults are injected, and when. At any time at most a minority of the voters is lost for good, so
// that the cluster must recover in the end.
#include <algorithm>
#include <utility>

#include "raft/quorum.h"
#include "tests/sim/simulation.h"

namespace skiff::sim {

void Simulation::schedule_fault() {
  world_.after(world_.about(world_.weather.fault_every), [this] {
    if (world_.is_healed) return;
    if (world_.now() < quiet_until_) return schedule_fault();
    heal_sometimes();
    note_recovered_files();
    if (world_.chance(300)) damage_a_resting_file();
    inject();
    schedule_fault();
  });
}

void Simulation::inject() {
  uint64_t sum = 0;
  for (uint64_t weight : world_.weather.weights) sum += weight;
  if (sum == 0) return;
  uint64_t dice = world_.random.below(sum);
  for (size_t fault = 0; fault < kFaults; ++fault) {
    if (dice < world_.weather.weights[fault]) return inject(static_cast<Fault>(fault));
    dice -= world_.weather.weights[fault];
  }
}

void Simulation::inject(Fault fault) {
  Machine* machine = any_up();
  if (machine == nullptr) return;
  raft::NodeId node = machine->id();
  raft::NodeId peer = any_machine()->id();
  switch (fault) {
    case Fault::partition: return partition();
    case Fault::isolate: return isolate();
    case Fault::swizzle: return cut_links_one_by_one();
    case Fault::one_way: network_.cut(node, peer); break;
    case Fault::clog:
      if (world_.chance(400)) return hold_back_messages_to(leader_or_any());
      network_.clog(node, peer, world_.now() + world_.between(100_ms, 5_s));
      break;
    case Fault::reset: machine->connected(peer); break;
    case Fault::false_alarm: machine->gone(peer); break;
    case Fault::kill:
    case Fault::power:
    case Fault::power_all:
    case Fault::torn:
    case Fault::clean_stop: return crash(fault);
    case Fault::bit_rot:
    case Fault::misdirected: return damage(fault);
    case Fault::failed_sync:
      machine->disk().fail_next_sync();
      restart_later(node, world_.between(0_s, 4_s));
      break;
    case Fault::stalled_sync: machine->stall_disk_until(world_.now() + world_.between(10_ms, 5_s)); break;
    case Fault::full_disk:
      for (auto& [id, each] : machines_) {
        if (id != node && !world_.chance(250)) continue;
        each->fill_disk_until(world_.now() + world_.between(0_s, 10_s));
      }
      break;
    case Fault::pause:
      machine->pause();
      world_.after(world_.between(world_.weather.heartbeat, 3 * world_.weather.election_timeout),
                   [machine] { machine->go_on(); });
      break;
    case Fault::transfer:
      if (world_.chance(300)) {
        machine->order(++orders_, {.kind = AdminRequest::Kind::lead, .node = peer, .address = {}});
      } else {
        machine->hand_over(++orders_, world_.chance(500) ? 0 : peer);
      }
      break;
    case Fault::membership: return change_members();
    case Fault::replace: return replace(node);
    case Fault::gone_back: return roll_back_a_disk();
    case Fault::loss:
    case Fault::delay:
    case Fault::duplicate:
    case Fault::drift:
    case Fault::vanish: return;  // injected all the time
  }
  world_.count(fault);
  world_.trace([&] { return std::string(to_text(fault)) + " at " + std::to_string(node); });
}

// ---- the network

void Simulation::heal_sometimes() {
  if (world_.random.below(100) < 60) network_.heal_all();
}

void Simulation::cut_both(raft::NodeId a, raft::NodeId b) {
  network_.cut(a, b);
  network_.cut(b, a);
}

void Simulation::each_other(raft::NodeId node, const std::function<void(Machine&)>& what) {
  for (const auto& [id, machine] : machines_) {
    if (id != node) what(*machine);
  }
}

void Simulation::partition() {
  std::set<raft::NodeId> side;
  for (const auto& [id, machine] : machines_) {
    if (world_.chance(500)) side.insert(id);
  }
  for (const auto& [a, machine] : machines_) {
    for (const auto& [b, other] : machines_) {
      if (side.contains(a) && !side.contains(b)) cut_both(a, b);
    }
  }
  world_.count(Fault::partition);
  world_.trace([&] { return "partition, " + std::to_string(side.size()) + " on one side"; });
}

void Simulation::isolate() {
  raft::NodeId alone = leader_or_any();
  each_other(alone, [&](Machine& machine) { cut_both(alone, machine.id()); });
  world_.count(Fault::isolate);
  world_.trace([&] { return "isolate " + std::to_string(alone); });
}

// Holds back all messages to one node, mostly the leader. Often the others then take it for gone and elect another
// leader, while it still leads by the replies to its earlier messages.
void Simulation::hold_back_messages_to(raft::NodeId node) {
  const Time until = world_.now() + world_.between(world_.weather.heartbeat, 2 * world_.weather.election_timeout);
  each_other(node, [&](Machine& machine) { network_.clog(machine.id(), node, until); });
  world_.count(Fault::clog);
  world_.trace([&] { return "clog all links to " + std::to_string(node); });
  const bool may_be = world_.is_allowed(Fault::false_alarm) && world_.is_allowed(Fault::one_way);
  if (may_be && world_.chance(700)) cut_replies_and_read(node, until);
}

// Makes a leader that hears nothing answer reads from stale state, if it would: it is asked to read before the others
// write, then its messages are cut, too, and it is asked again once a write elsewhere is done.
void Simulation::cut_replies_and_read(raft::NodeId deaf, Time until) {
  const std::string key = "/k" + std::to_string(world_.random.below(world_.weather.keys));
  clients_.ask(deaf, linearizable::Operation::Kind::get, key, [](bool) {});
  world_.after(1_ms, [=, this] {
    if (world_.is_healed) return;
    each_other(deaf, [&](Machine& machine) { network_.cut(deaf, machine.id()); });
    world_.count(Fault::one_way);
    world_.trace([&] { return "one-way, from " + std::to_string(deaf) + " to all"; });
  });
  world_.after(1_ms + world_.weather.hop, [=, this] {
    if (!world_.is_healed) each_other(deaf, [&](Machine& machine) { machine.gone(deaf); });
    write_elsewhere_and_read(deaf, key, until);
  });
}

void Simulation::write_elsewhere_and_read(raft::NodeId deaf, const std::string& key, Time until) {
  if (world_.now() >= until || world_.is_healed) return;
  raft::NodeId node = any_machine()->id();
  auto ended = [=, this](bool done) {
    if (done) return clients_.ask(deaf, linearizable::Operation::Kind::get, key, [](bool) {});
    world_.after(world_.weather.heartbeat / 4, [=, this] { write_elsewhere_and_read(deaf, key, until); });
  };
  if (node == deaf) return ended(false);
  clients_.ask(node, linearizable::Operation::Kind::put, key, ended);
}

void Simulation::cut_links_one_by_one() {
  std::vector<raft::NodeId> chosen;
  for (const auto& [id, machine] : machines_) {
    if (world_.chance(500)) chosen.push_back(id);
  }
  Time at;
  for (raft::NodeId alone : chosen) {
    world_.after(at += world_.between(0_s, 500_ms), [this, alone] {
      for (const auto& [id, machine] : machines_) {
        if (id != alone && !world_.is_healed) cut_both(alone, id);
      }
    });
  }
  for (size_t left = chosen.size(); left > 1; --left) std::swap(chosen[left - 1], chosen[world_.random.below(left)]);
  for (raft::NodeId back : chosen) {
    world_.after(at += world_.between(0_s, 500_ms), [this, back] {
      for (const auto& [id, machine] : machines_) {
        network_.heal(id, back);
        network_.heal(back, id);
      }
    });
  }
  world_.count(Fault::swizzle);
}

// ---- processes, machines and disks

Machine* Simulation::any_machine() {
  auto machine = machines_.begin();
  std::advance(machine, static_cast<std::ptrdiff_t>(world_.random.below(machines_.size())));
  return machine->second.get();
}

Machine* Simulation::any_up() {
  if (world_.chance(400)) {
    Machine* leads = machines_.at(leader_or_any()).get();
    if (leads->is_up()) return leads;
  }
  for (int tries = 0; tries < 20; ++tries) {
    Machine* machine = any_machine();
    if (machine->is_up()) return machine;
  }
  return nullptr;
}

raft::NodeId Simulation::leader_or_any() {
  const raft::Raft* leads = leader();
  return leads != nullptr ? leads->leader() : any_machine()->id();
}

void Simulation::restart_later(raft::NodeId node, Time delay) {
  world_.after(delay, [this, node] {
    Machine& machine = *machines_.at(node);
    if (machine.is_up() && !world_.is_healed) return restart_later(node, 1_s);
    start(machine);
  });
}

void Simulation::crash(Fault fault) {
  Machine* chosen = any_up();
  if (chosen == nullptr) return;
  Machine& machine = *chosen;
  world_.count(fault);
  switch (fault) {
    case Fault::kill: machine.kill(); break;
    case Fault::power: machine.lose_power(Loss::random); break;
    case Fault::torn: machine.lose_power_in_next_save(); break;
    case Fault::clean_stop: machine.stop(); break;
    default:
      for (auto& [id, each] : machines_) {
        each->lose_power(Loss::random);
        restart_later(id, world_.between(0_s, 2_s));
      }
      return;
  }
  restart_later(machine.id(), world_.between(0_s, 4_s));
}

// Whether a majority of the voters stays intact without it, now and when the change under way is done.
bool Simulation::may_lose(raft::NodeId node) {
  const raft::Raft* leads = leader();
  if (leads == nullptr || !leads->is_configuration_committed() || leads->configuration().is_joint()) return false;
  // Nor may an older configuration come back, from a leader that was cut off.
  if (leads->log().term_at(leads->log().committed()) != leads->term()) return false;
  std::set<raft::NodeId> intact;
  for (const auto& [id, machine] : machines_) {
    if (id != node && is_intact(id) && !machine->was_removed()) intact.insert(id);
  }
  // One more node may be lost at once, so no change may be under way that counts on it, and none may begin. A joining
  // member becomes a voter without further notice, even if its files are damaged.
  raft::Voters voters = leads->configuration().voters();
  for (const raft::Member& member : leads->configuration().members) {
    if (!voters.contain(member.id) && !intact.contains(member.id)) voters.incoming.push_back(member.id);
  }
  return raft::quorum::is_majority(voters, intact);
}

bool Simulation::is_intact(raft::NodeId node) const {
  auto machine = machines_.find(node);
  bool is_damaged = damaged_.contains(node) || gone_back_.contains(node) ||
                    (machine != machines_.end() && machine->second->is_recovering());
  return !is_damaged && !lost_.contains(node);
}

}  // namespace skiff::sim

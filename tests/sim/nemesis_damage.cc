// Damage to files: of nodes that are down, and find it when they start, and of nodes that run, and may find it by a
// scrub.
#include <algorithm>
#include <utility>

#include "tests/sim/simulation.h"

namespace skiff::sim {

// The node must get back from the others what it has lost. A damaged last batch may look like one that was never
// finished; such a node cannot notice that, and is retired.
void Simulation::damage(Fault fault) {
  Machine* chosen = any_up();
  if (chosen == nullptr || !may_lose(chosen->id())) return;
  Machine& machine = *chosen;
  if (world_.chance(300)) return damage_at_rest(machine, fault);
  const std::optional<raft::NodeId> leans = leader_to_depend_on(machine.id());
  if (leans && world_.is_allowed(Fault::isolate) && world_.chance(600))
    return make_commits_depend_on(*leans, machine, fault);
  kill_and_damage(machine, fault);
  restart_later(machine.id(), world_.between(0_s, 4_s));
}

// The leader, if both are voters.
std::optional<raft::NodeId> Simulation::leader_to_depend_on(raft::NodeId node) {
  const raft::Raft* leads = leader();
  if (leads == nullptr || leads->leader() == node) return std::nullopt;
  const raft::Configuration& now = leads->configuration();
  return now.is_voter(node) && now.is_voter(leads->leader()) ? std::optional(leads->leader()) : std::nullopt;
}

// Makes commits depend on one follower: for a while the leader hears only that one, and of the others no more than it
// needs for a majority. Then the follower's files are damaged. Once it says that it is intact again, the leader is cut
// off, and the follower is alone with the nodes that never had those entries.
void Simulation::make_commits_depend_on(raft::NodeId leader, Machine& machine, Fault fault) {
  const raft::NodeId leant_on = machine.id();
  const std::vector<raft::NodeId> voters = machines_.at(leader)->replica().raft().configuration().voters().incoming;
  size_t heard = 2;  // the leader itself, and it
  for (raft::NodeId id : voters) {
    if (id != leader && id != leant_on && ++heard > voters.size() / 2 + 1) cut_both(leader, id);
  }
  network_.heal(leader, leant_on);
  network_.heal(leant_on, leader);
  world_.trace([&] { return std::to_string(leader) + " commits only with " + std::to_string(leant_on); });
  clients_.ask(leader, linearizable::Operation::Kind::put, "/k0", [](bool) {});
  quiet_until_ = world_.now() + 4 * world_.weather.election_timeout;
  world_.after(world_.between(2 * world_.weather.heartbeat, world_.weather.election_timeout),
               [=, this, &machine] { damage_while_needed(leader, machine, fault); });
}

void Simulation::damage_while_needed(raft::NodeId leader, Machine& machine, Fault fault) {
  if (world_.is_healed || !machine.is_up() || !may_lose(machine.id())) return;
  kill_and_damage(machine, fault);
  if (world_.is_allowed(Fault::loss)) network_.narrow(leader, machine.id());
  const Time back = world_.between(0_s, world_.weather.election_timeout / 4);
  restart_later(machine.id(), back);
  world_.after(back, [=, this, &machine] { cut_off_leader_once_intact(leader, machine, world_.now() + 1_s); });
}

void Simulation::cut_off_leader_once_intact(raft::NodeId leader, Machine& machine, Time until) {
  if (world_.is_healed || world_.now() >= until) return;
  if (!machine.is_up() || machine.is_recovering()) {
    return world_.after(world_.weather.hop / 2,
                        [=, this, &machine] { cut_off_leader_once_intact(leader, machine, until); });
  }
  network_.heal_all();
  each_other(leader, [&](Machine& other) { cut_both(leader, other.id()); });
  world_.trace([&] { return std::to_string(leader) + " is cut off from " + std::to_string(machine.id()); });
}

void Simulation::kill_and_damage(Machine& machine, Fault fault) {
  machine.kill();
  at_rest_.erase(machine.id());
  std::vector<std::string> paths;
  const auto names = machine.disk().list("data");
  for (const std::string& each : *names) {
    if (store::segment_sequence(each) || store::snapshot_index(each)) paths.push_back("data/" + each);
  }
  if (!paths.empty()) {
    const std::string path = paths[world_.random.below(paths.size())];
    if (damage_file(machine, path, fault)) damaged_.insert(machine.id());
  }
}

// More often than other faults, so that a scrub has damage to find: only where nodes scrub at all.
void Simulation::damage_a_resting_file() {
  const bool may_be = world_.weather.weights[static_cast<size_t>(Fault::bit_rot)] > 0;
  if (!may_be || world_.weather.scrub_every == 0_s) return;
  Machine* machine = any_up();
  if (machine != nullptr && may_lose(machine->id())) damage_at_rest(*machine, Fault::bit_rot);
}

// The node is not told. It goes on running, and may be killed before a scrub finds the damage.
void Simulation::damage_at_rest(Machine& machine, Fault fault) {
  const std::vector<std::string> paths = resting(machine);
  if (paths.empty()) return;
  const std::string path = paths[world_.random.below(paths.size())];
  const std::string before = machine.disk().content(path);
  if (!damage_file(machine, path, fault)) return;
  if (machine.disk().content(path) == before) {  // a sector of zeros over another
    if (!damaged_.contains(machine.id())) checker_.undamaged(machine.id());
    return;
  }
  damaged_.insert(machine.id());
  at_rest_[machine.id()][path] = machine.disk().content(path);
  ++world_.at_rest.done;
}

// Snapshots, and segments of the log that have a successor.
std::vector<std::string> Simulation::resting(Machine& machine) {
  std::vector<std::string> paths, segments;
  const auto names = machine.disk().list("data");
  for (const std::string& each : *names) {
    if (store::snapshot_index(each)) paths.push_back("data/" + each);
    if (store::segment_sequence(each)) segments.push_back("data/" + each);
  }
  if (!segments.empty()) segments.pop_back();
  paths.insert(paths.end(), segments.begin(), segments.end());
  return paths;
}

// A node is intact again when the damaged files are gone, for whatever reason.
void Simulation::note_recovered_files() {
  for (auto node = at_rest_.begin(); node != at_rest_.end();) {
    const auto& [id, files] = *node;
    testing::MemoryFiles& disk = machines_.at(id)->disk();
    const bool is_left = std::any_of(files.begin(), files.end(), [&](const auto& file) {
      return *disk.exists(file.first) && disk.content(file.first) == file.second;
    });
    if (is_left) {
      ++node;
      continue;
    }
    damaged_.erase(id);
    checker_.undamaged(id);
    world_.at_rest.gone += files.size();
    node = at_rest_.erase(node);
  }
}

bool Simulation::damage_file(Machine& machine, const std::string& path, Fault fault) {
  std::string bytes = machine.disk().content(path);
  constexpr uint64_t kSector = testing::MemoryFiles::kSectorBytes;
  if (bytes.size() < kSector) return false;
  // Near the end of what was written as often as anywhere: the rest of a segment is zeros.
  const size_t content = std::max<size_t>(bytes.find_last_not_of('\0') + 1, 1);
  auto sector = [&] {
    return world_.random.below((world_.chance(700) ? content - 1 : bytes.size() - 1) / kSector + 1);
  };
  const uint64_t place = std::min(sector(), bytes.size() / kSector - 1) * kSector;
  const uint64_t dice = world_.random.below(6);
  if (fault == Fault::misdirected) {
    const uint64_t from = std::min(sector(), bytes.size() / kSector - 1) * kSector;
    bytes.replace(place, kSector, bytes.substr(from, kSector));
  } else if (dice == 0) {
    bytes.replace(place, kSector, kSector, '\0');
  } else if (dice == 1) {
    bytes.resize(place);
  } else {
    bytes[place + world_.random.below(kSector)] ^= static_cast<char>(1 << world_.random.below(8));
  }
  machine.disk().set_content(path, std::move(bytes));
  checker_.damaged(machine.id(), path);
  world_.count(fault);
  world_.trace([&] { return std::string(to_text(fault)) + " at " + std::to_string(machine.id()) + " in " + path; });
  return true;
}

}  // namespace skiff::sim

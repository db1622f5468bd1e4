#include "tests/raft/random_cluster.h"

#include <algorithm>

namespace skiff::random_cluster {

constexpr size_t kSizes[10] = {1, 2, 3, 3, 3, 3, 4, 5, 5, 5};  // of a cluster, as often as they are of interest

Config RandomCluster::limits(Random& random) {
  Config limits;
  if (random.below(2) == 0) limits.append_entries_max = 1 + random.below(3);
  if (random.below(2) == 0) limits.append_bytes_max = 1 + random.below(40);
  if (random.below(2) == 0) limits.window = {.entries_max = 1 + random.below(5), .bytes_max = 1 + random.below(100)};
  if (random.below(4) == 0) limits.uncommitted_entries_max = 1 + random.below(10);
  if (random.below(4) == 0) limits.uncommitted_bytes_max = 100;
  if (random.below(4) == 0) limits.waiting_reads_max = 1 + random.below(5);
  return limits;
}

RandomCluster::RandomCluster(uint64_t seed)
    : random_(seed),
      cluster_(kSizes[random_.below(10)], limits(random_), random_.next()),
      is_saving_(cluster_.size()),
      frozen_until_(cluster_.size()),
      no_clock_until_(cluster_.size()),
      confirmed_(cluster_.size()) {
  draw_weather();
  for (NodeId node = 1; node <= cluster_.size(); ++node) cluster_.start(node, now_);
  schedule(0_s, Act{});
}

void RandomCluster::draw_weather() {
  if (chance(60)) weather_.loss_percent = random_.below(20);
  if (chance(60)) weather_.repeat_percent = random_.below(20);
  if (chance(60)) weather_.late_percent = random_.below(10);
  if (chance(70)) weather_.delay_max = between(1_ms, 60_ms);
  if (chance(70)) weather_.save_max = between(1_ms, 60_ms);
  if (chance(50)) weather_.stall_percent = random_.below(10);
  if (chance(50)) damage_percent_ = random_.below(60);
  weather_.act_every_max = between(5_ms, chance(50) ? 200_ms : 30_ms);
}

std::string RandomCluster::run() {
  run_until(20_s);
  heal();
  check_that_it_lives();
  return broken();
}

// ---- what happens, in the order of time

void RandomCluster::run_until(Time until) {
  while (broken().empty()) {
    NodeId waking = 0;
    Time next = due_.empty() ? kNever : due_.top().at;
    for (NodeId node = 1; node <= cluster_.size(); ++node) {
      if (!cluster_.is_up(node) || wakes_at(node) >= next) continue;
      next = wakes_at(node);
      waking = node;
    }
    if (next > until) break;
    now_ = std::max(now_, next);
    if (waking != 0) {
      cluster_.step(waking, now_, TimePassed{});
      require(cluster_.raft(waking).next_deadline() > now_, "a deadline does not move");
      after_step(waking);
      continue;
    }
    Task task = due_.top().task;
    due_.pop();
    std::visit([this](const auto& each) { happen(each); }, task);
  }
  now_ = until;
}

void RandomCluster::happen(const Arrival& arrival) {
  const Message& message = arrival.message;
  // A frozen node finds its messages when it wakes, in any order.
  if (is_frozen(message.to)) return schedule(frozen_until_[message.to - 1] + between(0_s, 1_ms), arrival);
  if (!cluster_.is_up(message.to) || cut_.contains({message.from, message.to})) return;
  cluster_.step(message.to, now_, Received{.message = message});
  after_step(message.to);
}

void RandomCluster::happen(const SavesDone& done) {
  if (!cluster_.is_up(done.node) || cluster_.incarnation(done.node) != done.incarnation) return;
  if (is_frozen(done.node)) return schedule(frozen_until_[done.node - 1], done);
  for (size_t save = 0; save < done.count; ++save) {
    for (const Message& message : cluster_.finish_save(done.node, now_)) send(message);
  }
  is_saving_[done.node - 1] = false;
  start_saving(done.node);
  after_step(done.node);
}

void RandomCluster::happen(const TakeEffects& taking) {
  if (cluster_.is_up(taking.node) && cluster_.incarnation(taking.node) == taking.incarnation) take(taking.node);
}

void RandomCluster::happen(const ReadOnWaking& waking) { read(waking.node); }

void RandomCluster::happen(const Act&) {
  if (is_healed_) return;
  schedule(now_ + between(1_ns, weather_.act_every_max), Act{});
  uint64_t dice = random_.below(100);
  if (dice < 38) {
    propose();
  } else if (dice < 72) {
    read(any_node());
  } else if (dice < 77) {
    crash();
  } else if (dice < 84) {
    restart();
  } else if (dice < 89) {
    cut();
  } else if (dice < 94) {
    cut_.clear();
  } else if (dice < 96) {
    alarm();
  } else {
    freeze();
  }
}

// ---- the faults and the clients

// Half of the time a node that takes itself for the leader, if there is one.
NodeId RandomCluster::any_node() {
  NodeId first = 1 + random_.below(cluster_.size());
  if (chance(50)) return first;
  for (NodeId offset = 0; offset < cluster_.size(); ++offset) {
    NodeId node = 1 + (first - 1 + offset) % cluster_.size();
    if (cluster_.is_up(node) && cluster_.raft(node).is_leader()) return node;
  }
  return first;
}

void RandomCluster::propose() {
  NodeId node = any_node();
  if (!cluster_.is_up(node) || is_frozen(node)) return;
  std::vector<std::string> commands(1 + random_.below(chance(20) ? 12 : 3));
  for (std::string& command : commands) {
    command = "c" + std::to_string(++commands_) + std::string(random_.below(8) * random_.below(8), '.');
  }
  cluster_.propose(node, now_, commands);
  after_step(node);
}

void RandomCluster::read(NodeId node) {
  if (!cluster_.is_up(node) || is_frozen(node)) return;
  cluster_.read(node, now_);
  after_step(node);
}

// Some saves under way may have reached the disk, and the next of them in part, without the core ever being told.
void RandomCluster::crash() {
  NodeId node = any_node();
  if (!cluster_.is_up(node)) return;
  Disk& disk = cluster_.disk(node);
  for (size_t finished = random_.below(disk.under_way.size() + 1); finished > 0; --finished) disk.finish_oldest();
  if (!disk.under_way.empty() && chance(50)) disk.finish_oldest(random_.below(3));
  cluster_.crash(node);
  if (chance(damage_percent_)) damage(node);
  if (!chance(50)) return;
  for (NodeId other = 1; other <= cluster_.size(); ++other) {
    if (other == node || !cluster_.is_up(other) || is_frozen(other) || !chance(80)) continue;
    cluster_.step(other, now_, PeerGone{.node = node});
    after_step(other);
  }
}

// Unless too few intact nodes would be left for a majority.
void RandomCluster::damage(NodeId node) {
  size_t damaged = 1;
  for (NodeId other = 1; other <= cluster_.size(); ++other) {
    if (other != node && cluster_.disk(other).is_damaged) ++damaged;
  }
  if (2 * damaged < cluster_.size()) cluster_.damage(node);
}

void RandomCluster::restart() {
  for (NodeId node = 1; node <= cluster_.size(); ++node) {
    if (cluster_.is_up(node)) continue;
    cluster_.start(node, now_);
    is_saving_[node - 1] = false;
    frozen_until_[node - 1] = no_clock_until_[node - 1] = 0_s;
    after_step(node);
  }
}

// The process stands still. When it wakes it may see client requests, and late replies, before it sees the time.
void RandomCluster::freeze() {
  NodeId node = any_node();
  if (!cluster_.is_up(node) || is_frozen(node)) return;
  frozen_until_[node - 1] = now_ + between(0_s, 3_s);
  no_clock_until_[node - 1] = frozen_until_[node - 1] + between(0_s, 3_ms);
  if (chance(50)) schedule(frozen_until_[node - 1], ReadOnWaking{.node = node});
}

// In one direction, around one node, or through the middle.
void RandomCluster::cut() {
  NodeId node = any_node();
  uint64_t kind = random_.below(3);
  uint64_t side = random_.next();
  for (NodeId from = 1; from <= cluster_.size(); ++from) {
    for (NodeId to = 1; to <= cluster_.size(); ++to) {
      bool is_around = from == node || to == node;
      bool is_across = ((side >> from) & 1) != ((side >> to) & 1);
      bool is_one_way = chance(20);
      if ((kind == 0 && is_one_way) || (kind == 1 && is_around) || (kind == 2 && is_across)) cut_.insert({from, to});
    }
  }
}

// A node takes a process for gone, and may be wrong.
void RandomCluster::alarm() {
  NodeId node = any_node();
  if (!cluster_.is_up(node) || is_frozen(node)) return;
  cluster_.step(node, now_, PeerGone{.node = any_node()});
  after_step(node);
}

// ---- the effects

// Sometimes several steps share one taking of effects, as they do when much arrives at once.
void RandomCluster::after_step(NodeId node) {
  if (chance(70)) return take(node);
  schedule(now_ + between(0_s, 1_ms), TakeEffects{.node = node, .incarnation = cluster_.incarnation(node)});
}

void RandomCluster::take(NodeId node) {
  Happened happened = cluster_.take(node);
  for (const Message& message : happened.messages) send(message);
  for (const ConfirmedRead& read : happened.reads) confirmed_[node - 1].insert(read.id);
  start_saving(node);
}

// Everything that waits is saved at once; later saves wait for the next time.
void RandomCluster::start_saving(NodeId node) {
  size_t count = cluster_.disk(node).under_way.size();
  if (is_saving_[node - 1] || count == 0) return;
  is_saving_[node - 1] = true;
  Time takes = between(0_s, chance(weather_.stall_percent) ? 1_s : weather_.save_max);
  schedule(now_ + takes, SavesDone{.node = node, .incarnation = cluster_.incarnation(node), .count = count});
}

void RandomCluster::send(const Message& message) {
  if (cut_.contains({message.from, message.to}) || chance(weather_.loss_percent)) return;
  do {
    Time delay = between(0_s, chance(weather_.late_percent) ? 2_s : weather_.delay_max);
    schedule(now_ + delay, Arrival{.message = message});
  } while (chance(weather_.repeat_percent));
}

// ---- the proof that the cluster is alive

void RandomCluster::heal() {
  is_healed_ = true;
  weather_ = Weather{};
  cut_.clear();
  frozen_until_.assign(cluster_.size(), 0_s);
  no_clock_until_.assign(cluster_.size(), 0_s);
  if (broken().empty()) restart();
}

void RandomCluster::check_that_it_lives() {
  run_until(now_ + 10_s);
  if (!broken().empty()) return;
  require(sole_leader() != 0, "no node leads, or not all follow it");
  for (NodeId node = 1; node <= cluster_.size(); ++node) {
    require(!cluster_.raft(node).is_recovering(), "a damaged node has not recovered: " + std::to_string(node));
  }
  require(cluster_.checker().reads_waiting() == 0, "a read was neither confirmed nor refused");
  for (NodeId node = 1; node <= cluster_.size() && broken().empty(); ++node) {
    std::string command = "last words of " + std::to_string(node);
    cluster_.propose(node, now_, {command});
    after_step(node);
    RequestId read = cluster_.read(node, now_);
    after_step(node);
    run_until(now_ + 1_s);
    require(has_committed_everywhere(command), "not committed everywhere: " + command);
    require(confirmed_[node - 1].contains(read), "a read is not confirmed at " + std::to_string(node));
  }
}

// The leader that all nodes follow; 0 if they do not.
NodeId RandomCluster::sole_leader() const {
  NodeId leader = cluster_.raft(1).leader();
  for (NodeId node = 1; node <= cluster_.size(); ++node) {
    const Raft& raft = cluster_.raft(node);
    bool follows = raft.leader() == leader && raft.term() == cluster_.raft(1).term();
    if (!follows || raft.is_leader() != (node == leader)) return 0;
  }
  return leader;
}

bool RandomCluster::has_committed_everywhere(const std::string& command) const {
  for (NodeId node = 1; node <= cluster_.size(); ++node) {
    const Log& log = cluster_.raft(node).log();
    bool is_last =
        log.last().index > 0 && log.at(log.last().index).payload && *log.at(log.last().index).payload == command;
    if (!is_last || log.committed() != log.last().index || log.durable() != log.last().index) return false;
  }
  return true;
}

}  // namespace skiff::random_cluster

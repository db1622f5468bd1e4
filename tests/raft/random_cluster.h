// A random cluster: one to five cores, and everything that can go wrong with messages, disks and processes, by a seed.
//
// For twenty seconds of its own time messages are lost, repeated, late and out of order, links are cut in one direction
// or both, disks stall, nodes freeze and wake, crash in the middle of a save and come back, a minority of them with
// empty disks, and clients write and read at all nodes. The leader gets more than its share of all this. The Checker
// looks on after every step. Then all faults end, and the cluster must show that it is alive: one leader, every log the
// same, writes and reads at every node done within seconds.
#pragma once

#include <queue>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "raft/time.h"
#include "tests/raft/cluster.h"

namespace skiff::random_cluster {

using namespace skiff::raft_cluster;

// How often messages and saves go wrong; drawn for each seed, so that some clusters get a storm and some a drizzle.
struct Weather {
  uint64_t loss_percent = 0;
  uint64_t repeat_percent = 0;
  uint64_t late_percent = 0;  // by up to two seconds; the others by up to:
  Time delay_max = 1_ms;
  Time save_max = 1_ms;
  uint64_t stall_percent = 0;  // saves that take up to a second
  Time act_every_max = 50_ms;
};

class RandomCluster {
 public:
  explicit RandomCluster(uint64_t seed);
  // Returns what went wrong; empty if nothing did.
  std::string run();

 private:
  struct Arrival {
    Message message;
  };
  struct SavesDone {
    NodeId node;
    uint64_t incarnation;
    size_t count;
  };
  struct TakeEffects {
    NodeId node;
    uint64_t incarnation;
  };
  struct ReadOnWaking {
    NodeId node;
  };
  struct Act {};
  using Task = std::variant<Arrival, SavesDone, TakeEffects, ReadOnWaking, Act>;
  struct Due {
    Time at;
    uint64_t order;
    Task task;
    bool operator<(const Due& other) const { return std::tie(at, order) > std::tie(other.at, other.order); }
  };

  static Config limits(Random& random);
  void draw_weather();
  void run_until(Time until);
  void happen(const Arrival& arrival);
  void happen(const SavesDone& done);
  void happen(const TakeEffects& take);
  void happen(const ReadOnWaking& waking);
  void happen(const Act&);

  void propose();
  void read(NodeId node);
  void crash();
  void restart();
  void damage(NodeId node);
  void cut();
  void alarm();
  void freeze();

  void after_step(NodeId node);
  void take(NodeId node);
  void start_saving(NodeId node);
  void send(const Message& message);
  void schedule(Time at, Task task) { due_.push({.at = at, .order = ++order_, .task = std::move(task)}); }
  bool chance(uint64_t percent) { return random_.below(100) < percent; }
  Time between(Time least, Time most) { return least + random_time(random_, most - least + 1_ns); }
  NodeId any_node();
  bool is_frozen(NodeId node) const { return now_ < frozen_until_[node - 1]; }
  Time wakes_at(NodeId node) const { return std::max(cluster_.raft(node).next_deadline(), no_clock_until_[node - 1]); }
  const std::string& broken() const { return broken_.empty() ? cluster_.checker().broken() : broken_; }
  void require(bool holds, const std::string& complaint) {
    if (!holds && broken_.empty()) broken_ = complaint;
  }

  void heal();
  void check_that_it_lives();
  NodeId sole_leader() const;
  bool has_committed_everywhere(const std::string& command) const;

  Random random_;
  Cluster cluster_;
  Weather weather_;
  bool is_healed_ = false;
  Time now_;
  uint64_t order_ = 0;
  uint64_t commands_ = 0;
  std::priority_queue<Due> due_;
  std::set<std::pair<NodeId, NodeId>> cut_;
  uint64_t damage_percent_ = 0;  // of the crashes
  std::vector<bool> is_saving_;
  std::vector<Time> frozen_until_;
  std::vector<Time> no_clock_until_;  // a little later
  std::vector<std::set<RequestId>> confirmed_;
  std::string broken_;
};

}  // namespace skiff::random_cluster

// Simulation: a cluster of real replicas in one thread, and one bad day of its life, all of it from one seed.
//
// First everything goes wrong that the weather allows, while clients go on. Then all is healed: whoever can be started
// is, and the cluster must show that it lives: one leader, the same state everywhere, reads and writes at every member
// done in bounded time. At last every key is read back, and what clients saw must be linearizable.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/checker.h"
#include "tests/sim/clients.h"
#include "tests/sim/machine.h"
#include "tests/sim/network.h"
#include "tests/sim/world.h"

namespace skiff::sim {

struct Report {
  std::string checker;  // empty: nothing went wrong
  std::string failure;
  Time simulated = 0;
  uint64_t elections = 0;
  uint64_t operations = 0;  // that got an answer
  uint64_t messages = 0;
  uint64_t committed = 0;
  uint64_t full_disks = 0;  // times that a node found its own full
  ReplicaSnapshots::Counts snapshots;
  uint64_t noticed = 0;  // disks that had gone back
  uint64_t repaired = 0;
  AtRest at_rest;
  Counts faults{};
};

class Simulation {
 public:
  explicit Simulation(const Plan& plan);
  Report run();

 private:
  using Loss = testing::MemoryFiles::Loss;

  // simulation.cc
  Machine& add_machine(std::vector<raft::NodeId> founders);
  void deliver(PeerMessage&& message);
  void stopped(raft::NodeId node);
  void start(Machine& machine);
  void live_through_it();
  void heal();
  void demand_life();
  void read_all_back();
  bool has_converged();
  const raft::Raft* leader();
  raft::Configuration members();
  std::vector<raft::NodeId> voices();
  void try_until_done(raft::NodeId node, linearizable::Operation::Kind kind, const std::string& key, uint64_t tries);

  // nemesis.cc
  void schedule_fault();
  void strike();
  void strike(Fault fault);
  void undo_some();
  void partition();
  void isolate();
  void deafen(raft::NodeId node);
  void tempt(raft::NodeId deaf, Time until);
  void write_past(raft::NodeId deaf, const std::string& key, Time until);
  void swizzle();
  void crash(Fault fault);
  void damage(Fault fault);
  std::optional<raft::NodeId> who_leans_on(raft::NodeId node);
  void lean_on(raft::NodeId leader, Machine& machine, Fault fault);
  void let_down(raft::NodeId leader, Machine& machine, Fault fault);
  void leave_when_intact(raft::NodeId leader, Machine& machine, Time until);
  void ruin(Machine& machine, Fault fault);
  void let_disk_go_back();
  void go_back(Machine& machine, const testing::MemoryFiles::Image& image, raft::Index acknowledged);
  std::optional<raft::Index> acknowledged_by(raft::NodeId node);
  bool is_promise_before_it_was_noticed(const PeerMessage& message);
  bool was_told_of(raft::NodeId node, raft::NodeId leader) const;
  void look_whether_it_was_noticed(raft::NodeId node);
  void give_up(raft::NodeId node);
  void rot();
  void damage_at_rest(Machine& machine, Fault fault);
  void look_what_has_recovered();
  static std::vector<std::string> resting(Machine& machine);
  void restart_later(raft::NodeId node, Time delay);
  Machine* any_machine();
  Machine* any_up();
  raft::NodeId leader_or_any();
  bool may_lose(raft::NodeId node);
  bool is_intact(raft::NodeId node) const;
  bool tamper(Machine& machine, const std::string& path, Fault fault);
  void cut_both(raft::NodeId a, raft::NodeId b);
  void each_other(raft::NodeId node, const std::function<void(Machine&)>& what);

  // nemesis_members.cc
  void change_members();
  std::vector<raft::Change> change_many(raft::NodeId leader, const raft::Configuration& now);
  void part_halves(raft::NodeId leader, const raft::Configuration& next);
  bool ask_admin(const std::vector<raft::Change>& changes);
  void note_admin_request(const AdminAnswer& answer);
  void require_what_was_answered();
  void replace(raft::NodeId lost);

  World world_;
  Checker checker_;
  Network network_;
  Clients clients_;
  std::map<raft::NodeId, std::unique_ptr<Machine>> machines_;
  std::set<raft::NodeId> lost_;     // for good: their disks are thrown away, or cannot know that they are damaged
  std::set<raft::NodeId> damaged_;  // and not started since
  // Of those that went on, the files, as they were left there.
  std::map<raft::NodeId, std::map<std::string, std::string>> at_rest_;
  // Of a disk that has gone back, and nobody has noticed: who led, in which of its lives, and what it had been told.
  struct Evidence {
    raft::NodeId leader = 0;
    uint64_t life = 0;
    raft::LogPosition acknowledged;
    raft::Found found;
  };
  std::map<raft::NodeId, Evidence> gone_back_;
  Time quiet_until_ = 0;  // while something takes its course nothing else strikes
  uint64_t orders_ = 0;
  // What operators were told, by the node it was about: of removals that are done, and of additions, each asked for
  // once, that never come true.
  std::set<raft::NodeId> told_removed_;
  std::set<raft::NodeId> told_not_added_;
};

}  // namespace skiff::sim

// Simulation: one run of a cluster of real replicas in one thread, under faults, all of it drawn from one seed.
//
// First the faults that the weather allows are injected while clients go on. Then all is healed, every node that can
// start is started, and the cluster must be live: one leader, the same state everywhere, reads and writes at every
// member done in bounded time. At last every key is read back, and the clients' history must be linearizable.
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
  Time simulated;
  uint64_t elections = 0;
  uint64_t operations = 0;  // that got an answer
  uint64_t messages = 0;
  uint64_t committed = 0;
  uint64_t full_disks = 0;  // times that a node found its disk full
  ReplicaSnapshots::Counts snapshots;
  uint64_t noticed = 0;  // rolled back disks
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
  void run_with_faults();
  void heal();
  void require_liveness();
  void read_all_back();
  bool has_converged();
  const raft::Raft* leader();
  raft::Configuration members();
  std::vector<raft::NodeId> voices();
  void try_until_done(raft::NodeId node, linearizable::Operation::Kind kind, const std::string& key, uint64_t tries);

  // nemesis.cc
  void schedule_fault();
  void inject();
  void inject(Fault fault);
  void heal_sometimes();
  void partition();
  void isolate();
  void hold_back_messages_to(raft::NodeId node);
  void cut_replies_and_read(raft::NodeId deaf, Time until);
  void write_elsewhere_and_read(raft::NodeId deaf, const std::string& key, Time until);
  void cut_links_one_by_one();
  void crash(Fault fault);
  void damage(Fault fault);
  std::optional<raft::NodeId> leader_to_depend_on(raft::NodeId node);
  void make_commits_depend_on(raft::NodeId leader, Machine& machine, Fault fault);
  void damage_while_needed(raft::NodeId leader, Machine& machine, Fault fault);
  void cut_off_leader_once_intact(raft::NodeId leader, Machine& machine, Time until);
  void kill_and_damage(Machine& machine, Fault fault);
  void roll_back_a_disk();
  void roll_back(Machine& machine, const testing::MemoryFiles::Image& image, raft::Index acknowledged);
  std::optional<raft::Index> acknowledged_by(raft::NodeId node);
  bool is_promise_after_unnoticed_rollback(const PeerMessage& message);
  bool was_acknowledged_to(raft::NodeId node, raft::NodeId leader) const;
  void require_rollback_noticed(raft::NodeId node);
  void retire(raft::NodeId node);
  void damage_a_resting_file();
  void damage_at_rest(Machine& machine, Fault fault);
  void note_recovered_files();
  static std::vector<std::string> resting(Machine& machine);
  void restart_later(raft::NodeId node, Time delay);
  Machine* any_machine();
  Machine* any_up();
  raft::NodeId leader_or_any();
  bool may_lose(raft::NodeId node);
  bool is_intact(raft::NodeId node) const;
  bool damage_file(Machine& machine, const std::string& path, Fault fault);
  void cut_both(raft::NodeId a, raft::NodeId b);
  void each_other(raft::NodeId node, const std::function<void(Machine&)>& what);

  // nemesis_members.cc
  void change_members();
  std::vector<raft::Change> change_many(raft::NodeId leader, const raft::Configuration& now);
  void cut_new_voters_from_old(raft::NodeId leader, const raft::Configuration& next);
  bool ask_admin(const std::vector<raft::Change>& changes);
  void note_admin_request(const AdminAnswer& answer);
  void require_what_was_answered();
  void replace(raft::NodeId lost);

  World world_;
  Checker checker_;
  Network network_;
  Clients clients_;
  std::map<raft::NodeId, std::unique_ptr<Machine>> machines_;
  std::set<raft::NodeId> lost_;     // for good: the disk is gone, or damaged in a way that its node cannot notice
  std::set<raft::NodeId> damaged_;  // and not started since
  // The damaged files of nodes that kept running, with their damaged content.
  std::map<raft::NodeId, std::map<std::string, std::string>> at_rest_;
  // Of a rolled back disk that no leader has noticed: the leader then, its process, and the acknowledgement it had.
  struct Evidence {
    raft::NodeId leader = 0;
    uint64_t life = 0;
    raft::LogPosition acknowledged;
    raft::Found found;
  };
  std::map<raft::NodeId, Evidence> gone_back_;
  Time quiet_until_;  // no other fault is injected before
  uint64_t orders_ = 0;
  // Replies to operators, by the node that the order was about: removals that are done, and additions, each ordered
  // once, that will never be done.
  std::set<raft::NodeId> told_removed_;
  std::set<raft::NodeId> told_not_added_;
};

}  // namespace skiff::sim

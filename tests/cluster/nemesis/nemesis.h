// Nemesis (the word is Jepsen's): injects faults into a cluster of real processes, one after the other: kills, pauses,
// partitions, slow links, full disks, restarts. A seed decides the faults, and heal() undoes them.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/cluster/nemesis/network.h"
#include "tests/cluster/support/cluster.h"

namespace skiff::cluster_test {

class Nemesis {
 public:
  // Requires: the cluster is on this network, and each node has a disk of its own.
  Nemesis(Cluster& cluster, Network& network, uint64_t seed);

  // Injects one fault, and waits for the time that it lasts. Every kind is drawn once before any is drawn again.
  void inject_fault();
  // Undoes all faults, and starts the nodes that it has stopped. The test fails if any other node has ended.
  void heal();
  // "3 kills, 2 pauses, ..."
  std::string counts() const;

 private:
  using Fault = void (Nemesis::*)();
  struct Kind {
    const char* name;
    Fault inject;
  };

  static const std::vector<Kind>& kinds();
  void kill_one();
  void kill_all();
  void pause_one();
  void isolate_one();
  void cut_one_direction();
  void partition();
  void degrade_all_links();
  void throttle_links_of_one();
  void fill_disks();
  void stop_one();
  void restart_in_turn();

  int below(int end) { return std::uniform_int_distribution(0, end - 1)(random_); }
  int some_node() { return 1 + below(cluster_.size()); }
  int leader_or_some();
  void stop(int node);
  void let_fault_last();
  void start_again(int node);

  Cluster& cluster_;
  Network& network_;
  std::mt19937_64 random_;
  std::vector<Kind> kinds_left_;
  std::set<int> stopped_;  // by this nemesis
  std::set<int> paused_;   // by this nemesis
  std::set<int> full_;
  std::map<std::string, int> counts_;
};

}  // namespace skiff::cluster_test

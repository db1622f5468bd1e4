// Nemesis: does to real processes, one after the other, what happens to machines: kill, pause, partition, slow network,
// full disk, restart. Everything it does is drawn from a seed and can be undone.
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
  // A cluster on this network, with disks of their own.
  Nemesis(Cluster& cluster, Network& network, uint64_t seed);

  // One bad thing, and the time that it lasts. Every kind comes up once before any comes up again.
  void strike();
  // All is well again, and every node runs. A test failure if one had ended for no reason of ours.
  void heal();
  // "3 kills, 2 pauses, ..."
  std::string counts() const;

 private:
  using Deed = void (Nemesis::*)();
  struct Kind {
    const char* name;
    Deed deed;
  };

  static const std::vector<Kind>& kinds();
  void kill_one();
  void kill_all();
  void pause();
  void isolate();
  void one_way();
  void split();
  void slow_network();
  void slow_node();
  void full_disk();
  void restart();
  void restart_all();

  int below(int end) { return std::uniform_int_distribution(0, end - 1)(random_); }
  int some_node() { return 1 + below(cluster_.size()); }
  int leader_or_some();
  void stop(int node);
  void last();
  void start_again(int node);

  Cluster& cluster_;
  Network& network_;
  std::mt19937_64 random_;
  std::vector<Kind> to_come_;
  std::set<int> down_;    // by us
  std::set<int> paused_;  // by us
  std::set<int> full_;
  std::map<std::string, int> counts_;
};

}  // namespace skiff::cluster_test

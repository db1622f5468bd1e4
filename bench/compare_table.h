// The tables of a comparison, as Markdown: what each system reached, and how many times the best of etcd that is.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bench/limits.h"
#include "bench/plan.h"
#include "bench/tally.h"

namespace skiff::bench {

enum class Figure { rate, p50, p99 };  // what a workload is judged by

struct Load {
  uint64_t clients = 1;
  uint64_t put_percent = 100;
  bool is_stale = false;
  bool is_open = false;
  bool at_all_nodes = false;  // else at the leader
};

struct Contest {
  std::string name;
  std::string title;
  Figure figure = Figure::rate;
  Load load;
};

// One system under one workload in one round.
struct Cell {
  Plan plan;
  Tally tally;
  double cpu_us = 0;  // of all nodes, for each request
  double first_write_ms = 0;
  double others_share = 0;  // of the machine, taken by processes that were none of ours
};

struct Standings {
  std::vector<Contest> contests;
  std::vector<std::string> systems;
  std::map<std::pair<std::string, std::string>, std::vector<Cell>> cells;  // by workload and system, one for each round
};

std::string tables(const Standings& standings, const Limits& limits);

// In the same round, how many times better `mine` is than the best of `others`. Requires: `others` is not empty.
double times_better(Figure figure, const Cell& mine, const std::vector<const Cell*>& others);

}  // namespace skiff::bench

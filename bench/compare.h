// Compare: the standard set of workloads, against skiff and what is installed of etcd.
//
// Figures of a busy machine are good to a factor of two; what holds is a ratio of two runs close to each other. So for
// each workload the systems take turns, each on three fresh nodes, several rounds of it, and ratios are taken within a
// round. The table shows their median and their range.
#pragma once

#include <string>
#include <vector>

#include "bench/plan.h"
#include "raft/time.h"
#include "src/base/result.h"

namespace skiff::bench {

struct CompareOptions {
  std::vector<std::string> systems;    // empty: all that are installed
  std::vector<std::string> workloads;  // empty: all
  uint64_t rounds = 3;
  raft::Time duration = 3_s;  // of each measurement, behind a warm-up
  raft::Time warm_up = 500_ms;
  uint64_t rate = 5'000;  // of put-open, requests a second
  std::string skiff;      // the program; empty: beside ours
  std::string scratch;    // where the nodes' directories go, on a real disk
  std::string out;        // directory for table, pictures and results; empty: none
  std::string limits;     // file of limits, read if it is there
};

// Prints what it does as it goes, and the tables at the end.
Result<> compare(const CompareOptions& options);

}  // namespace skiff::bench

// World: shared by all parts of a simulation: time, chance, the trace, the count of faults, and the first failure.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "raft/random.h"
#include "src/replica/snapshots.h"
#include "tests/sim/plan.h"

namespace skiff::sim {

// Damage to files of nodes that kept running: injected, found, replaced.
struct AtRest {
  uint64_t done = 0;
  uint64_t found = 0;      // by the node itself, while it ran
  uint64_t recovered = 0;  // in the same way
  uint64_t gone = 0;       // without a start, for whatever reason
};

class World {
 public:
  explicit World(const Plan& of) : plan(of), random(of.seed), weather(draw_weather(of, random)) {}

  const Plan plan;
  raft::Random random;
  const Weather weather;
  Counts faults{};
  uint64_t full_disks = 0;  // times that a node found its disk full
  ReplicaSnapshots::Counts snapshots;
  uint64_t noticed = 0;   // rolled back disks
  uint64_t repaired = 0;  // nodes that had been damaged
  AtRest at_rest;
  bool is_healed = false;

  Time now() const { return now_; }
  bool chance(uint64_t permille) { return permille > 0 && random.below(1'000) < permille; }
  uint64_t between(uint64_t least, uint64_t most) { return least + random.below(most - least + 1); }
  Time between(Time least, Time most) { return least + random_time(random, most - least + 1_ns); }
  // Mostly near the mean, now and then far beyond it.
  Time about(Time mean) {
    Time drawn = between(mean / 4, mean + mean / 2);
    while (random.below(4) == 0) drawn += mean;
    return drawn;
  }

  void after(Time delay, std::function<void()> task) {
    due_.push({.at = now_ + delay, .order = ++order_, .task = std::move(task)});
  }
  void run_until(Time end) {
    while (!due_.empty() && due_.top().at <= end && !has_failed()) {
      auto task = std::move(const_cast<Due&>(due_.top()).task);
      now_ = due_.top().at;
      due_.pop();
      task();
    }
    now_ = std::max(now_, end);
  }

  void count(Fault fault) { ++faults[static_cast<size_t>(fault)]; }
  bool is_allowed(Fault fault) const { return !plan.without.contains(fault) && !is_healed; }

  // `line` is only called if there is a trace.
  template <class Line>
  void trace(Line line) {
    if (plan.trace) plan.trace(stamp() + line() + '\n');
  }

  // The first failure is the one that counts; later ones follow from it.
  void require(bool holds, const char* checker, const std::string& otherwise) {
    if (holds || has_failed() || plan.unchecked.contains(checker)) return;
    checker_ = checker;
    failure_ = stamp() + otherwise;
  }
  bool has_failed() const { return !checker_.empty(); }
  const std::string& checker() const { return checker_; }
  const std::string& failure() const { return failure_; }

 private:
  struct Due {
    Time at;
    uint64_t order;
    std::function<void()> task;
    bool operator<(const Due& other) const { return at != other.at ? at > other.at : order > other.order; }
  };

  std::string stamp() const {
    std::string micros = std::to_string(now_.us());
    while (micros.size() < 7) micros.insert(0, 1, '0');
    micros.insert(micros.size() - 6, 1, '.');
    return micros + "  ";
  }

  Time now_;
  uint64_t order_ = 0;
  std::priority_queue<Due> due_;
  std::string checker_;
  std::string failure_;
};

}  // namespace skiff::sim

// skiff-sim: runs simulated bad days, fresh ones or one again. `make sim` is the way to it; docs/testing.md says what
// it shows.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

#include "tests/sim/runner.h"

namespace {

using namespace skiff::sim;
using namespace skiff::time_literals;

constexpr std::string_view kHelp =
    "skiff-sim [seeds=300] [first=RANDOM] [hours=H] [seconds=S] [seed=N] [nodes=N] [clients=N] [ms=N] "
    "[without=fault,...]\n"
    "          [unchecked=checker,...] [busy=1] [trace=1] [limit=60] [shrink=0]\n\n"
    "  seeds    how many days, from `first` on; hours: as many as make that much simulated time; seconds: as many as\n"
    "           can be had in so much real time\n"
    "  seed     one day again, with its trace; nodes, clients, ms (of faults), without: with less in it\n"
    "  busy     five nodes and fifty operations a second, to measure by\n"
    "  limit    seconds of the processor that a single day may take\n";

struct Options {
  Plan plan;
  uint64_t seeds = 300;
  uint64_t first = 0;
  double hours = 0;
  uint64_t seconds = 0;
  bool is_replay = false;
  bool shrinks = true;
  unsigned limit = 60;
};

void print_line(const std::string& line) { std::fwrite(line.data(), 1, line.size(), stdout); }

bool add_faults(std::string_view list, std::set<Fault>& to) {
  while (!list.empty()) {
    std::string_view word = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), word.size() + 1));
    bool is_known = false;
    for (size_t fault = 0; fault < kFaults; ++fault) {
      if (to_text(static_cast<Fault>(fault)) != word) continue;
      to.insert(static_cast<Fault>(fault));
      is_known = true;
    }
    if (!is_known) return false;
  }
  return true;
}

void add_words(std::string_view list, std::set<std::string>& to) {
  while (!list.empty()) {
    std::string_view word = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), word.size() + 1));
    to.emplace(word);
  }
}

// False if it is not understood.
bool take(std::string_view word, Options& options) {
  size_t equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  std::string_view name = word.substr(0, equals);
  std::string value(word.substr(equals + 1));
  if (name == "without") return add_faults(value, options.plan.without);
  if (name == "unchecked") return add_words(value, options.plan.unchecked), true;
  if (name == "hours") return (options.hours = std::strtod(value.c_str(), nullptr)) > 0;
  char* end = nullptr;
  uint64_t number = std::strtoull(value.c_str(), &end, 10);
  if (value.empty() || *end != '\0') return false;
  if (name == "seeds") return options.seeds = number, true;
  if (name == "seconds") return options.seconds = number, true;
  if (name == "first") return options.first = number, true;
  if (name == "seed") return options.plan.seed = number, options.is_replay = true;
  if (name == "nodes") return options.plan.nodes = number, true;
  if (name == "clients") return options.plan.clients = number, true;
  if (name == "ms") return options.plan.lasts = number * 1_ms, true;
  if (name == "busy") return options.plan.is_busy = number != 0, true;
  if (name == "trace") return number == 0 || (options.plan.trace = print_line, true);
  if (name == "limit") return options.limit = static_cast<unsigned>(number), number > 0;
  if (name == "shrink") return options.shrinks = number != 0, true;
  return false;
}

struct Totals {
  uint64_t seeds = 0;
  Time simulated;
  uint64_t elections = 0;
  uint64_t operations = 0;
  uint64_t messages = 0;
  uint64_t full_disks = 0;
  skiff::ReplicaSnapshots::Counts snapshots;
  uint64_t noticed = 0;
  uint64_t repaired = 0;
  AtRest at_rest;
  Counts faults{};
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();

  void add(const Report& report) {
    ++seeds;
    simulated += report.simulated;
    elections += report.elections;
    operations += report.operations;
    messages += report.messages;
    full_disks += report.full_disks;
    snapshots.made += report.snapshots.made;
    snapshots.fetched += report.snapshots.fetched;
    snapshots.resumed += report.snapshots.resumed;
    noticed += report.noticed;
    repaired += report.repaired;
    at_rest.done += report.at_rest.done;
    at_rest.found += report.at_rest.found;
    at_rest.recovered += report.at_rest.recovered;
    at_rest.gone += report.at_rest.gone;
    for (size_t fault = 0; fault < kFaults; ++fault) faults[fault] += report.faults[fault];
  }
  void print(const char* end) const {
    uint64_t all = 0;
    for (uint64_t count : faults) all += count;
    double real = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    double seconds = static_cast<double>(simulated.ns()) / 1e9;
    std::printf(
        "%lu seeds, %.2f simulated hours (%.1f minutes a second), %lu faults, %lu elections, %lu operations, "
        "%lu messages%s",
        seeds, seconds / 3600, seconds / 60 / real, all, elections, operations, messages, end);
    std::fflush(stdout);
  }
  void print_faults() const {
    for (size_t fault = 0; fault < kFaults; ++fault) {
      std::printf("%s%s %lu", fault == 0 ? "faults: " : ", ", std::string(to_text(static_cast<Fault>(fault))).c_str(),
                  faults[fault]);
    }
    std::printf(
        "\nfound no room: %lu times; snapshots: made %lu, fetched %lu, resumed after a start %lu; disks that had "
        "gone back, noticed: %lu; damaged nodes recovered: %lu\nfiles damaged while their node went on: %lu, found by "
        "it %lu, mended %lu; gone without a start "
        "%lu\n",
        full_disks, snapshots.made, snapshots.fetched, snapshots.resumed, noticed, repaired, at_rest.done,
        at_rest.found, at_rest.recovered, at_rest.gone);
  }
};

int fail(const Options& options, const Plan& plan, const Report& report) {
  std::printf("\nFAILED, found by: %s\n%s\nreplay: make sim %s\n", report.checker.c_str(), report.failure.c_str(),
              plan.describe().c_str());
  std::fflush(stdout);
  if (!options.shrinks) return 1;
  Plan smaller = shrink(plan, report.checker);
  std::printf("with less in it: make sim %s\n", smaller.describe().c_str());
  return 1;
}

int replay(Options options) {
  options.plan.trace = print_line;
  Totals totals;
  Report report = run_apart(options.plan, options.limit);
  if (!report.checker.empty()) {
    std::printf("FAILED, found by: %s\n%s\n", report.checker.c_str(), report.failure.c_str());
    return 1;
  }
  totals.add(report);
  totals.print("\n");
  totals.print_faults();
  return 0;
}

int run_fresh(const Options& options) {
  uint64_t first = options.first != 0 ? options.first : std::random_device()() * uint64_t{1'000} + 1;
  std::printf("first seed: %lu\n", first);
  Totals totals;
  const Time wanted = Time::of_ns(static_cast<uint64_t>(options.hours * 3600e9));
  auto is_done = [&] {
    if (options.seconds > 0)
      return std::chrono::steady_clock::now() >= totals.began + std::chrono::seconds(options.seconds);
    return options.hours > 0 ? totals.simulated >= wanted : totals.seeds >= options.seeds;
  };
  while (!is_done()) {
    Plan plan = options.plan;
    plan.seed = first + totals.seeds;
    Report report = run_apart(plan, options.limit);
    totals.add(report);
    if (!report.checker.empty()) return totals.print("\n"), fail(options, plan, report);
    if (isatty(1) != 0 || totals.seeds % 50 == 0) totals.print(isatty(1) != 0 ? "\r" : "\n");
  }
  totals.print("\n");
  totals.print_faults();
  std::printf("no failure\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    if (take(argv[i], options)) continue;
    std::fprintf(stderr, "skiff-sim: %s is not understood\n\n%s", argv[i], std::string(kHelp).c_str());
    return 2;
  }
  return options.is_replay ? replay(options) : run_fresh(options);
}

#include "bench/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "bench/compare_table.h"
#include "bench/files.h"
#include "bench/report.h"
#include "bench/runner.h"
#include "bench/show.h"
#include "bench/svg.h"
#include "bench/system.h"
#include "src/base/try.h"

namespace skiff::bench {
namespace {

constexpr uint64_t kKeys = 10'000;

const std::vector<Contest> kContests = {
    {"put-1", "PUT, 1 client", Figure::p50, {.clients = 1}},
    {"put-16", "PUT, 16 clients", Figure::rate, {.clients = 16}},
    {"put-64", "PUT, 64 clients", Figure::rate, {.clients = 64}},
    {"put-256", "PUT, 256 clients", Figure::rate, {.clients = 256}},
    {"put-64-spread", "PUT, 64 clients over all nodes", Figure::rate, {.clients = 64, .at_all_nodes = true}},
    {"put-open", "PUT, planned rate", Figure::p99, {.clients = 64, .is_open = true}},
    {"get-1", "GET, 1 client", Figure::p50, {.clients = 1, .put_percent = 0}},
    {"get-64", "GET, 64 clients", Figure::rate, {.clients = 64, .put_percent = 0}},
    {"get-64-stale", "stale GET, 64 clients", Figure::rate, {.clients = 64, .put_percent = 0, .is_stale = true}},
    {"mixed-64", "90% GET, 64 clients", Figure::rate, {.clients = 64, .put_percent = 10}},
};

bool is_chosen(const std::vector<std::string>& chosen, const std::string& name) {
  return chosen.empty() || std::find(chosen.begin(), chosen.end(), name) != chosen.end();
}

Result<std::vector<SystemKind>> systems_to_compare(const CompareOptions& options) {
  const std::vector<SystemKind> known = {{"skiff", Target::skiff, options.skiff},
                                         {"etcd-v2", Target::etcd_v2, "etcd"},
                                         {"etcd-v3", Target::etcd_v3, "etcd"}};
  for (const std::string& name : options.systems) {
    const auto has_name = [&](const SystemKind& kind) { return kind.name == name; };
    if (std::none_of(known.begin(), known.end(), has_name)) {
      return fail(Error::Code::invalid, "\"" + name + "\" is no system (skiff, etcd-v2, etcd-v3)");
    }
  }
  std::vector<SystemKind> systems;
  for (const SystemKind& kind : known) {
    if (!is_chosen(options.systems, kind.name)) continue;
    if (kind.target == Target::skiff || is_installed(kind.program)) {
      systems.push_back(kind);
    } else {
      fmt::print(stderr, "{} is left out: {} is not installed (Debian: etcd-server)\n", kind.name, kind.program);
    }
  }
  return systems;
}

Result<std::vector<Contest>> contests_to_hold(const CompareOptions& options) {
  std::vector<Contest> contests;
  for (const std::string& name : options.workloads) {
    const auto has_name = [&](const Contest& contest) { return contest.name == name; };
    if (std::none_of(kContests.begin(), kContests.end(), has_name)) {
      return fail(Error::Code::invalid, "\"" + name + "\" is no workload of the standard set");
    }
  }
  for (const Contest& contest : kContests) {
    if (is_chosen(options.workloads, contest.name)) contests.push_back(contest);
  }
  return contests;
}

Plan plan_for(const Contest& contest, const SystemKind& kind, const System& system, const CompareOptions& options) {
  Plan plan;
  plan.target = kind.target;
  plan.nodes = system.nodes();
  if (!contest.load.at_all_nodes) plan.nodes.resize(1);
  plan.clients = contest.load.clients;
  plan.put_percent = contest.load.put_percent;
  plan.stale_reads = contest.load.is_stale;
  plan.rate = contest.load.is_open ? options.rate : 0;
  plan.keys = kKeys;
  plan.warm_up = options.warm_up;
  plan.duration = options.duration;
  return plan;
}

// Every key once, so that reads find something.
Result<> fill(Plan plan) {
  plan.clients = 64;
  plan.rate = 0;
  plan.put_percent = 100;
  plan.distribution = Distribution::sequential;
  plan.count = plan.keys;
  plan.warm_up = 0_s;
  TRY(const Tally filled, run(plan, nullptr));
  if (filled.all().failures() > 0) return fail(Error::Code::unavailable, "writes failed while the keys were made");
  return {};
}

Result<Cell> measure(const Contest& contest, const SystemKind& kind, const CompareOptions& options) {
  const std::string directory = options.scratch + "/" + kind.name;
  std::filesystem::remove_all(directory);
  TRY(auto system, System::start(kind, directory));
  Cell cell;
  cell.plan = plan_for(contest, kind, *system, options);
  if (contest.load.put_percent < 100) TRY(fill(cell.plan));
  const auto began = std::chrono::steady_clock::now();
  const double machine_before = machine_cpu_seconds(), own_before = own_cpu_seconds();
  const double system_before = system->cpu_seconds();
  TRY(Tally tally, run(cell.plan, nullptr));
  if (tally.was_interrupted) return fail(Error::Code::unavailable, "interrupted");
  if (auto came_to_something = tally.verdict(); !came_to_something) {
    return fail(contest.name + ", " + kind.name, came_to_something.error());
  }
  const double system_used = system->cpu_seconds() - system_before;
  const double others = machine_cpu_seconds() - machine_before - (own_cpu_seconds() - own_before) - system_used;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  cell.others_share = std::max(0.0, others) / took.count() / std::max(1u, std::thread::hardware_concurrency());
  uint64_t answered = 0;
  for (const Interval& interval : tally.intervals) answered += interval.done + interval.failed;
  cell.cpu_us = answered == 0 ? 0 : system_used * 1e6 / static_cast<double>(answered);
  cell.first_write_ms = system->first_write_ms();
  cell.tally = std::move(tally);
  system.reset();
  std::filesystem::remove_all(directory);
  return cell;
}

void print_cell(const Contest& contest, const std::string& system, const Cell& cell) {
  const Series all = cell.tally.all();
  fmt::print(stderr, "  {:14} {:8} {:>9}/s  p50 {:>8}  p99 {:>8}  max {:>8}  CPU {:>5} µs  errors {}  others {:.0f}%\n",
             contest.name, system, show_count(std::round(cell.tally.rate())),
             show_time(static_cast<double>(all.latency.at(0.5))), show_time(static_cast<double>(all.latency.at(0.99))),
             show_time(static_cast<double>(all.latency.max_ns())), show_times(cell.cpu_us), all.failures(),
             cell.others_share * 100);
}

// All rounds of one system as one.
Report report_of(const std::string& system, const std::vector<Cell>& cells, const Machine& machine,
                 const Limits& limits) {
  Report report{system, cells.front().plan, cells.front().tally, machine, limits};
  for (size_t i = 1; i < cells.size(); ++i) report.tally.merge(cells[i].tally);
  return report;
}

Result<> write_results(const Standings& standings, const Machine& machine, const Limits& limits,
                       const std::string& directory) {
  for (const Contest& contest : standings.contests) {
    Picture picture{contest.title + (contest.load.is_open ? ", open loop" : ", closed loop"), describe(machine), {}};
    for (const std::string& system : standings.systems) {
      const std::vector<Cell>& cells = standings.cells.at({contest.name, system});
      if (cells.empty()) continue;
      const Report report = report_of(system, cells, machine, limits);
      const std::string file = directory + "/" + contest.name + "-" + system;
      picture.curves.push_back(curve_of(report));
      Result<> written = write_file(file + ".json", json(report));
      if (written) written = write_file(file + ".hgrm", hgrm(report.tally.all().latency));
      if (!written) return written;
    }
    const Result<> drawn = write_file(directory + "/" + contest.name + ".svg", svg(picture));
    if (!drawn) return drawn;
  }
  return write_file(directory + "/table.md", describe(machine) + "\n\n" + tables(standings, limits));
}

}  // namespace

Result<> compare(const CompareOptions& options) {
  TRY(const auto systems, systems_to_compare(options));
  TRY(const auto contests, contests_to_hold(options));
  Result<> made = make_directories(options.scratch);
  if (made && !options.out.empty()) made = make_directories(options.out);
  if (!made) return made;
  TRY(const auto limits, options.limits.empty() ? Result<Limits>(Limits{}) : read_limits(options.limits));
  const Machine machine = this_machine(options.scratch);

  Standings standings;
  standings.contests = contests;
  for (const SystemKind& kind : systems) standings.systems.push_back(kind.name);
  fmt::print(stderr, "{}\n", describe(machine));
  for (uint64_t round = 1; round <= options.rounds; ++round) {
    fmt::print(stderr, "round {} of {}\n", round, options.rounds);
    for (const Contest& contest : contests) {
      for (const SystemKind& kind : systems) {
        TRY(Cell cell, measure(contest, kind, options));
        print_cell(contest, kind.name, cell);
        standings.cells[{contest.name, kind.name}].push_back(std::move(cell));
      }
    }
  }
  fmt::print("{}\n\n{}", describe(machine), tables(standings, limits));
  return options.out.empty() ? Result<>() : write_results(standings, machine, limits, options.out);
}

}  // namespace skiff::bench

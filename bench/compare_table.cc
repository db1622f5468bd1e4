#include "bench/compare_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/show.h"
#include "raft/check.h"

namespace skiff::bench {
namespace {

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

template <class Of>
double median_of(const std::vector<Cell>& cells, Of of) {
  std::vector<double> values;
  for (const Cell& cell : cells) values.push_back(of(cell));
  return median(values);
}

double latency_at(const Cell& cell, double quantile) {
  return static_cast<double>(cell.tally.all().latency.at(quantile));
}

double value_of(Figure figure, const Cell& cell) {
  switch (figure) {
    case Figure::rate: return cell.tally.rate();
    case Figure::p50: return latency_at(cell, 0.5);
    case Figure::p99: return latency_at(cell, 0.99);
  }
  return 0;
}

// "3.4 (3.1 to 3.6)": the median of the rounds and their range.
std::string ratio(const Standings& standings, const Contest& contest) {
  std::vector<double> rounds;
  const auto mine = standings.cells.find({contest.name, "skiff"});
  if (mine == standings.cells.end()) return "";
  for (size_t round = 0; round < mine->second.size(); ++round) {
    std::vector<const Cell*> others;
    for (const auto& [where, cells] : standings.cells) {
      if (where.first == contest.name && where.second != "skiff" && round < cells.size())
        others.push_back(&cells[round]);
    }
    if (!others.empty()) rounds.push_back(times_better(contest.figure, mine->second[round], others));
  }
  if (rounds.empty()) return "";
  const auto [least, most] = std::minmax_element(rounds.begin(), rounds.end());
  return fmt::format("{} ({} to {})", show_times(median(rounds)), show_times(*least), show_times(*most));
}

std::string judged_by(Figure figure) {
  switch (figure) {
    case Figure::rate: return "rate";
    case Figure::p50: return "p50";
    case Figure::p99: return "p99";
  }
  return "";
}

std::string ratios(const Standings& standings) {
  std::string text = "| | judged by | skiff is better by, median (range of rounds) |\n|---|---|--:|\n";
  size_t known = 0;
  for (const Contest& contest : standings.contests) {
    const std::string times = ratio(standings, contest);
    known += times.empty() ? 0 : 1;
    text += fmt::format("| {} | {} | {} |\n", contest.title, judged_by(contest.figure), times);
  }
  return known == 0 ? "" : "Times the best of etcd's:\n\n" + text + "\n";
}

std::string figures(const Standings& standings) {
  std::string text =
      "| | | per second | p50 | p99 | p99.9 | CPU per request | errors |\n|---|---|--:|--:|--:|--:|--:|--:|\n";
  for (const Contest& contest : standings.contests) {
    for (const std::string& system : standings.systems) {
      const auto cells = standings.cells.find({contest.name, system});
      if (cells == standings.cells.end()) continue;
      uint64_t failures = 0;
      for (const Cell& cell : cells->second) failures += cell.tally.all().failures();
      const auto latency = [&](double quantile) {
        return show_time(median_of(cells->second, [quantile](const Cell& cell) { return latency_at(cell, quantile); }));
      };
      text += fmt::format(
          "| {} | {} | {} | {} | {} | {} | {} µs | {} |\n", contest.title, system,
          show_count(std::round(median_of(cells->second, [](const Cell& cell) { return cell.tally.rate(); }))),
          latency(0.5), latency(0.99), latency(0.999),
          show_times(median_of(cells->second, [](const Cell& cell) { return cell.cpu_us; })), failures);
    }
  }
  return text + "\n";
}

// The plainest case, one client, beside what the machine allows.
std::string beside_limits(const Standings& standings, const Limits& limits) {
  std::string text;
  for (const Contest& contest : standings.contests) {
    const auto cells = standings.cells.find({contest.name, "skiff"});
    if (contest.load.clients != 1 || cells == standings.cells.end() || cells->second.empty()) continue;
    const Kind kind = contest.load.put_percent == 100 ? Kind::put : Kind::get;
    const auto floor = floor_of(kind, cells->second.front().plan, limits);
    if (!floor) continue;
    const double p50 = median_of(cells->second, [](const Cell& cell) { return latency_at(cell, 0.5); });
    text += fmt::format("{} of skiff: p50 is {} times {} ({}).\n", contest.title, show_times(p50 / floor->ns),
                        floor->what, show_time(floor->ns));
  }
  return text.empty() ? "" : text + "\n";
}

std::string starts(const Standings& standings) {
  std::string text = "From exec to the first write that succeeded, three nodes, median:";
  std::string_view comma;
  for (const std::string& system : standings.systems) {
    std::vector<double> took;
    for (const auto& [where, cells] : standings.cells) {
      if (where.second != system) continue;
      for (const Cell& cell : cells) took.push_back(cell.first_write_ms);
    }
    text += fmt::format("{} {} {:.0f} ms", comma, system, median(took));
    comma = ",";
  }
  return text + ".\n";
}

std::string noise(const Standings& standings) {
  std::vector<double> shares;
  for (const auto& [where, cells] : standings.cells) {
    for (const Cell& cell : cells) shares.push_back(cell.others_share);
  }
  if (shares.empty()) return "";
  return fmt::format("Other processes took {:.0f}% of the machine in the median, {:.0f}% at worst.\n",
                     median(shares) * 100, *std::max_element(shares.begin(), shares.end()) * 100);
}

}  // namespace

double times_better(Figure figure, const Cell& mine, const std::vector<const Cell*>& others) {
  CHECK(!others.empty());
  const double value = value_of(figure, mine);
  const bool is_more_better = figure == Figure::rate;
  double best = value_of(figure, *others.front());
  for (const Cell* other : others) {
    const double theirs = value_of(figure, *other);
    best = is_more_better ? std::max(best, theirs) : std::min(best, theirs);
  }
  if (value <= 0 || best <= 0) return 0;
  return is_more_better ? value / best : best / value;
}

std::string tables(const Standings& standings, const Limits& limits) {
  return ratios(standings) + figures(standings) + beside_limits(standings, limits) + starts(standings) +
         noise(standings);
}

}  // namespace skiff::bench

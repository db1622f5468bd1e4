// Report: the plan and the results of a run, in the forms that people and programs read.
#pragma once

#include <string>
#include <vector>

#include "bench/limits.h"
#include "bench/machine.h"
#include "bench/plan.h"
#include "bench/tally.h"

namespace skiff::bench {

struct Report {
  std::string label;  // the name of the run in pictures and tables
  Plan plan;
  Tally tally;
  Machine machine;
  Limits limits;
};

// "PUT 256 B, uniform over 10,000 keys, closed loop, 64 clients x 1 in flight, at 3 nodes (skiff)"
std::string describe(const Plan& plan);

// The table at the end: latencies by percentile, rate, errors, the limit beside them, and a note on closed loops.
std::string table(const Report& report);
// The latencies as bars.
std::string bars(const Histogram& histogram);
// One line of progress during the run.
std::string progress_line(const Interval& interval);

// HdrHistogram's percentile format, in milliseconds, for its plotter.
std::string hgrm(const Histogram& histogram);
// One row for each interval.
std::string csv(const Tally& tally);
// Everything, for programs and for `skiff-bench plot`.
std::string json(const Report& report);

// A line of a picture: a latency for each percentile.
struct Curve {
  std::string label;
  std::string note;  // "open loop, 5,000/s"
  std::string machine;
  std::vector<Histogram::Point> points;
  uint64_t p50_ns = 0, p99_ns = 0, p999_ns = 0, max_ns = 0;
  std::optional<Floor> floor;
};
// Of everything that a report measured, PUT and GET together.
Curve curve_of(const Report& report);
// Reads the output of json().
Result<Curve> read_curve(const std::string& json_text);

}  // namespace skiff::bench

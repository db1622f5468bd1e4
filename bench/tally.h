// Tally: what a run has measured.
//
// A latency counts from the planned start of a request to its answer, and only requests that succeeded have one; how
// the others ended is counted beside. The service time counts from when a request was really sent: what a closed loop
// would call its latency. The two differ when requests had to wait for a free connection.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "bench/histogram.h"
#include "bench/operation.h"

namespace skiff::bench {

// Everything that ended within a part of the run, the warm-up included.
struct Interval {
  double from_s = 0;  // since the start of the run
  double to_s = 0;
  uint64_t done = 0;
  uint64_t failed = 0;
  uint64_t p50_ns = 0, p99_ns = 0, p999_ns = 0, max_ns = 0;
  bool is_warm_up = false;

  double rate() const { return to_s > from_s ? static_cast<double>(done) / (to_s - from_s) : 0; }
};

// Of one kind of request.
struct Series {
  Histogram latency;
  std::array<uint64_t, kEnds> ends{};

  uint64_t successes() const;
  uint64_t failures() const;
  void merge(const Series& other);
};

struct Tally {
  Series put;
  Series get;
  Histogram service;
  uint64_t retried = 0;       // attempts that failed and were followed by another
  uint64_t done_in_time = 0;  // successes that were answered within the measured time
  double seconds = 0;         // the measured time
  bool was_interrupted = false;
  double generator_share = 0;  // of a core, that making the load took
  std::vector<Interval> intervals;

  void record(const Operation& operation, End end, uint64_t now_ns);
  // Adds another run of the same plan, as if it had followed.
  void merge(const Tally& other);
  Series& series(Kind kind) { return kind == Kind::put ? put : get; }
  // Both kinds together.
  Series all() const;
  double rate() const { return seconds > 0 ? static_cast<double>(done_in_time) / seconds : 0; }
};

}  // namespace skiff::bench

// Tally: what a run has measured.
//
// Two questions, counted apart. How much did the server do: every success that was answered within the measured time,
// also of what was planned before it, for an overloaded server works off the warm-up's backlog first. How long does it
// take: the requests that were planned within the measured time, whenever their answers came; each of them ends exactly
// once, if only as never sent.
//
// A latency counts from the planned start of a request to its answer, and only requests that succeeded have one; how
// the others ended is counted beside. The service time counts from when a request was really sent: what a closed loop
// would call its latency. The two differ when requests had to wait for a free connection.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/histogram.h"
#include "bench/operation.h"
#include "raft/time.h"
#include "src/base/result.h"

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
  uint64_t of(End end) const { return ends[static_cast<size_t>(end)]; }
  uint64_t planned() const;
  // No answer came before the run ended; the other failures are answers.
  uint64_t unanswered() const { return of(End::timed_out) + of(End::broken); }
  void merge(const Series& other);
};

struct Tally {
  Series put;
  Series get;
  Histogram service;
  uint64_t retried = 0;       // attempts that failed and were followed by another
  uint64_t done_in_time = 0;  // successes that were answered within the measured time, whenever they were planned
  double seconds = 0;         // the measured time
  double drained_s = 0;       // for so long after it, answers were waited for
  bool was_interrupted = false;
  uint64_t failed_connects = 0;   // attempts
  std::string why_not_connected;  // the last of them
  std::string cut_off;            // why the run ended before its time; empty if it did not
  double generator_share = 0;     // of a core, that making the load took
  std::vector<Interval> intervals;

  void record(const Operation& operation, End end, raft::Time now);
  // Adds another run of the same plan, as if it had followed.
  void merge(const Tally& other);
  Series& series(Kind kind) { return kind == Kind::put ? put : get; }
  // Both kinds together.
  Series all() const;
  double rate() const { return per_second(done_in_time); }
  double planned_rate() const { return per_second(put.planned() + get.planned()); }
  // An error if the run came to nothing: it was cut off, or no request succeeded.
  Result<> verdict() const;

 private:
  double per_second(uint64_t count) const { return seconds > 0 ? static_cast<double>(count) / seconds : 0; }
};

}  // namespace skiff::bench

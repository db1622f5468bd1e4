#include "bench/tally.h"

#include <algorithm>
#include <numeric>

namespace skiff::bench {

uint64_t Series::successes() const {
  return ends[static_cast<size_t>(End::done)] + ends[static_cast<size_t>(End::missing)];
}

uint64_t Series::failures() const { return std::accumulate(ends.begin(), ends.end(), uint64_t{0}) - successes(); }

void Tally::record(const Operation& operation, End end, uint64_t now_ns) {
  Series& of_its_kind = series(operation.kind);
  ++of_its_kind.ends[static_cast<size_t>(end)];
  if (!is_success(end)) return;
  of_its_kind.latency.record(now_ns - operation.planned_ns);
  service.record(now_ns - operation.sent_ns);
}

Series Tally::all() const {
  Series both = put;
  both.merge(get);
  return both;
}

void Series::merge(const Series& other) {
  latency.merge(other.latency);
  for (size_t end = 0; end < kEnds; ++end) ends[end] += other.ends[end];
}

void Tally::merge(const Tally& other) {
  put.merge(other.put);
  get.merge(other.get);
  service.merge(other.service);
  retried += other.retried;
  done_in_time += other.done_in_time;
  const double before = intervals.empty() ? 0 : intervals.back().to_s;
  for (Interval interval : other.intervals) {
    interval.from_s += before;
    interval.to_s += before;
    intervals.push_back(interval);
  }
  generator_share = std::max(generator_share, other.generator_share);
  seconds += other.seconds;
  was_interrupted = was_interrupted || other.was_interrupted;
}

}  // namespace skiff::bench

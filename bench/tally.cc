#include "bench/tally.h"

#include <algorithm>
#include <numeric>

namespace skiff::bench {

uint64_t Series::successes() const {
  return ends[static_cast<size_t>(End::done)] + ends[static_cast<size_t>(End::missing)];
}

uint64_t Series::planned() const { return std::accumulate(ends.begin(), ends.end(), uint64_t{0}); }

uint64_t Series::failures() const { return planned() - successes(); }

void Tally::record(const Operation& operation, End end, raft::Time now) {
  Series& of_its_kind = series(operation.kind);
  ++of_its_kind.ends[static_cast<size_t>(end)];
  if (!is_success(end)) return;
  of_its_kind.latency.record((now - operation.planned).ns());
  service.record((now - operation.sent).ns());
}

Series Tally::all() const {
  Series both = put;
  both.merge(get);
  return both;
}

Result<> Tally::verdict() const {
  if (!cut_off.empty()) return fail(Error::Code::unavailable, "the run ended before its time: " + cut_off);
  const bool has_succeeded = done_in_time > 0 || all().successes() > 0;
  if (!has_succeeded && !was_interrupted) return fail(Error::Code::unavailable, "no request succeeded");
  return {};
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
  drained_s = std::max(drained_s, other.drained_s);
  failed_connects += other.failed_connects;
  if (!other.why_not_connected.empty()) why_not_connected = other.why_not_connected;
  if (cut_off.empty()) cut_off = other.cut_off;
  was_interrupted = was_interrupted || other.was_interrupted;
}

}  // namespace skiff::bench

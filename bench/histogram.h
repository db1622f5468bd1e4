// Histogram: latencies, in nanoseconds, to three significant digits, as HdrHistogram keeps them.
//
// Log-linear: up to 2048 ns every value has a count of its own; beyond, each doubling of the value is cut into 1024
// steps of equal width. A value is therefore known to within one part in 1024 wherever it lies, and recording is a
// shift and an increment. All counts exist from the start, so record() allocates nothing.
//
// A latency of more than an hour counts as an hour, and clipped() returns how many did.
//
// Always: merged histograms equal one that had recorded all values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skiff::bench {

class Histogram {
 public:
  static constexpr uint64_t kMostNs = 3'600'000'000'000;

  // One line of a distribution: so many values, the share `quantile` of all, are at most `value_ns`.
  struct Point {
    double quantile = 0;  // 0 to 1
    uint64_t value_ns = 0;
    uint64_t count = 0;
  };
  // How many values lie from `from_ns` to `to_ns`, both included.
  struct Bar {
    uint64_t from_ns = 0;
    uint64_t to_ns = 0;
    uint64_t count = 0;
  };

  Histogram();

  void record(uint64_t ns);
  void merge(const Histogram& other);
  void clear();

  uint64_t count() const { return count_; }
  uint64_t clipped() const { return clipped_; }
  uint64_t min_ns() const { return count_ == 0 ? 0 : min_ns_; }
  uint64_t max_ns() const { return max_ns_; }
  double mean_ns() const;
  double deviation_ns() const;

  // The smallest value that at least this share (0 to 1) of all values do not exceed, to three digits. 0 when empty.
  uint64_t at(double quantile) const;

  // The distribution in steps that halve the distance to 1 every `steps_per_halving` points, and the maximum at its
  // end: enough to draw it by percentile. Empty when nothing was recorded.
  std::vector<Point> points(int steps_per_halving = 5) const;
  // The distribution from the smallest value to the largest in steps that grow by `factor`. Requires: factor > 1.
  std::vector<Bar> bars(double factor) const;

 private:
  static size_t slot_of(uint64_t ns);
  static uint64_t lowest_of(size_t slot);
  static uint64_t highest_of(size_t slot);
  uint64_t shown(size_t slot) const;

  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  uint64_t clipped_ = 0;
  uint64_t sum_ns_ = 0;
  uint64_t min_ns_ = ~uint64_t{0};
  uint64_t max_ns_ = 0;
};

}  // namespace skiff::bench

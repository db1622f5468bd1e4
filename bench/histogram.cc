#include "bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "raft/check.h"

namespace skiff::bench {
namespace {

constexpr int kStepBits = 10;
constexpr uint64_t kSteps = uint64_t{1} << kStepBits;  // in each doubling

}  // namespace

Histogram::Histogram() : counts_(slot_of(kMostNs) + 1) {}

// The value without its lowest `shift` bits is between kSteps and 2 * kSteps; the first doubling needs no shift.
size_t Histogram::slot_of(uint64_t ns) {
  const int width = static_cast<int>(std::bit_width(ns | kSteps));
  const int shift = width - kStepBits - 1;
  return static_cast<size_t>(static_cast<uint64_t>(shift) * kSteps + (ns >> shift));
}

uint64_t Histogram::lowest_of(size_t slot) {
  if (slot < 2 * kSteps) return slot;
  const uint64_t shift = slot / kSteps - 1;
  return (slot - shift * kSteps) << shift;
}

uint64_t Histogram::highest_of(size_t slot) { return lowest_of(slot + 1) - 1; }

// The lowest value that a slot counts.
uint64_t Histogram::shown(size_t slot) const { return std::clamp(highest_of(slot), min_ns_, max_ns_); }

void Histogram::record(uint64_t ns) {
  if (ns > kMostNs) {
    ns = kMostNs;
    ++clipped_;
  }
  ++counts_[slot_of(ns)];
  ++count_;
  sum_ns_ += ns;
  min_ns_ = std::min(min_ns_, ns);
  max_ns_ = std::max(max_ns_, ns);
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  for (size_t slot = slot_of(other.min_ns_); slot <= slot_of(other.max_ns_); ++slot) {
    counts_[slot] += other.counts_[slot];
  }
  count_ += other.count_;
  clipped_ += other.clipped_;
  sum_ns_ += other.sum_ns_;
  min_ns_ = std::min(min_ns_, other.min_ns_);
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

void Histogram::clear() {
  if (count_ > 0) {
    std::fill(counts_.begin() + static_cast<std::ptrdiff_t>(slot_of(min_ns_)),
              counts_.begin() + static_cast<std::ptrdiff_t>(slot_of(max_ns_)) + 1, 0);
  }
  count_ = clipped_ = sum_ns_ = max_ns_ = 0;
  min_ns_ = ~uint64_t{0};
}

double Histogram::mean_ns() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_ns_) / static_cast<double>(count_);
}

double Histogram::deviation_ns() const {
  if (count_ == 0) return 0;
  double squares = 0;
  for (size_t slot = slot_of(min_ns_); slot <= slot_of(max_ns_); ++slot) {
    const double middle = (static_cast<double>(lowest_of(slot)) + static_cast<double>(highest_of(slot))) / 2;
    squares += static_cast<double>(counts_[slot]) * (middle - mean_ns()) * (middle - mean_ns());
  }
  return std::sqrt(squares / static_cast<double>(count_));
}

uint64_t Histogram::at(double quantile) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(quantile, 0.0, 1.0) * static_cast<double>(count_));
  const uint64_t rank = std::max(uint64_t{1}, static_cast<uint64_t>(wanted));
  uint64_t seen = 0;
  size_t slot = slot_of(min_ns_);
  while ((seen += counts_[slot]) < rank) ++slot;
  return shown(slot);
}

std::vector<Histogram::Point> Histogram::points(int steps_per_halving) const {
  CHECK(steps_per_halving > 0);
  std::vector<Point> points;
  if (count_ == 0) return points;
  size_t slot = slot_of(min_ns_);
  uint64_t seen = counts_[slot];
  for (int step = 0; seen < count_; ++step) {
    const double left = std::exp2(-(step / steps_per_halving));  // to 1, at the last halving
    const double quantile = 1 - left + left / 2 * (step % steps_per_halving) / steps_per_halving;
    const double wanted = quantile * static_cast<double>(count_);
    while (static_cast<double>(seen) < wanted) seen += counts_[++slot];
    points.push_back({quantile, shown(slot), seen});
  }
  points.push_back({1, max_ns_, count_});
  return points;
}

std::vector<Histogram::Bar> Histogram::bars(double factor) const {
  CHECK(factor > 1);
  std::vector<Bar> bars;
  if (count_ == 0) return bars;
  double edge = static_cast<double>(std::max(uint64_t{1}, min_ns_)) * factor;
  bars.push_back({min_ns_, 0, 0});
  for (size_t slot = slot_of(min_ns_); slot <= slot_of(max_ns_); ++slot) {
    while (static_cast<double>(lowest_of(slot)) >= edge) {
      bars.back().to_ns = lowest_of(slot) - 1;
      bars.push_back({lowest_of(slot), 0, 0});
      edge *= factor;
    }
    bars.back().count += counts_[slot];
  }
  bars.back().to_ns = max_ns_;
  return bars;
}

}  // namespace skiff::bench

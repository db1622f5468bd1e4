// Metrics: the numbers that operators watch, each named in one place.
//
// A module keeps its numbers in a plain struct whose visit_metrics() calls a visitor with each number and its Metric: a
// name, a kind, a unit and a sentence of help. A new number is a field, and a line of visit_metrics() beside it. Each
// format of a page is one visitor, such as the JSON of /status (src/api/status.cc).
//
// MetricList is a visitor that copies the numbers, for pages that may not include the module that counts.
//
// Always: no name occurs twice in a list.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "raft/check.h"

namespace skiff {

struct Metric {
  enum class Kind : uint8_t {
    counter,  // of what has happened since the start; never goes back
    gauge,    // how it is now
  };
  enum class Unit : uint8_t { one, bytes, microseconds, truth };  // truth: 1 is true, and 0 is false

  static constexpr Metric counter(std::string_view name, std::string_view help, Unit unit = Unit::one) {
    return {name, help, Kind::counter, unit};
  }
  static constexpr Metric gauge(std::string_view name, std::string_view help, Unit unit = Unit::one) {
    return {name, help, Kind::gauge, unit};
  }

  std::string_view name;  // in /status; both texts are literals
  std::string_view help;
  Kind kind = Kind::counter;
  Unit unit = Unit::one;
};

class MetricList {
 public:
  void operator()(const Metric& metric, uint64_t value) {
    CHECK(!metric.name.empty());
    CHECK(std::none_of(samples_.begin(), samples_.end(),
                       [&](const auto& had) { return had.metric.name == metric.name; }));
    if (metric.unit == Metric::Unit::truth) CHECK(value <= 1);
    samples_.push_back({metric, value});
  }
  // In the order in which they came.
  template <class Visitor>
  void visit_metrics(Visitor&& visitor) const {
    for (const Sample& sample : samples_) visitor(sample.metric, sample.value);
  }

 private:
  struct Sample {
    Metric metric;
    uint64_t value = 0;
  };
  std::vector<Sample> samples_;
};

}  // namespace skiff

#include "bench/histogram.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "bench/report.h"
#include "raft/random.h"
#include "tests/support/catch.h"

namespace skiff::bench::histogram_test {

// From nanoseconds to minutes, each magnitude as likely as another.
std::vector<uint64_t> many_latencies(uint64_t seed, size_t count) {
  raft::Random random(seed);
  std::vector<uint64_t> all;
  for (size_t i = 0; i < count; ++i) all.push_back(random.next() >> (random.below(36) + 28));
  return all;
}

Histogram histogram_of(const std::vector<uint64_t>& latencies) {
  Histogram histogram;
  for (const uint64_t ns : latencies) histogram.record(ns);
  return histogram;
}

TEST_CASE("a histogram knows every value to within one part in a thousand") {
  raft::Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t ns = std::min(Histogram::kMostNs, random.next() >> random.below(64));
    Histogram histogram;
    histogram.record(ns);
    histogram.record(Histogram::kMostNs);  // so that what is shown is not cut to the largest seen
    const uint64_t shown = histogram.at(0.5);
    CAPTURE(ns, shown);
    REQUIRE(shown >= ns);
    REQUIRE(static_cast<double>(shown - ns) <= static_cast<double>(ns) / 1000);
  }
}

TEST_CASE("small values are exact") {
  for (uint64_t ns = 0; ns < 2048; ++ns) {
    Histogram histogram;
    histogram.record(ns);
    histogram.record(5000);
    REQUIRE(histogram.at(0.5) == ns);
  }
}

TEST_CASE("percentiles are those of the sorted values") {
  std::vector<uint64_t> latencies = many_latencies(3, 10'001);
  const Histogram histogram = histogram_of(latencies);

  std::sort(latencies.begin(), latencies.end());

  for (const double quantile : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const double rank = std::max(1.0, std::ceil(quantile * static_cast<double>(latencies.size())));
    const auto exact = static_cast<double>(latencies[static_cast<size_t>(rank) - 1]);
    CAPTURE(quantile, exact);
    REQUIRE(std::abs(static_cast<double>(histogram.at(quantile)) - exact) <= exact / 1000);
  }
  REQUIRE(histogram.max_ns() == latencies.back());
  REQUIRE(histogram.min_ns() == latencies.front());
}

TEST_CASE("histograms that are merged count what one would have counted") {
  const std::vector<uint64_t> some = many_latencies(1, 3000), others = many_latencies(2, 5000);
  std::vector<uint64_t> all = some;
  all.insert(all.end(), others.begin(), others.end());

  Histogram merged = histogram_of(some);
  merged.merge(histogram_of(others));
  merged.merge(Histogram());
  const Histogram whole = histogram_of(all);

  REQUIRE(merged.count() == whole.count());
  REQUIRE(merged.mean_ns() == whole.mean_ns());
  REQUIRE(merged.deviation_ns() == whole.deviation_ns());
  REQUIRE(merged.min_ns() == whole.min_ns());
  REQUIRE(merged.max_ns() == whole.max_ns());
  for (double quantile = 0; quantile <= 1; quantile += 0.001) REQUIRE(merged.at(quantile) == whole.at(quantile));
}

TEST_CASE("a histogram that was cleared counts like a new one") {
  Histogram histogram = histogram_of(many_latencies(1, 1000));

  histogram.clear();
  histogram.record(77);

  REQUIRE(histogram.count() == 1);
  REQUIRE(histogram.at(0) == 77);
  REQUIRE(histogram.at(1) == 77);
  REQUIRE(histogram.min_ns() == 77);
}

TEST_CASE("an empty histogram has nothing to say") {
  const Histogram histogram;
  REQUIRE(histogram.at(0.99) == 0);
  REQUIRE(histogram.min_ns() == 0);
  REQUIRE(histogram.mean_ns() == 0);
  REQUIRE(histogram.points().empty());
  REQUIRE(histogram.bars(2).empty());
}

TEST_CASE("more than an hour counts as an hour, and is told") {
  Histogram histogram;
  histogram.record(~uint64_t{0});
  REQUIRE(histogram.max_ns() == Histogram::kMostNs);
  REQUIRE(histogram.clipped() == 1);
}

TEST_CASE("the points of a distribution rise to its maximum") {
  const Histogram histogram = histogram_of(many_latencies(9, 50'000));

  const auto points = histogram.points();

  for (size_t i = 1; i < points.size(); ++i) {
    REQUIRE(points[i].quantile > points[i - 1].quantile);
    REQUIRE(points[i].value_ns >= points[i - 1].value_ns);
    REQUIRE(points[i].count >= points[i - 1].count);
  }
  REQUIRE(points.front().quantile == 0);
  REQUIRE(points.back().quantile == 1);
  REQUIRE(points.back().value_ns == histogram.max_ns());
  REQUIRE(points.back().count == 50'000);
  for (const auto& point : points) REQUIRE(point.value_ns == histogram.at(point.quantile));
}

TEST_CASE("the bars of a distribution hold every value once") {
  const Histogram histogram = histogram_of(many_latencies(4, 5000));
  uint64_t count = 0, end_ns = 0;
  for (const auto& bar : histogram.bars(1.5)) {
    count += bar.count;
    if (end_ns > 0) REQUIRE(bar.from_ns == end_ns + 1);
    end_ns = bar.to_ns;
  }
  REQUIRE(count == 5000);
  REQUIRE(end_ns == histogram.max_ns());
}

// Steps and columns as its own outputPercentileDistribution has them, with five steps to each halving.
TEST_CASE("the percentile format is HdrHistogram's") {
  Histogram histogram;
  for (uint64_t ms = 1; ms <= 4; ++ms) histogram.record(ms * 1'000'000);

  REQUIRE(hgrm(histogram) ==
          "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
          "       1.000 0.000000000000          1           1.00\n"
          "       1.000 0.100000000000          1           1.11\n"
          "       1.000 0.200000000000          1           1.25\n"
          "       2.001 0.300000000000          2           1.43\n"
          "       2.001 0.400000000000          2           1.67\n"
          "       2.001 0.500000000000          2           2.00\n"
          "       3.000 0.550000000000          3           2.22\n"
          "       3.000 0.600000000000          3           2.50\n"
          "       3.000 0.650000000000          3           2.86\n"
          "       3.000 0.700000000000          3           3.33\n"
          "       3.000 0.750000000000          3           4.00\n"
          "       4.000 0.775000000000          4           4.44\n"
          "       4.000 1.000000000000          4\n"
          "#[Mean    =        2.500, StdDeviation   =        1.118]\n"
          "#[Max     =        4.000, Total count    =            4]\n"
          "#[Buckets =           32, SubBuckets     =         2048]\n");
}

}  // namespace skiff::bench::histogram_test

#include "bench/keys.h"

#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "tests/support/catch.h"

namespace skiff::bench::keys_test {

TEST_CASE("sequential keys walk round") {
  Keys keys(Distribution::sequential, 3, 1);
  std::vector<uint64_t> drawn;
  for (int i = 0; i < 5; ++i) drawn.push_back(keys.next());
  REQUIRE(drawn == std::vector<uint64_t>{0, 1, 2, 0, 1});
}

TEST_CASE("uniform keys are all about as frequent") {
  constexpr uint64_t kKeys = 100, kDraws = 100'000;
  Keys keys(Distribution::uniform, kKeys, 1);
  std::vector<uint64_t> counts(kKeys);
  for (uint64_t i = 0; i < kDraws; ++i) ++counts.at(keys.next());
  for (const uint64_t count : counts) {
    REQUIRE(count > 800);  // six deviations below the 1000 expected
    REQUIRE(count < 1200);
  }
}

// With the seed fixed, nothing here is left to chance.
TEST_CASE("zipfian keys are as frequent as their rank says") {
  constexpr uint64_t kKeys = 1000, kDraws = 1'000'000;
  Keys keys(Distribution::zipfian, kKeys, 1);
  std::vector<double> counts(kKeys);
  for (uint64_t i = 0; i < kDraws; ++i) ++counts.at(keys.next_rank());

  double zeta = 0;
  for (uint64_t rank = 1; rank <= kKeys; ++rank) zeta += std::pow(static_cast<double>(rank), -0.99);
  const auto expected = [&](uint64_t rank) {
    return static_cast<double>(kDraws) * std::pow(static_cast<double>(rank + 1), -0.99) / zeta;
  };

  for (const uint64_t rank : {0u, 1u}) REQUIRE(counts[rank] == Catch::Detail::Approx(expected(rank)).epsilon(0.02));
  // The ranks behind them are drawn from a smooth curve: in groups, which is what a cache sees, it fits.
  for (const auto& [from, to] : {std::pair{2u, 10u}, {10u, 100u}, {100u, 1000u}}) {
    double drawn = 0, wanted = 0;
    for (uint64_t rank = from; rank < to; ++rank) drawn += counts[rank], wanted += expected(rank);
    CAPTURE(from, to);
    REQUIRE(drawn == Catch::Detail::Approx(wanted).epsilon(0.1));
  }
}

TEST_CASE("no two ranks share a key") {
  for (const uint64_t count : {1u, 2u, 10u, 1000u, 65'536u}) {
    const Keys keys(Distribution::zipfian, count, 1);
    std::set<uint64_t> seen;
    for (uint64_t rank = 0; rank < count; ++rank) {
      REQUIRE(keys.spread(rank) < count);
      seen.insert(keys.spread(rank));
    }
    REQUIRE(seen.size() == count);
  }
}

TEST_CASE("zipfian keys stay below their number, however few there are") {
  for (const uint64_t count : {1u, 2u, 3u}) {
    Keys keys(Distribution::zipfian, count, 5);
    for (int i = 0; i < 1000; ++i) REQUIRE(keys.next() < count);
  }
}

TEST_CASE("the same seed gives the same keys") {
  for (const auto distribution : {Distribution::uniform, Distribution::zipfian}) {
    Keys one(distribution, 1000, 42), same(distribution, 1000, 42);
    for (int i = 0; i < 1000; ++i) REQUIRE(one.next() == same.next());
  }
}

}  // namespace skiff::bench::keys_test

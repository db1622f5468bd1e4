#include "raft/time.h"

#include <type_traits>

#include "tests/support/catch.h"
#include "tests/support/dies.h"

namespace skiff::time_test {

using raft::kNever;
using raft::Time;

TEST_CASE("a literal names its unit") {
  REQUIRE((7_ns).ns() == 7);
  REQUIRE((7_us).ns() == 7'000);
  REQUIRE((7_ms).ns() == 7'000'000);
  REQUIRE((7_s).ns() == 7'000'000'000);
  REQUIRE((7_min).ns() == 420'000'000'000);
  REQUIRE((7_h).ns() == 25'200'000'000'000);
  REQUIRE(Time() == 0_s);
}

TEST_CASE("a number is no time, and costs no more than one") {
  static_assert(!std::is_convertible_v<uint64_t, Time>);
  static_assert(!std::is_constructible_v<Time, uint64_t>);
  static_assert(!std::is_convertible_v<Time, uint64_t>);
  static_assert(std::is_trivially_copyable_v<Time>);
  static_assert(sizeof(Time) == sizeof(uint64_t));
  REQUIRE(Time::of_ns(1'500'000) == 1'500_us);
}

TEST_CASE("times are added, subtracted, multiplied, divided and compared") {
  REQUIRE(1_s + 500_ms == 1'500_ms);
  REQUIRE(1_s - 1_ns == 999'999'999_ns);
  REQUIRE(3 * 20_s == 1_min);
  REQUIRE(20_s * 3 == 1_min);
  REQUIRE(1_s / 3 == 333'333'333_ns);
  REQUIRE(1_s / 300_ms == 3);
  REQUIRE(59_s < 1_min);
  Time time = 1_s;
  REQUIRE((time += 1_s) == 2_s);
  REQUIRE((time -= 500_ms) == 1'500_ms);
  REQUIRE((time *= 4) == 6_s);
  REQUIRE((time /= 2) == 3_s);
}

TEST_CASE("whole units are rounded down") {
  REQUIRE((1'999'999_ns).us() == 1'999);
  REQUIRE((1'999'999_ns).ms() == 1);
}

TEST_CASE("a sum or a product that does not fit is never") {
  REQUIRE(kNever - 1_ns + 1_ns == kNever);
  REQUIRE(kNever + 1_ns == kNever);
  REQUIRE(1_s + (kNever - 1_ms) == kNever);
  REQUIRE(kNever / 2 * 3 == kNever);
  REQUIRE(2 * kNever == kNever);
  REQUIRE(0 * kNever == 0_s);
}

TEST_CASE("a difference below zero is our own mistake") {
  REQUIRE(1_s - 1_s == 0_s);
  REQUIRE_FALSE(dies_saying([] { static_cast<void>(1_s - (1_s + 1_ns)); }).empty());
}

}  // namespace skiff::time_test

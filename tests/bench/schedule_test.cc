#include "bench/schedule.h"

#include <vector>

#include "tests/support/catch.h"

namespace skiff::bench::schedule_test {

constexpr raft::Time kBegin = 5_s;  // a clock does not start at zero

Plan open_loop(uint64_t rate) {
  Plan plan;
  plan.rate = rate;
  plan.warm_up = 1_s;
  plan.duration = 2_s;
  return plan;
}

TEST_CASE("an open loop plans requests at even distances, whenever they are taken") {
  Schedule schedule(open_loop(1000), kBegin);

  for (uint64_t i = 0; i < 10; ++i) {
    REQUIRE(schedule.next_due(kBegin) == kBegin + i * 1_ms);
    REQUIRE(schedule.take(kBegin + 9_ms)->planned == kBegin + i * 1_ms);
  }

  REQUIRE_FALSE(schedule.take(kBegin + 9_ms));
}

TEST_CASE("an open loop whose rate divides no second drifts by less than a nanosecond") {
  Schedule schedule(open_loop(3), kBegin);
  std::vector<uint64_t> planned;
  while (const auto start = schedule.take(kBegin + 10_s)) planned.push_back((start->planned - kBegin).ns());
  REQUIRE(planned == std::vector<uint64_t>{0, 333'333'333, 666'666'666, 1'000'000'000, 1'333'333'333, 1'666'666'666,
                                           2'000'000'000, 2'333'333'333, 2'666'666'666});
}

TEST_CASE("requests of the warm-up do not count") {
  Schedule schedule(open_loop(10), kBegin);
  uint64_t warm_up = 0, counted = 0;
  while (const auto start = schedule.take(kBegin + 10_s)) ++(start->counts ? counted : warm_up);
  REQUIRE(warm_up == 10);
  REQUIRE(counted == 20);
  REQUIRE(schedule.is_over(kBegin + 10_s));
}

TEST_CASE("a request that was planned before the end is handed out after it, and no other is") {
  Schedule schedule(open_loop(10), kBegin);
  REQUIRE(schedule.overdue(kBegin + 1_s + 500_ms) == 6);
  REQUIRE(schedule.overdue(kBegin + 1_min) == 20);
  REQUIRE_FALSE(schedule.is_over(kBegin + 1_min));
}

TEST_CASE("a closed loop has always one more due, until the end") {
  Plan plan = open_loop(0);
  Schedule schedule(plan, kBegin);
  const raft::Time last = kBegin + 3_s - 1_ns;

  for (int i = 0; i < 100; ++i) REQUIRE(schedule.take(last)->planned == last);

  REQUIRE_FALSE(schedule.take(last + 1_ns));
  REQUIRE(schedule.is_over(last + 1_ns));
  REQUIRE(schedule.overdue(last) == 0);
}

TEST_CASE("a number of requests ends a run, whatever the time") {
  for (const uint64_t rate : {0u, 1000u}) {
    Plan plan = open_loop(rate);
    plan.count = 3;
    Schedule schedule(plan, kBegin);
    while (schedule.next_due(kBegin).value() < kBegin + plan.warm_up && rate > 0) {
      REQUIRE_FALSE(schedule.take(kBegin + 1_min)->counts);
    }
    for (int i = 0; i < 3; ++i) REQUIRE(schedule.take(kBegin + 1_h)->counts);
    REQUIRE_FALSE(schedule.take(kBegin + 1_h));
  }
}

}  // namespace skiff::bench::schedule_test

#include "raft/election_timer.h"

#include "tests/support/catch.h"

namespace skiff::election_timer_test {

using namespace skiff::raft;

constexpr ElectionTimer::Intervals kIntervals{.heartbeat = 40_ns, .election_timeout = 500_ns};

TEST_CASE("every wait is drawn from its own range") {
  struct Row {
    const char* name;
    void (*wait)(ElectionTimer&);
    Time shortest, longest;
  };
  const Row rows[] = {
      {"for a leader", [](ElectionTimer& timer) { timer.wait_for_leader(1'000_ns); }, 1'500_ns, 1'999_ns},
      {"for votes", [](ElectionTimer& timer) { timer.wait_for_votes(1'000_ns, true); }, 1'250_ns, 1'499_ns},
      {"for votes, in a new cluster", [](ElectionTimer& timer) { timer.wait_for_votes(1'000_ns, false); }, 1'040_ns,
       1'079_ns},
      {"for nothing, as the leader is gone", [](ElectionTimer& timer) { timer.expire_soon(1'000_ns); }, 1'000_ns,
       1'010_ns},
      {"for the disk", [](ElectionTimer& timer) { timer.wait_for_disk(1'000_ns); }, 1'011_ns, 1'011_ns},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    ElectionTimer timer(7, kIntervals);
    Time first = kNever;
    Time last;
    for (int draw = 0; draw < 5'000; ++draw) {
      row.wait(timer);
      if (row.longest > 1'010_ns) first = std::min(first, timer.deadline());
      last = std::max(last, timer.deadline());
      REQUIRE(timer.deadline() >= row.shortest);
      REQUIRE(timer.deadline() <= row.longest);
    }
    if (row.longest > 1'010_ns) REQUIRE(first == row.shortest);
    if (row.longest > 1'010_ns) REQUIRE(last == row.longest);
  }
}

TEST_CASE("a deadline is due when it is reached, and never while the timer is stopped") {
  ElectionTimer timer(7, kIntervals);
  REQUIRE(timer.is_stopped());
  timer.wait_until(100_ns);
  REQUIRE_FALSE(timer.is_due(99_ns));
  REQUIRE(timer.is_due(100_ns));
  timer.stop();
  REQUIRE(timer.is_stopped());
  REQUIRE_FALSE(timer.is_due(kNever - 1_ns));
}

TEST_CASE("the news that the leader is gone never puts a campaign off") {
  ElectionTimer timer(7, kIntervals);
  timer.wait_until(1'000_ns);
  timer.expire_soon(1'000_ns);
  REQUIRE(timer.deadline() == 1'000_ns);
}

}  // namespace skiff::election_timer_test

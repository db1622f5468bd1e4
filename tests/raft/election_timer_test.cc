#include "raft/election_timer.h"

#include "tests/support/catch.h"

namespace skiff::election_timer_test {

using namespace skiff::raft;

constexpr ElectionTimer::Intervals kIntervals{.heartbeat = 40, .election_timeout = 500};

TEST_CASE("every wait is drawn from its own range") {
  struct Row {
    const char* name;
    void (*wait)(ElectionTimer&);
    Time shortest, longest;
  };
  const Row rows[] = {
      {"for a leader", [](ElectionTimer& timer) { timer.wait_for_leader(1'000); }, 1'500, 1'999},
      {"for votes", [](ElectionTimer& timer) { timer.wait_for_votes(1'000, true); }, 1'250, 1'499},
      {"for votes, in a new cluster", [](ElectionTimer& timer) { timer.wait_for_votes(1'000, false); }, 1'040, 1'079},
      {"for nothing, as the leader is gone", [](ElectionTimer& timer) { timer.expire_soon(1'000); }, 1'000, 1'010},
      {"for the disk", [](ElectionTimer& timer) { timer.wait_for_disk(1'000); }, 1'011, 1'011},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    ElectionTimer timer(7, kIntervals);
    Time first = kNever;
    Time last = 0;
    for (int draw = 0; draw < 5'000; ++draw) {
      row.wait(timer);
      if (row.longest > 1'010) first = std::min(first, timer.deadline());
      last = std::max(last, timer.deadline());
      REQUIRE(timer.deadline() >= row.shortest);
      REQUIRE(timer.deadline() <= row.longest);
    }
    if (row.longest > 1'010) REQUIRE(first == row.shortest);
    if (row.longest > 1'010) REQUIRE(last == row.longest);
  }
}

TEST_CASE("a deadline is due when it is reached, and never while the timer is stopped") {
  ElectionTimer timer(7, kIntervals);
  REQUIRE(timer.is_stopped());
  timer.wait_until(100);
  REQUIRE_FALSE(timer.is_due(99));
  REQUIRE(timer.is_due(100));
  timer.stop();
  REQUIRE(timer.is_stopped());
  REQUIRE_FALSE(timer.is_due(kNever - 1));
}

TEST_CASE("the news that the leader is gone never puts a campaign off") {
  ElectionTimer timer(7, kIntervals);
  timer.wait_until(1'000);
  timer.expire_soon(1'000);
  REQUIRE(timer.deadline() == 1'000);
}

}  // namespace skiff::election_timer_test

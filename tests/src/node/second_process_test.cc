// Which of two processes with one data directory takes part.
#include "src/node/second_process.h"

#include "tests/support/catch.h"

namespace skiff::second_process_test {

// D10: a node comes back under its old id without its data
TEST_CASE("who is turned away by any member takes part in nothing until all let it in", "[D10]") {
  SecondProcess process;
  REQUIRE_FALSE(process.is_second(0_s));
  process.turned_away(0_s, 1);
  process.turned_away(0_s, 2);
  REQUIRE(process.is_second(1_s));
  process.let_in(1);
  REQUIRE(process.is_second(1_s));
  process.let_in(2);
  REQUIRE_FALSE(process.is_second(1_s));
  process.turned_away(1_s, 1);
  REQUIRE(process.is_second(1_s + SecondProcess::kLasts - 1_ns));
  REQUIRE_FALSE(process.is_second(1_s + SecondProcess::kLasts));  // that member is not heard any more
}

// D10: a node comes back under its old id without its data
TEST_CASE("the second process gives up when it is turned away for longer than a remnant lasts", "[D10]") {
  SecondProcess process;
  for (raft::Time now = 0_s; now < SecondProcess::kGivesUp; now += 1_s) {
    process.turned_away(now, 1);
    REQUIRE_FALSE(process.gives_up(now));
  }
  process.turned_away(SecondProcess::kGivesUp, 1);
  REQUIRE(process.gives_up(SecondProcess::kGivesUp));

  // A break begins it anew.
  const raft::Time later = SecondProcess::kGivesUp + SecondProcess::kLasts;
  process.turned_away(later, 1);
  REQUIRE_FALSE(process.gives_up(later));
}

// D10: a node comes back under its old id without its data
TEST_CASE("the process where the log says goes on when the other is elsewhere", "[D10]") {
  const std::string home = "http://10.0.0.3:9021", away = "http://10.0.0.7:9021";
  REQUIRE(is_first_by_address(home, away, home));
  REQUIRE_FALSE(is_first_by_address(away, home, home));
  REQUIRE_FALSE(is_first_by_address(home, home, home));
  REQUIRE_FALSE(is_first_by_address(home, "", home));
  REQUIRE_FALSE(is_first_by_address(away, away, home));
}

}  // namespace skiff::second_process_test

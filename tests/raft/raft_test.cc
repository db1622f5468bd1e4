// A broken invariant ends the node that sees it; a message that only another node's mistake can cause is ignored.
#include "tests/raft/lone_core.h"
#include "tests/support/catch.h"
#include "tests/support/dies.h"

namespace skiff::raft_core_test {

using namespace skiff::raft_test;

// bug-33: two leaders in a term, or a replaced committed entry, go unnoticed
TEST_CASE("two leaders in one term end the node that sees it", "[bug-33]") {
  LoneCore leader;
  leader.lead();
  REQUIRE(dies_saying([&] { leader.receive(2, leader.raft.term(), Heartbeat{}); }).find("is_leader()") !=
          std::string::npos);
  LoneCore follower;
  follower.receive(2, 1, Heartbeat{});
  REQUIRE(dies_saying([&] { follower.receive(3, 1, AppendEntries{}); }).find("leader_.is(leader)") !=
          std::string::npos);
  REQUIRE(dies_saying([&] { follower.receive(2, 1, AppendEntries{}); }) == "");
}

// bug-33: two leaders in a term, or a replaced committed entry, go unnoticed
TEST_CASE("a leader that would replace a committed entry ends the node that sees it", "[bug-33]") {
  LoneCore follower;
  follower.receive(2, 1, AppendEntries{.previous = {}, .commit = 2, .entries = entries({1, 1})});
  auto replace = [&] {
    follower.receive(3, 2, AppendEntries{.previous = {.term = 1, .index = 1}, .commit = 0, .entries = {entry(2, 2)}});
  };
  REQUIRE(dies_saying(replace).find("first > committed_") != std::string::npos);
}

TEST_CASE("time that goes back ends the node") {
  LoneCore core;
  core.now = 5_ns;
  core.step(TimePassed{});
  core.now = 4_ns;
  REQUIRE(dies_saying([&] { core.step(TimePassed{}); }).find("now >= now_") != std::string::npos);
}

TEST_CASE("messages to others, from itself or without a sender are ignored") {
  LoneCore core;
  core.receive(0, 9, Heartbeat{});
  core.receive(1, 9, Heartbeat{});
  core.step(Received{.message = {.from = 2, .to = 3, .term = 9, .body = Heartbeat{}}});
  REQUIRE(core.raft.term() == 0);
  REQUIRE(core.raft.ignored() == 3);
}

TEST_CASE("a leader that we do not know as a member is followed: its members may be newer than ours") {
  LoneCore core;
  core.receive(4, 9, Heartbeat{});
  REQUIRE(core.raft.term() == 9);
  REQUIRE(core.raft.leader() == 4);
}

}  // namespace skiff::raft_core_test

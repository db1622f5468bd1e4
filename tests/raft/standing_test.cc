// KnownLeader, OwnProcess and Abstention: a node's leader, its own process, and when it may vote.
#include "raft/abstention.h"
#include "raft/known_leader.h"
#include "raft/own_process.h"
#include "tests/support/catch.h"
#include "tests/support/dies.h"

namespace skiff::standing_test {

using namespace skiff::raft;

TEST_CASE("a process votes once it is judged, or after a while") {
  Abstention abstention(false);
  REQUIRE(abstention.is_over(0));
  abstention.wait_for_verdict(500);
  REQUIRE_FALSE(abstention.is_over(499));
  REQUIRE_FALSE(abstention.is_over_for_successor(499));
  REQUIRE(abstention.is_over(500));
  abstention.judged();
  REQUIRE(abstention.is_over(0));
}

TEST_CASE("a promise to a leader binds only with lease reads, and not against its successor") {
  for (bool has_lease_reads : {false, true}) {
    Abstention abstention(has_lease_reads);
    abstention.promise(500);
    REQUIRE(abstention.is_over(499) == !has_lease_reads);
    REQUIRE(abstention.is_over(500));
    REQUIRE(abstention.is_over_for_successor(0));
    abstention.judged();
    REQUIRE(abstention.is_over(499) == !has_lease_reads);
    abstention.wait_for_verdict(700);
    REQUIRE(abstention.ends_at() == 700);
  }
}

TEST_CASE("a leader protects its leadership as long as it is heard") {
  KnownLeader leader;
  REQUIRE_FALSE(leader.is_known());
  leader.become(2);
  REQUIRE(leader.is(2));
  REQUIRE_FALSE(leader.was_heard(500, 0));
  leader.heard(2, 100);
  REQUIRE(leader.was_heard(500, 599));
  REQUIRE_FALSE(leader.was_heard(500, 600));
  REQUIRE(leader.is(2));
  leader.forget();
  REQUIRE_FALSE(leader.was_heard(500, 101));
  REQUIRE(leader.id() == 0);
}

TEST_CASE("a second leader of one term is a mistake") {
  KnownLeader leader;
  leader.heard(2, 100);
  REQUIRE_FALSE(dies_saying([&] { leader.heard(3, 100); }).empty());
  leader.become(3);
  REQUIRE(dies_saying([&] { leader.heard(3, 100); }).empty());
}

TEST_CASE("another leader has not said what the one before it said") {
  KnownLeader leader;
  leader.heard(2, 100);
  leader.said_takes_writes(false);
  leader.heard(2, 200);
  REQUIRE_FALSE(leader.takes_writes());
  leader.become(3);
  REQUIRE(leader.takes_writes());
  REQUIRE_FALSE(leader.was_heard(500, 200));
}

TEST_CASE("a recovering process says so under its own number until it is intact") {
  OwnProcess process(11, 0);
  REQUIRE_FALSE(process.is_recovering());
  REQUIRE(process.recovering() == 0);
  process.has_lost_something();
  REQUIRE(process.recovering() == 11);
  const Found found{.term = 2, .last = {.term = 1, .index = 5}};
  process.recovered(found);
  REQUIRE_FALSE(process.is_recovering());
  REQUIRE(process.found() == found);
  REQUIRE_FALSE(process.is_admitted());
  process.admit();
  REQUIRE(process.is_admitted());
}

TEST_CASE("a process without a number, or recovering under another's, is a mistake of ours") {
  REQUIRE_FALSE(dies_saying([] { OwnProcess(0, 0); }).empty());
  REQUIRE_FALSE(dies_saying([] { OwnProcess(11, 12); }).empty());
  REQUIRE(dies_saying([] { OwnProcess(11, 11); }).empty());
}

}  // namespace skiff::standing_test

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
  REQUIRE(abstention.is_over(0_s));
  abstention.wait_for_verdict(500_ns);
  REQUIRE_FALSE(abstention.is_over(499_ns));
  REQUIRE_FALSE(abstention.is_over_for_successor(499_ns));
  REQUIRE(abstention.is_over(500_ns));
  abstention.judged();
  REQUIRE(abstention.is_over(0_s));
}

TEST_CASE("a promise to a leader binds only with lease reads, and not against its successor") {
  for (bool has_lease_reads : {false, true}) {
    Abstention abstention(has_lease_reads);
    abstention.promise(500_ns);
    REQUIRE(abstention.is_over(499_ns) == !has_lease_reads);
    REQUIRE(abstention.is_over(500_ns));
    REQUIRE(abstention.is_over_for_successor(0_s));
    abstention.judged();
    REQUIRE(abstention.is_over(499_ns) == !has_lease_reads);
    abstention.wait_for_verdict(700_ns);
    REQUIRE(abstention.ends_at() == 700_ns);
  }
}

TEST_CASE("a leader protects its leadership as long as it is heard") {
  KnownLeader leader;
  REQUIRE_FALSE(leader.is_known());
  leader.become(2);
  REQUIRE(leader.is(2));
  REQUIRE_FALSE(leader.was_heard(500_ns, 0_s));
  leader.heard(2, 100_ns);
  REQUIRE(leader.was_heard(500_ns, 599_ns));
  REQUIRE_FALSE(leader.was_heard(500_ns, 600_ns));
  REQUIRE(leader.is(2));
  leader.forget();
  REQUIRE_FALSE(leader.was_heard(500_ns, 101_ns));
  REQUIRE(leader.id() == 0);
}

TEST_CASE("a second leader of one term is a mistake") {
  KnownLeader leader;
  leader.heard(2, 100_ns);
  REQUIRE_FALSE(dies_saying([&] { leader.heard(3, 100_ns); }).empty());
  leader.become(3);
  REQUIRE(dies_saying([&] { leader.heard(3, 100_ns); }).empty());
}

TEST_CASE("another leader has not said what the one before it said") {
  KnownLeader leader;
  leader.heard(2, 100_ns);
  leader.said_takes_writes(false);
  leader.heard(2, 200_ns);
  REQUIRE_FALSE(leader.takes_writes());
  leader.become(3);
  REQUIRE(leader.takes_writes());
  REQUIRE_FALSE(leader.was_heard(500_ns, 200_ns));
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

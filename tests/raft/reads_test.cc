#include "raft/reads.h"

#include "tests/support/catch.h"
#include "tests/support/dies.h"

namespace skiff::reads_test {

using namespace skiff::raft;

static ReadRounds::Reader reader(uint64_t number) { return {.node = 1, .id = {.incarnation = 1, .number = number}}; }

// Q1: reads that arrive together share one round, and each is released once
TEST_CASE("a round serves reads that came before it started; the rest wait for the next", "[Q1]") {
  ReadRounds rounds(7);
  REQUIRE_FALSE(rounds.wants_round());
  rounds.ask(reader(1), 10);
  rounds.ask(reader(2), 10);
  REQUIRE(rounds.start(5) == 8);
  rounds.ask(reader(3), 10);
  REQUIRE_FALSE(rounds.wants_round());
  ReadRounds::Confirmed first = rounds.finish();
  REQUIRE(first.index == 5);
  REQUIRE(first.readers.size() == 2);
  REQUIRE(first.readers[1].id.number == 2);
  REQUIRE(rounds.wants_round());
  REQUIRE(rounds.start(6) == 9);
  REQUIRE(rounds.finish().readers.at(0).id.number == 3);
  REQUIRE_FALSE(rounds.wants_round());
}

// Q3: a late reply to an older round confirms nothing, because round numbers are never used twice
// bug-3: a late reply to another read's round confirms a read
TEST_CASE("only answers to the round under way count, each node once", "[Q3][bug-3]") {
  ReadRounds rounds(0);
  rounds.ask(reader(1), 10);
  rounds.start(5);
  for (uint64_t round : {0, 2, 99}) rounds.confirm(2, round);
  REQUIRE(rounds.confirmed_by().empty());
  rounds.confirm(2, 1);
  rounds.confirm(2, 1);
  REQUIRE(rounds.confirmed_by() == std::set<NodeId>{2});
  rounds.finish();
  rounds.ask(reader(2), 10);
  rounds.start(5);
  REQUIRE(rounds.confirmed_by().empty());
  rounds.confirm(3, 1);
  REQUIRE(rounds.confirmed_by().empty());
}

// Q3: a late reply to an older round confirms nothing, because round numbers are never used twice
TEST_CASE("an answer between two rounds counts for neither", "[Q3]") {
  ReadRounds rounds(4);
  rounds.confirm(2, 4);
  rounds.ask(reader(1), 10);
  rounds.start(5);
  REQUIRE(rounds.confirmed_by().empty());
}

// Q10: waiting reads are bounded, and leave nothing behind
// bug-23: reads wait for a reply that never comes, and are never dropped
TEST_CASE("so many wait and no more", "[Q10][bug-23]") {
  ReadRounds rounds(0);
  REQUIRE(rounds.ask(reader(1), 2));
  REQUIRE(rounds.ask(reader(2), 2));
  REQUIRE_FALSE(rounds.ask(reader(3), 2));
  rounds.start(0);
  REQUIRE(rounds.ask(reader(4), 2));
}

// Q4: leadership ends while a round is under way
TEST_CASE("waiting reads are given up with leadership, once", "[Q4]") {
  ReadRounds rounds(0);
  rounds.ask(reader(1), 10);
  rounds.start(5);
  rounds.ask(reader(2), 10);
  REQUIRE(rounds.give_up().size() == 2);
  REQUIRE(rounds.give_up().empty());
  REQUIRE_FALSE(rounds.under_way());
  REQUIRE_FALSE(rounds.wants_round());
}

TEST_CASE("a round that is not wanted or not under way is a mistake of ours") {
  ReadRounds rounds(0);
  REQUIRE_FALSE(dies_saying([&] { rounds.start(0); }).empty());
  REQUIRE_FALSE(dies_saying([&] { rounds.finish(); }).empty());
}

}  // namespace skiff::reads_test

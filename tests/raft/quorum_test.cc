#include "raft/quorum.h"

#include "tests/support/catch.h"
#include "tests/support/dies.h"

namespace skiff::quorum_test {

using namespace skiff::raft;
using quorum::Outcome;

TEST_CASE("a majority is more than half") {
  const size_t expected[] = {1, 1, 2, 2, 3, 3, 4, 4};  // of none: nothing is ever decided
  for (size_t voters = 0; voters < 8; ++voters) REQUIRE(quorum::majority(voters) == expected[voters]);
}

TEST_CASE("votes are won by a majority, lost when none can be had, and open between") {
  struct Row {
    const char* name;
    std::vector<NodeId> voters;
    std::map<NodeId, bool> votes;
    Outcome outcome;
  };
  const Row rows[] = {
      {"nobody has answered", {1, 2, 3}, {}, Outcome::open},
      {"one of one", {1}, {{1, true}}, Outcome::won},
      {"one of two", {1, 2}, {{1, true}}, Outcome::open},
      {"two of two", {1, 2}, {{1, true}, {2, true}}, Outcome::won},
      {"one of two refuses", {1, 2}, {{1, true}, {2, false}}, Outcome::lost},
      {"two of three", {1, 2, 3}, {{1, true}, {2, true}}, Outcome::won},
      {"one of three refuses", {1, 2, 3}, {{1, true}, {2, false}}, Outcome::open},
      {"two of three refuse", {1, 2, 3}, {{1, true}, {2, false}, {3, false}}, Outcome::lost},
      {"two of four", {1, 2, 3, 4}, {{1, true}, {2, true}}, Outcome::open},
      {"two of four refuse", {1, 2, 3, 4}, {{1, true}, {2, true}, {3, false}, {4, false}}, Outcome::lost},
      {"three of four", {1, 2, 3, 4}, {{1, true}, {2, true}, {4, true}}, Outcome::won},
      {"strangers count for nothing", {1, 2, 3}, {{1, true}, {7, true}, {8, true}}, Outcome::open},
      {"nor do strangers who refuse", {1, 2, 3}, {{7, false}, {8, false}}, Outcome::open},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    REQUIRE(quorum::tally(row.voters, row.votes) == row.outcome);
  }
}

TEST_CASE("what a majority has reached") {
  struct Row {
    std::vector<uint64_t> values;
    uint64_t reached;
  };
  const Row rows[] = {{{5}, 5},          {{5, 3}, 3},          {{3, 5}, 3},
                      {{1, 2, 3}, 2},    {{3, 1, 2}, 2},       {{9, 9, 0}, 9},
                      {{9, 0, 0}, 0},    {{4, 3, 2, 1}, 2},    {{4, 4, 2, 1}, 2},
                      {{4, 4, 4, 1}, 4}, {{5, 4, 3, 2, 1}, 3}, {{~uint64_t{0}, 1, ~uint64_t{0}}, ~uint64_t{0}}};
  for (const Row& row : rows) REQUIRE(quorum::reached_by_majority(row.values) == row.reached);
  REQUIRE_FALSE(dies_saying([] { quorum::reached_by_majority({}); }).empty());
}

}  // namespace skiff::quorum_test

#include "raft/quorum.h"

#include "tests/support/catch.h"
#include "tests/support/dies.h"

namespace skiff::quorum_test {

using namespace skiff::raft;

TEST_CASE("a majority is more than half") {
  const size_t expected[] = {1, 1, 2, 2, 3, 3, 4, 4};  // of none: nothing is ever decided
  for (size_t voters = 0; voters < 8; ++voters) REQUIRE(quorum::majority(voters) == expected[voters]);
}

TEST_CASE("more than half must have said yes, and only voters count") {
  struct Row {
    const char* name;
    std::vector<NodeId> voters;
    std::set<NodeId> said_yes;
    bool is_majority;
  };
  const Row rows[] = {
      {"nobody has answered", {1, 2, 3}, {}, false},
      {"one of one", {1}, {1}, true},
      {"one of two", {1, 2}, {1}, false},
      {"two of two", {1, 2}, {1, 2}, true},
      {"one of three", {1, 2, 3}, {3}, false},
      {"two of three", {1, 2, 3}, {1, 2}, true},
      {"two of four", {1, 2, 3, 4}, {1, 2}, false},
      {"three of four", {1, 2, 3, 4}, {1, 2, 4}, true},
      {"all of five", {1, 2, 3, 4, 5}, {1, 2, 3, 4, 5}, true},
      {"strangers count for nothing", {1, 2, 3}, {1, 7, 8}, false},
      {"nor do they take anything away", {1, 2, 3}, {1, 2, 7, 8}, true},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    REQUIRE(quorum::is_majority(row.voters, row.said_yes) == row.is_majority);
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

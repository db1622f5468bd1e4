#include "raft/quorum.h"

#include "tests/support/catch.h"

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
      {"no answer yet", {1, 2, 3}, {}, false},
      {"one of one", {1}, {1}, true},
      {"one of two", {1, 2}, {1}, false},
      {"two of two", {1, 2}, {1, 2}, true},
      {"one of three", {1, 2, 3}, {3}, false},
      {"two of three", {1, 2, 3}, {1, 2}, true},
      {"two of four", {1, 2, 3, 4}, {1, 2}, false},
      {"three of four", {1, 2, 3, 4}, {1, 2, 4}, true},
      {"all of five", {1, 2, 3, 4, 5}, {1, 2, 3, 4, 5}, true},
      {"other nodes count for nothing", {1, 2, 3}, {1, 7, 8}, false},
      {"nor do they take anything away", {1, 2, 3}, {1, 2, 7, 8}, true},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    REQUIRE(quorum::is_majority({.incoming = row.voters, .outgoing = {}}, row.said_yes) == row.is_majority);
  }
}

TEST_CASE("while the voters change, both halves must agree") {
  const Voters voters{.incoming = {3, 4, 5}, .outgoing = {1, 2, 3}};
  struct Row {
    const char* name;
    std::set<NodeId> said_yes;
    bool is_majority;
  };
  const Row rows[] = {{"all of the old ones", {1, 2, 3}, false},
                      {"all of the new ones", {3, 4, 5}, false},
                      {"a majority of each", {1, 3, 4}, true},
                      {"more than half of all, and too few of the old", {3, 4, 5, 9}, false},
                      {"a majority of each without the common one", {1, 2, 4, 5}, true}};
  for (const Row& row : rows) {
    INFO(row.name);
    REQUIRE(quorum::is_majority(voters, row.said_yes) == row.is_majority);
  }
  auto reached = [](NodeId node) { return node * 10; };
  REQUIRE(quorum::reached_by_majority(voters, reached) == 20);
  REQUIRE(quorum::reached_by_majority({.incoming = {3, 4, 5}, .outgoing = {}}, reached) == 40);
}

TEST_CASE("without voters nothing is decided") {
  REQUIRE_FALSE(quorum::is_majority({}, {1, 2, 3}));
  REQUIRE(quorum::reached_by_majority({}, [](NodeId) { return 7; }) == 0);
}

TEST_CASE("the highest value that a majority has reached") {
  struct Row {
    std::vector<uint64_t> values;
    uint64_t reached;
  };
  const Row rows[] = {{{5}, 5},          {{5, 3}, 3},          {{3, 5}, 3},
                      {{1, 2, 3}, 2},    {{3, 1, 2}, 2},       {{9, 9, 0}, 9},
                      {{9, 0, 0}, 0},    {{4, 3, 2, 1}, 2},    {{4, 4, 2, 1}, 2},
                      {{4, 4, 4, 1}, 4}, {{5, 4, 3, 2, 1}, 3}, {{~uint64_t{0}, 1, ~uint64_t{0}}, ~uint64_t{0}}};
  for (const Row& row : rows) {
    Voters voters;
    for (NodeId node = 1; node <= row.values.size(); ++node) voters.incoming.push_back(node);
    REQUIRE(quorum::reached_by_majority(voters, [&](NodeId node) { return row.values[node - 1]; }) == row.reached);
  }
}

}  // namespace skiff::quorum_test

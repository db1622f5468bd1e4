// When the log is told that a member has moved.
#include "src/node/moved_members.h"

#include "tests/support/catch.h"

namespace skiff::moved_members_test {

using Found = std::vector<MovedMembers::Found>;

std::vector<raft::NodeId> asked_for(MovedMembers& moved, raft::Time now, raft::NodeId leader, const Found& found) {
  std::vector<raft::NodeId> nodes;
  for (const AdminRequest& order : moved.due(now, 1, leader, found)) {
    REQUIRE(order.kind == AdminRequest::Kind::move);
    REQUIRE(order.address == "http://elsewhere:" + std::to_string(order.node));
    nodes.push_back(order.node);
  }
  return nodes;
}

// M17: a member moves to another address
TEST_CASE("the leader asks for every member that has moved, the others for the leader", "[M17]") {
  using Nodes = std::vector<raft::NodeId>;
  const Found found = {{2, "http://elsewhere:2", 0_s}, {3, "http://elsewhere:3", 0_s}};
  struct Row {
    std::string name;
    raft::NodeId leader;
    raft::Time now;
    Nodes asked;
  };
  const std::vector<Row> table = {
      {"nobody leads", 0, MovedMembers::kSettles, {}},
      {"this node leads", 1, MovedMembers::kSettles, {2, 3}},
      {"another leads", 3, MovedMembers::kSettles, {3}},
      {"it has only just been found", 1, MovedMembers::kSettles - 1_ns, {}},
  };
  for (const Row& row : table) {
    INFO(row.name);
    MovedMembers moved;
    REQUIRE(asked_for(moved, row.now, row.leader, found) == row.asked);
  }
}

// M17: a member moves to another address
TEST_CASE("what is still so is asked for again after a while", "[M17]") {
  const Found found = {{2, "http://elsewhere:2", 0_s}};
  MovedMembers moved;
  const raft::Time first = MovedMembers::kSettles;
  REQUIRE(asked_for(moved, first, 1, found).size() == 1);
  REQUIRE(asked_for(moved, first + MovedMembers::kPause - 1_ns, 1, found).empty());
  REQUIRE(asked_for(moved, first + MovedMembers::kPause, 1, found).size() == 1);
  REQUIRE(asked_for(moved, first + 2 * MovedMembers::kPause, 1, {}).empty());
}

}  // namespace skiff::moved_members_test

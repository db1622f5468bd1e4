// Lines about who leads.
#include "src/replica/role_log.h"

#include "tests/support/catch.h"
#include "tests/support/replica_cluster.h"

namespace skiff::role_log_test {

TEST_CASE("a new leader is told once, and its loss is a warning") {
  ReplicaCluster cluster(3);
  RoleLog of_leader, of_follower;
  REQUIRE_FALSE(of_leader.update(cluster[1].raft()).has_value());
  const raft::NodeId leader = cluster.elect();
  const raft::NodeId follower = leader % 3 + 1;
  const std::string at_term = " at term " + std::to_string(cluster[leader].raft().term());
  REQUIRE(of_leader.update(cluster[leader].raft())->text == "leads" + at_term);
  const auto line = of_follower.update(cluster[follower].raft());
  REQUIRE(line->text == "follows node " + std::to_string(leader) + at_term);
  REQUIRE_FALSE(line->is_warning);
  REQUIRE_FALSE(of_follower.update(cluster[follower].raft()).has_value());

  cluster.cut(follower);
  cluster.pass(3_s);
  const auto lost = of_follower.update(cluster[follower].raft());
  REQUIRE(lost->text.starts_with("has no leader at term "));
  REQUIRE(lost->is_warning);
  cluster.pass(3_s);
  REQUIRE_FALSE(of_follower.update(cluster[follower].raft()).has_value());  // whatever the term is by now
}

}  // namespace skiff::role_log_test

// An operator's orders, given to any node: who joins, who goes, who leads; and what comes of them when much goes wrong.
#include "src/replica/admin_requests.h"

#include "raft/membership.h"
#include "tests/support/catch.h"
#include "tests/support/replica_cluster.h"

namespace skiff::admin_requests_test {

using Kind = AdminRequest::Kind;

raft::NodeId another(raft::NodeId node) { return node % 3 + 1; }
std::string at(raft::NodeId node) { return "at:" + std::to_string(node); }

AdminRequest add(raft::NodeId node) { return {Kind::add, node, at(node)}; }
AdminRequest remove(raft::NodeId node) { return {Kind::remove, node, ""}; }
AdminRequest move(raft::NodeId node, std::string address) { return {Kind::move, node, std::move(address)}; }
AdminRequest lead(raft::NodeId node) { return {Kind::lead, node, ""}; }

const raft::Configuration& members(ReplicaCluster& cluster) { return cluster[cluster.leader()].raft().configuration(); }

// Whatever comes of it, but it must come.
std::string outcome(ReplicaCluster& cluster, uint64_t order, raft::Time within = 6_s) {
  for (raft::Time end = cluster.now() + within; cluster.answer(order).empty() && cluster.now() < end;) {
    cluster.pass(1_ms);
  }
  return cluster.answer(order);
}

// M1: members are added and removed, with and without a vote
TEST_CASE("a member is added by way of any node, and made a voter once it has caught up", "[M1]") {
  for (raft::NodeId steps = 0; steps < 3; ++steps) {
    ReplicaCluster cluster(3);
    raft::NodeId asked = (cluster.elect() + steps - 1) % 3 + 1;
    cluster.put(asked, "/k", "v");
    uint64_t order = cluster.order(asked, add(4));
    REQUIRE(outcome(cluster, order) == "done");
    REQUIRE(members(cluster).find(4)->role == raft::MemberRole::joining);
    REQUIRE(members(cluster).find(4)->address == at(4));
    cluster.add_spare(4);
    cluster.pass(2_s);
    REQUIRE(members(cluster).find(4)->role == raft::MemberRole::voter);
    uint64_t read = cluster.get(4, "/k");
    cluster.settle();
    REQUIRE(cluster.answer(read) == "done: v");
  }
}

TEST_CASE("the same order twice is done twice") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  for (const AdminRequest& order : {add(4), remove(another(leader)), move(leader, "elsewhere:1"), lead(leader)}) {
    for (raft::NodeId asked : {leader, another(another(leader))}) {
      REQUIRE(outcome(cluster, cluster.order(asked, order)) == "done");
    }
  }
}

// M6: a leader is removed: it leads to the end, does not count itself, and hands over to a voter that has everything
TEST_CASE("the leader is removed by way of any node: another one leads first, and removes it", "[M6]") {
  for (raft::NodeId steps = 0; steps < 3; ++steps) {
    INFO("asked the one " << steps << " behind the leader");
    ReplicaCluster cluster(3);
    raft::NodeId leader = cluster.elect();
    uint64_t order = cluster.order((leader + steps - 1) % 3 + 1, remove(leader));
    REQUIRE(outcome(cluster, order) == "done");
    cluster.pass(2_s);
    REQUIRE(cluster.leader() != leader);
    REQUIRE(members(cluster).was_removed(leader));
    REQUIRE(cluster.was_removed(leader));
    uint64_t written = cluster.put(cluster.leader(), "/k", "v");
    cluster.settle();
    REQUIRE(cluster.answer(written) == "done");
  }
}

// M8: a removed node comes back
TEST_CASE("who is removed finishes first what its clients wait for", "[M8]") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  raft::NodeId goes = another(leader);
  cluster.hold_disk(leader, true);
  cluster.hold_disk(another(goes), true);
  uint64_t early = cluster.put(goes, "/k", "v");
  cluster.settle();
  uint64_t order = cluster.order(leader, remove(goes));
  cluster.settle();
  uint64_t late = cluster.put(goes, "/k", "w");
  REQUIRE(cluster.answer(late) == "refused");
  REQUIRE(cluster.answer(early) == "");
  REQUIRE(members(cluster).is_voter(goes));
  cluster.hold_disk(leader, false);
  cluster.hold_disk(another(goes), false);
  REQUIRE(outcome(cluster, order) == "done");
  REQUIRE(cluster.answer(early) == "done");
}

TEST_CASE("who is removed and does not finish goes all the same, and its clients are told") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  raft::NodeId goes = another(leader);
  uint64_t order = cluster.order(leader, remove(goes));
  cluster.cut(goes);
  uint64_t lost = cluster.put(goes, "/k", "v");
  REQUIRE(outcome(cluster, order) == "done");
  cluster.heal();
  cluster.pass(2_s);
  REQUIRE(cluster.was_removed(goes));
  REQUIRE(cluster.answer(lost) == "unknown");
  REQUIRE_FALSE(cluster[goes].has_waiting());
}

// M14: a dead member is replaced
// M15: the cluster shrinks to one member, and grows again
TEST_CASE("a dead member is removed, and then the cluster shrinks to one", "[M14][M15]") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  cluster.crash(another(leader));
  cluster.pass(1_s);
  REQUIRE(outcome(cluster, cluster.order(leader, remove(another(leader)))) == "done");
  REQUIRE(outcome(cluster, cluster.order(leader, remove(another(another(leader))))) == "done");
  uint64_t written = cluster.put(leader, "/k", "v");
  cluster.settle();
  REQUIRE(cluster.answer(written) == "done");
}

// M9: ids and addresses are taken, or ids were removed
TEST_CASE("wrong orders are told what to do instead, at whichever node", "[M9]") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  raft::NodeId gone = another(leader), other = another(gone);
  REQUIRE(outcome(cluster, cluster.order(leader, add(4))) == "done");
  cluster.add_spare(4);
  cluster.pass(2_s);
  REQUIRE(outcome(cluster, cluster.order(leader, remove(gone))) == "done");
  const std::string four = "http://x:1";
  struct Row {
    AdminRequest order;
    std::string says;
  };
  for (const Row& row : {
           Row{{Kind::add, 4, "x:1"}, "conflict: node 4 is a member already, at at:4; PUT /members/4 moves it"},
           Row{{Kind::add, 5, at(4)}, "conflict: at:4 is the address of node 4"},
           Row{add(gone), "was removed, and an id never comes back: take another, say 5"},
           Row{remove(9), "not found: there is no member 9"},
           Row{move(9, "x:9"), "not found: there is no member 9"},
           Row{move(4, at(leader)), "conflict: at:" + std::to_string(leader) + " is the address of node"},
           Row{lead(9), "not found: there is no member 9"},
       }) {
    for (raft::NodeId asked : {leader, other}) {
      std::string said = outcome(cluster, cluster.order(asked, row.order));
      INFO(said);
      REQUIRE(said.find(row.says) != std::string::npos);
    }
  }
  REQUIRE(outcome(cluster, cluster.order(other, add(5))) == "done");
  REQUIRE(outcome(cluster, cluster.order(other, add(6))) == "done");
  std::string said = outcome(cluster, cluster.order(leader, add(7)));
  REQUIRE(said.find("conflict: there are 5 members, and no more can be") != std::string::npos);
  said = outcome(cluster, cluster.order(leader, lead(5)));
  REQUIRE(said.find("conflict: node 5 is a learner") != std::string::npos);
}

// M14: a dead member is replaced
TEST_CASE("the last voter is not removed, nor one without whom nobody could decide", "[M14]") {
  ReplicaCluster alone(1);
  alone.elect();
  REQUIRE(outcome(alone, alone.order(1, remove(1))).find("conflict: node 1 is the last voter") == 0);

  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  cluster.crash(another(leader));
  cluster.pass(1_s);
  for (raft::NodeId node : {leader, another(another(leader))}) {
    std::string said = outcome(cluster, cluster.order(leader, remove(node)));
    INFO(said);
    REQUIRE(said.find("conflict: those that are left would have no majority, because these do not answer: " +
                      std::to_string(another(leader))) == 0);
  }
}

// M13: a new member cannot be reached
TEST_CASE("a member that never comes is withdrawn by itself", "[M13]") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  REQUIRE(outcome(cluster, cluster.order(another(leader), add(4))) == "done");
  cluster.pass(59_s);
  REQUIRE(members(cluster).has(4));
  cluster.pass(2_s);
  REQUIRE_FALSE(members(cluster).has(4));
  REQUIRE(cluster.withdrew(cluster.leader()) == std::vector<raft::NodeId>{4});
  REQUIRE(cluster[cluster.leader()].withdrawn().at(0).address == at(4));
}

TEST_CASE("a member that has come is not withdrawn") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  REQUIRE(outcome(cluster, cluster.order(leader, add(4))) == "done");
  cluster.add_spare(4);
  cluster.pass(61_s);
  REQUIRE(members(cluster).has(4));
  REQUIRE(cluster.withdrew(leader).empty());
}

// T13: leadership is transferred with writes under way
TEST_CASE("leadership is handed over by way of any node", "[T13]") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  for (raft::NodeId steps = 0; steps < 3; ++steps) {
    raft::NodeId to = another(leader);
    REQUIRE(outcome(cluster, cluster.order((leader + steps - 1) % 3 + 1, lead(to))) == "done");
    REQUIRE(cluster.leader() == to);
    leader = to;
  }
  cluster.crash(another(leader));
  cluster.pass(1_s);
  REQUIRE(outcome(cluster, cluster.order(leader, lead(another(leader)))).find("refused") == 0);
}

TEST_CASE("without a leader nothing is done, and that is said; with one again the order is carried out") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  raft::NodeId left = another(leader), third = another(left);
  cluster.crash(leader);
  cluster.crash(third);
  cluster.gone(leader);
  uint64_t order = cluster.order(left, remove(third));
  REQUIRE(outcome(cluster, order) == "refused: there is no leader");
  order = cluster.order(left, remove(third));
  cluster.restart(leader);
  REQUIRE(outcome(cluster, order) == "done");
}

TEST_CASE("an order that may have got through is unknown, not refused") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  SECTION("lost on the way to the leader") {
    uint64_t order = cluster.order(another(leader), add(4));
    cluster.cut(another(leader));
    REQUIRE(outcome(cluster, order).find("unknown") == 0);
  }
  SECTION("in the log of a leader that hears nobody") {
    cluster.cut(leader);
    uint64_t order = cluster.order(leader, add(4));
    REQUIRE(outcome(cluster, order).find("unknown") == 0);
  }
}

TEST_CASE("the leader dies with the order, and the next one carries it out") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  uint64_t order = cluster.order(another(leader), add(4));
  cluster.crash(leader);
  cluster.gone(leader);
  REQUIRE(outcome(cluster, order) == "done");
  REQUIRE(members(cluster).has(4));
}

TEST_CASE("orders at once are carried out one after the other") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  std::vector<uint64_t> orders = {cluster.order(leader, add(4)), cluster.order(another(leader), add(5)),
                                  cluster.order(another(another(leader)), remove(another(leader))),
                                  cluster.order(leader, lead(another(another(leader))))};
  cluster.add_spare(4);
  cluster.add_spare(5);
  for (uint64_t order : orders) REQUIRE(outcome(cluster, order) == "done");
  cluster.pass(3_s);
  REQUIRE(members(cluster).voters().incoming.size() == 4);
}

TEST_CASE("more orders than a node keeps are refused") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  cluster.cut(leader);
  for (int i = 0; i < 64; ++i) cluster.order(leader, add(4));
  REQUIRE(cluster.answer(cluster.order(leader, add(4))) == "refused: too many admin requests wait");
}

TEST_CASE("a node that is stopping takes no orders") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  cluster[leader].stop_taking();
  REQUIRE(cluster.answer(cluster.order(leader, add(4))) == "refused: this node is shutting down");
}

}  // namespace skiff::admin_requests_test

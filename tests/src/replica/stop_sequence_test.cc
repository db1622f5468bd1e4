// How long a node that stops waits, and what for.
#include "src/replica/stop_sequence.h"

#include "tests/support/catch.h"
#include "tests/support/replica_cluster.h"

namespace skiff::stop_sequence_test {

constexpr raft::Time kPatience = 6_s;

raft::NodeId follower_of(raft::NodeId leader) { return leader % 3 + 1; }

TEST_CASE("a follower without requests under way may end at once, when clients and disk are done") {
  ReplicaCluster cluster(3);
  const raft::NodeId node = follower_of(cluster.elect());
  StopSequence stop(kPatience);
  REQUIRE_FALSE(stop.may_end(cluster.now(), cluster[node], true));
  stop.request();
  REQUIRE(stop.is_stopping());
  REQUIRE(stop.has_to_begin());
  REQUIRE_FALSE(stop.may_end(cluster.now(), cluster[node], true));
  stop.begin(cluster.now(), cluster[node]);
  REQUIRE_FALSE(stop.has_to_begin());
  REQUIRE_FALSE(stop.may_end(cluster.now(), cluster[node], false));
  REQUIRE(stop.may_end(cluster.now(), cluster[node], true));
  const uint64_t refused = cluster.put(node, "/k", "v");
  REQUIRE(cluster.answer(refused) == "refused");
}

TEST_CASE("a leader hands over before it ends") {
  ReplicaCluster cluster(3);
  const raft::NodeId leader = cluster.elect();
  StopSequence stop(kPatience);
  stop.request();
  stop.begin(cluster.now(), cluster[leader]);
  REQUIRE_FALSE(stop.may_end(cluster.now(), cluster[leader], true));
  cluster.pass(100_ms);
  REQUIRE(cluster.answer(StopSequence::kHandOverId) == "done");
  REQUIRE(cluster.leader() != leader);
  REQUIRE_FALSE(stop.may_end(cluster.now(), cluster[leader], true));
  stop.hand_over_ended(1);  // an operator's
  REQUIRE_FALSE(stop.may_end(cluster.now(), cluster[leader], true));
  stop.hand_over_ended(StopSequence::kHandOverId);
  REQUIRE(stop.may_end(cluster.now(), cluster[leader], true));
}

TEST_CASE("a leader without other members has nobody to hand over to") {
  ReplicaCluster cluster(1);
  const raft::NodeId leader = cluster.elect();
  StopSequence stop(kPatience);
  stop.request();
  stop.begin(cluster.now(), cluster[leader]);
  REQUIRE(stop.may_end(cluster.now(), cluster[leader], true));
}

TEST_CASE("requests under way are waited for up to the deadline, or up to a second request to stop") {
  ReplicaCluster cluster(3);
  const raft::NodeId node = follower_of(cluster.elect());
  cluster.cut(node);
  cluster.put(node, "/k", "v");
  StopSequence stop(kPatience);
  stop.request();
  const raft::Time begun = cluster.now();
  stop.begin(begun, cluster[node]);
  REQUIRE_FALSE(stop.may_end(begun + kPatience - 1_ns, cluster[node], true));
  REQUIRE(stop.may_end(begun + kPatience, cluster[node], true));
  stop.request();
  REQUIRE(stop.may_end(begun, cluster[node], false));
}

TEST_CASE("a removed node that is asked to stop before it began waits for its requests all the same") {
  ReplicaCluster cluster(3);
  const raft::NodeId node = follower_of(cluster.elect());
  StopSequence stop(kPatience);
  stop.request_removal();
  stop.request();
  stop.begin(cluster.now(), cluster[node]);
  REQUIRE_FALSE(stop.may_end(cluster.now(), cluster[node], false));
  stop.request();
  REQUIRE(stop.may_end(cluster.now(), cluster[node], false));
}

TEST_CASE("a removal overrules a restart") {
  StopSequence stop(kPatience);
  stop.request_restart();
  stop.request_removal();
  REQUIRE_FALSE(stop.restarts());
  REQUIRE(stop.is_cut_off());
}

TEST_CASE("a restart waits for nothing, hands nothing over, and is overruled by a stop") {
  ReplicaCluster cluster(3);
  const raft::NodeId leader = cluster.elect();
  StopSequence stop(kPatience);
  stop.request_restart();
  REQUIRE(stop.is_cut_off());
  REQUIRE(stop.restarts());
  stop.begin(cluster.now(), cluster[leader]);
  REQUIRE(stop.may_end(cluster.now(), cluster[leader], false));
  cluster.settle();
  REQUIRE(cluster.answer(StopSequence::kHandOverId).empty());
  stop.request();
  REQUIRE_FALSE(stop.restarts());
  REQUIRE(stop.is_cut_off());
}

TEST_CASE("a node that stops already does not start again when its disk turns out to have gone back") {
  ReplicaCluster cluster(3);
  const raft::NodeId node = follower_of(cluster.elect());
  StopSequence stop(kPatience);
  stop.request();
  stop.begin(cluster.now(), cluster[node]);
  stop.request_restart();
  REQUIRE_FALSE(stop.restarts());
  REQUIRE(stop.is_cut_off());
  REQUIRE(stop.may_end(cluster.now(), cluster[node], false));
}

}  // namespace skiff::stop_sequence_test

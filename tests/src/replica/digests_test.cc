// States that are compared all along.
#include "src/replica/digests.h"

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/replica_cluster.h"

namespace skiff::replica_digests_test {

size_t told(const ReplicaCluster& cluster) {
  return static_cast<size_t>(std::count_if(cluster.sent.begin(), cluster.sent.end(), [](const PeerMessage& message) {
    return std::holds_alternative<StateDigest>(message.body);
  }));
}

void write(ReplicaCluster& cluster, raft::NodeId node, int writes) {
  for (int count = 0; count < writes; ++count) {
    cluster.put(node, "/k" + std::to_string(count % 3), std::to_string(count));
    cluster.settle();
  }
  cluster.pass(200_ms);
}

// As node `from` would say it to node 1.
void claim(ReplicaCluster& cluster, raft::NodeId from, raft::Index index, uint64_t digest) {
  cluster.in_flight.push_back(
      {.from = from, .to = 1, .term = 1, .body = StateDigest{.index = index, .digest = digest}});
  cluster.settle();
}

using Differences = std::vector<std::string>;

// D11: a node's state differs from the others' although it has applied the same entries
TEST_CASE("states are compared all along, and the same entries make the same") {  // [D11]
  ReplicaCluster cluster(3);
  write(cluster, cluster.elect(), 100);
  REQUIRE(told(cluster) == 6 * 3 * 2);  // at 16 to 96, each to two others
  for (raft::NodeId node = 1; node <= 3; ++node) REQUIRE(cluster.differences(node).empty());
}

// D11: a node's state differs from the others' although it has applied the same entries
TEST_CASE("the one that a majority contradicts knows that it is wrong") {  // [D11]
  ReplicaCluster cluster(3);
  write(cluster, cluster.elect(), 40);
  claim(cluster, 2, 32, 7);
  REQUIRE(cluster.differences(1) == Differences{"2 at 32"});
  claim(cluster, 2, 32, 7);  // is not said twice
  claim(cluster, 3, 32, 8);  // all differ: nobody is right
  REQUIRE(cluster.differences(1) == Differences{"2 at 32"});
  claim(cluster, 3, 32, 7);
  REQUIRE(cluster.differences(1) == Differences{"2 at 32", "3 at 32, and a majority"});
}

// D11: a node's state differs from the others' although it has applied the same entries
TEST_CASE("who has not got so far compares when it does, and forgets what is too old") {  // [D11]
  const raft::Raft raft({.id = 1, .founders = raft::founded_by({1, 2, 3})}, 0_s);
  ReplicaDigests digests(16);
  REQUIRE_FALSE(digests.note(raft, 2, 16, 7));
  REQUIRE_FALSE(digests.note(raft, 3, 16, 7));
  REQUIRE_FALSE(digests.note(raft, 9, 16, 8));  // no member
  REQUIRE_FALSE(digests.note(raft, 2, 17, 7));  // no index at which anybody compares
  REQUIRE_FALSE(digests.note(raft, 1, 17, 8));
  REQUIRE(digests.note(raft, 1, 16, 8)->is_outvoted);

  for (raft::Index index = 32; index <= 16 * 9; index += 16) REQUIRE_FALSE(digests.note(raft, 1, index, 8));
  REQUIRE_FALSE(digests.note(raft, 2, 16, 9));  // long ago
  REQUIRE(digests.note(raft, 2, 32, 9)->node == 2);
}

}  // namespace skiff::replica_digests_test

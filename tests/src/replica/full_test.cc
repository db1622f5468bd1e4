// Full disks, of a replica and of others.
#include <optional>

#include "src/replica/replica.h"
#include "tests/support/catch.h"
#include "tests/support/replica_cluster.h"

namespace skiff::replica_full_test {

raft::NodeId other_than(raft::NodeId node) { return node % 3 + 1; }

// A disk that has room for so little that no command fits.
void fill(ReplicaCluster& cluster, raft::NodeId node) {
  cluster[node].disk_space(cluster.now(), 1'000);
  cluster.settle();
}

// W5: the disk is full, in any operation
TEST_CASE("what waits at a leader whose disk is full is done by its successor, and it still serves reads") {  // [W5]
  ReplicaCluster cluster(3);
  const raft::NodeId full = cluster.elect();
  cluster.pass(100_ms);                                // the others have said that they have room
  cluster[full].disk_space(cluster.now(), 2'000'000);  // room for some more
  const uint64_t written = cluster.put(full, "/k", "v");
  cluster.pass(100_ms);
  REQUIRE(cluster.leader() != full);
  REQUIRE(cluster.answer(written) == "done");
  const uint64_t read = cluster.get(full, "/k");
  cluster.settle();
  REQUIRE(cluster.answer(read) == "done: v");
}

// W5: the disk is full, in any operation
TEST_CASE("a follower that falls behind for want of room takes no writes: it would not see them done") {  // [W5]
  ReplicaCluster cluster(3);
  const raft::NodeId leader = cluster.elect();
  const raft::NodeId full = other_than(leader);
  fill(cluster, full);
  const uint64_t refused = cluster.put(full, "/k", "refused");
  const uint64_t written = cluster.put(leader, "/k", "v");
  cluster.pass(100_ms);
  REQUIRE(cluster.answer(refused) == "refused");
  REQUIRE(cluster.answer(written) == "done");
  REQUIRE(cluster[full].kv().keys() == 0);

  cluster[full].disk_space(cluster.now(), std::nullopt);
  cluster.pass(200_ms);
  REQUIRE(cluster[full].kv().get("/k")->bytes == "v");
  const uint64_t after = cluster.put(full, "/k", "after");
  cluster.pass(10_ms);
  REQUIRE(cluster.answer(after) == "done");
}

// W5: the disk is full, in any operation
TEST_CASE("where all disks are full writes are refused at once, reads are served, and it ends with room") {  // [W5]
  ReplicaCluster cluster(3);
  const raft::NodeId leader = cluster.elect();
  const uint64_t before = cluster.put(leader, "/k", "before");
  cluster.pass(100_ms);
  for (raft::NodeId node = 1; node <= 3; ++node) fill(cluster, node);
  cluster.pass(3_s);
  REQUIRE(cluster.answer(before) == "done");

  for (raft::NodeId node = 1; node <= 3; ++node) {
    const size_t sent = cluster.sent.size();
    const uint64_t write = cluster.put(node, "/k", "refused");
    REQUIRE(cluster.answer(write) == "refused");
    REQUIRE(cluster.sent.size() == sent);
    const uint64_t read = cluster.get(node, "/k");
    cluster.settle();
    REQUIRE(cluster.answer(read) == "done: before");
  }

  for (raft::NodeId node = 1; node <= 3; ++node) cluster[node].disk_space(cluster.now(), std::nullopt);
  cluster.pass(200_ms);
  for (raft::NodeId node = 1; node <= 3; ++node) {
    const uint64_t write = cluster.put(node, "/k", "after");
    cluster.pass(10_ms);
    REQUIRE(cluster.answer(write) == "done");
  }
}

// W5: the disk is full, in any operation
TEST_CASE("a write that is on its way when all disks turn out full is unknown, and done if there is room in time") {
  ReplicaCluster cluster(3);  // [W5]
  const raft::NodeId leader = cluster.elect();
  cluster.pass(100_ms);
  const raft::NodeId writer = other_than(leader);
  for (raft::NodeId node = 1; node <= 3; ++node) {
    if (node != writer) cluster[node].disk_space(cluster.now(), 1'000);
  }
  const uint64_t sent = cluster.put(writer, "/k", "on its way");  // it has not heard of the others yet
  cluster.pass(200_ms);
  const uint64_t late = cluster.put(writer, "/k", "too late");
  REQUIRE(cluster.answer(late) == "refused");
  REQUIRE(cluster.answer(sent) == "");

  const bool is_in_time = GENERATE(true, false);
  if (!is_in_time) cluster.pass(6_s);
  for (raft::NodeId node = 1; node <= 3; ++node) cluster[node].disk_space(cluster.now(), std::nullopt);
  cluster.pass(1_s);
  REQUIRE(cluster.answer(sent) == (is_in_time ? "done" : "unknown"));
  REQUIRE(cluster.answer(late) == "refused");
}

}  // namespace skiff::replica_full_test

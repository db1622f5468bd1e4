// The end of a request, as those see it who wait for it: of a write that wants no answer, and of very many reads at
// once.

#include "tests/support/catch.h"
#include "tests/support/replica_cluster.h"

namespace skiff::replica_ends_test {

TEST_CASE("a write that wants no answer ends when this node has applied it") {
  ReplicaCluster cluster(3);
  const raft::NodeId leader = cluster.elect();
  const raft::NodeId node = GENERATE(true, false) ? leader : leader % 3 + 1;
  const uint64_t write = cluster.throw_in(node, "/k", "v");
  REQUIRE_FALSE(cluster.has_ended(write));
  cluster.settle();
  cluster.pass(5_ms);
  REQUIRE(cluster.has_ended(write));
  REQUIRE(cluster[node].kv().get("/k")->bytes == "v");
  REQUIRE(cluster.answer(write) == "");
}

TEST_CASE("a write that wants no answer ends when it is refused, and when its time is up") {
  ReplicaCluster cluster(3);
  const raft::NodeId leader = cluster.elect();
  SECTION("refused") {
    cluster[leader].stop_taking();
    REQUIRE(cluster.has_ended(cluster.throw_in(leader, "/k", "v")));
  }
  SECTION("its time is up") {
    cluster.cut(leader);
    const uint64_t write = cluster.throw_in(leader, "/k", "v");
    cluster.pass(4_s);
    REQUIRE_FALSE(cluster.has_ended(write));
    cluster.pass(2_s);
    REQUIRE(cluster.has_ended(write));
  }
}

TEST_CASE("very many reads that are confirmed at once are answered a page at a time, in order") {
  ReplicaCluster cluster(3, {}, 4);
  const raft::NodeId leader = cluster.elect();
  cluster.put(leader, "/k", "v");
  cluster.settle();
  std::vector<uint64_t> reads;
  for (int count = 0; count < 10; ++count) reads.push_back(cluster.get(leader, "/k"));
  cluster.settle();
  const size_t before = cluster.answers();
  REQUIRE(cluster[leader].waiting_barriers() == 5);  // the first went by itself, and four of those that came meanwhile
  REQUIRE(cluster[leader].next_deadline() <= cluster.now());
  for (size_t which = 0; which < 10; ++which) REQUIRE(cluster.answer(reads[which]) == (which < 5 ? "done: v" : ""));

  cluster[leader].tick(cluster.now());
  REQUIRE(cluster.answers() == before + 4);
  const uint64_t later = cluster.get(leader, "/k");  // does not overtake them
  cluster.settle();
  REQUIRE(cluster.answer(later) == "");
  cluster[leader].tick(cluster.now());
  for (uint64_t read : reads) REQUIRE(cluster.answer(read) == "done: v");
  cluster.pass(2_ms);
  REQUIRE(cluster.answer(later) == "done: v");
  REQUIRE(cluster[leader].waiting_barriers() == 0);
}

}  // namespace skiff::replica_ends_test

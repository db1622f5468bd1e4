// The end of a request, as those see it who wait for it.

#include "tests/support/catch.h"
#include "tests/support/replica_cluster.h"

namespace skiff::replica_ends_test {

TEST_CASE("very many reads that are confirmed at once are answered a page at a time, in order") {
  ReplicaCluster cluster(3, {}, 4);
  const raft::NodeId leader = cluster.elect();
  cluster.put(leader, "/k", "v");
  cluster.settle();
  std::vector<uint64_t> reads;
  for (int count = 0; count < 10; ++count) reads.push_back(cluster.get(leader, "/k"));
  cluster.settle();
  const size_t before = cluster.answers();
  REQUIRE(cluster[leader].waiting_reads() == 5);  // the first went by itself, and four of those that came meanwhile
  REQUIRE(cluster[leader].next_deadline() <= cluster.now());
  for (size_t which = 0; which < 10; ++which) REQUIRE(cluster.answer(reads[which]) == (which < 5 ? "done: v" : ""));

  cluster[leader].tick(cluster.now());
  REQUIRE(cluster.answers() == before + 4);
  const uint64_t later = cluster.get(leader, "/k");  // does not overtake them
  cluster.settle();
  REQUIRE(cluster.answer(later) == "");
  cluster[leader].tick(cluster.now());
  for (uint64_t read : reads) REQUIRE(cluster.answer(read) == "done: v");
  cluster.pass(2 * raft::kMillisecond);
  REQUIRE(cluster.answer(later) == "done: v");
  REQUIRE(cluster[leader].waiting_reads() == 0);
}

}  // namespace skiff::replica_ends_test

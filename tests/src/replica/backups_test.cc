#include "src/replica/backups.h"

#include <string>
#include <vector>

#include "src/replica/replica.h"
#include "store/snapshot/snapshot.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"
#include "tests/support/replica_cluster.h"

namespace skiff::replica_backups_test {

// A reader of the blocks.
store::LoadedSnapshot load(const std::string& bytes) {
  testing::MemoryFiles files;
  files.set_content("backup", bytes);
  auto file = files.open("backup", store::OpenMode::existing);
  auto loaded = store::load_snapshot(**file, "backup", 0);
  if (!loaded) FAIL(loaded.error().what);
  return std::move(*loaded);
}

TEST_CASE("a backup holds what was acknowledged before it, and nothing of what is written meanwhile") {
  ReplicaCluster cluster(3);
  const raft::NodeId leader = cluster.elect();
  const raft::NodeId taken_from = GENERATE(raft::NodeId{1}, raft::NodeId{2}, raft::NodeId{3});
  for (int key = 0; key < 50; ++key) {
    const uint64_t put = cluster.put(leader, "/k" + std::to_string(key), "before");
    cluster.settle();
    REQUIRE(cluster.answer(put) == "done");
  }
  const uint64_t asked = cluster.confirm(taken_from);
  cluster.settle();
  REQUIRE(cluster.answer(asked) == "done");

  Replica& node = cluster[taken_from];
  const auto number = node.begin_backup();
  REQUIRE(number.has_value());
  const uint64_t digest = node.kv().digest();
  std::string bytes;
  size_t blocks = 0;
  for (bool is_last = false; !is_last; ++blocks) {
    auto block = node.backups().next(*number, 100);
    REQUIRE(block.has_value());
    bytes += block->bytes;
    is_last = block->is_last;
    cluster.put(leader, "/k" + std::to_string(blocks), "meanwhile");
    cluster.put(leader, "/new" + std::to_string(blocks), "meanwhile");
    cluster.settle();
  }
  node.backups().end(*number);
  REQUIRE(blocks > 10);
  REQUIRE(node.kv().digest() != digest);

  const store::LoadedSnapshot loaded = load(bytes);
  REQUIRE(loaded.kv.digest() == digest);
  REQUIRE(loaded.kv.keys() == 50);
  for (int key = 0; key < 50; ++key) REQUIRE(loaded.kv.get("/k" + std::to_string(key))->bytes == "before");
}

TEST_CASE("a backup that is to be fresh is refused where no majority can say so") {
  ReplicaCluster cluster(3);
  const raft::NodeId leader = cluster.elect();
  cluster.cut(leader);
  const uint64_t asked = cluster.confirm(leader);
  cluster.pass(10_s);
  REQUIRE(cluster.answer(asked) == "refused");
  REQUIRE(cluster[leader].begin_backup().has_value());  // a stale one is to be had
}

TEST_CASE("there are only so many backups at a time, and one that has ended makes room") {
  ReplicaCluster cluster(1);
  REQUIRE_THAT(cluster[1].begin_backup().error().what, Catch::Contains("come to know"));
  cluster.elect();
  cluster.settle();
  const auto first = cluster[1].begin_backup();
  REQUIRE(cluster[1].begin_backup().has_value());
  const auto third = cluster[1].begin_backup();
  REQUIRE(third.error().code == Error::Code::unavailable);
  cluster[1].backups().end(*first);
  REQUIRE(cluster[1].begin_backup().has_value());
}

TEST_CASE("what has broken off gives no more blocks, and may still be ended") {
  ReplicaCluster cluster(1);
  cluster.elect();
  cluster.settle();
  const auto number = cluster[1].begin_backup();
  REQUIRE(cluster[1].backups().next(*number, 100).has_value());
  cluster[1].backups().break_off_all();
  REQUIRE_FALSE(cluster[1].backups().next(*number, 100).has_value());
  cluster[1].backups().end(*number);
  REQUIRE(cluster[1].backups().running() == 0);
}

}  // namespace skiff::replica_backups_test

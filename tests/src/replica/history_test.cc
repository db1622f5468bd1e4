// The leader that has the history cut, and the moments when it does.
#include "src/replica/history.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "store/state/command.h"
#include "tests/support/catch.h"
#include "tests/support/replica_cluster.h"

namespace skiff::replica_history_test {

using store::Revision;
using Revisions = std::vector<Revision>;

// A map in which one key is written over and over.
struct Writer {
  store::Kv kv;
  store::Origin origin{1, 1, 0};

  void put(uint64_t times, size_t bytes = 1) {
    const std::string value(bytes, 'v');
    while (times-- > 0) apply({{}, store::PutView{"/k", value}});
  }
  void compact(Revision revision) { apply({{}, store::Compact{revision}}); }
  void apply(store::Command command) {
    ++origin.number;
    command.origin = origin;
    kv.apply(kv.applied() + 1, raft::Payload::of(store::encode(command)));
  }
};

TEST_CASE("history is cut when it is longer than the limit by a quarter, and asked for once") {
  Writer writer;
  ReplicaHistory history({.revisions = 100}, writer.kv);
  writer.put(124);
  REQUIRE(history.due(1_ns, true).empty());
  writer.put(1);
  REQUIRE(history.due(1_ns, true) == Revisions{25});
  REQUIRE(history.due(1_ns, true).empty());
  writer.put(25);
  REQUIRE(history.due(1_ns, true) == Revisions{50});
  writer.compact(50);
  REQUIRE(history.due(1_ns, true).empty());
}

TEST_CASE("what was lost is asked for again: with the next cut, by the next leader, or when it is given up") {
  Writer writer;
  ReplicaHistory history({.revisions = 100}, writer.kv);
  writer.put(125);
  REQUIRE(history.due(1_ns, true) == Revisions{25});
  SECTION("by the next cut") {
    writer.put(25);
    REQUIRE(history.due(1_ns, true) == Revisions{50});
  }
  SECTION("by another leader, or this one once more") {
    REQUIRE(history.due(1_ns, false).empty());
    REQUIRE(history.due(1_ns, true) == Revisions{25});
  }
  SECTION("when it is given up") {
    history.ask_again();
    REQUIRE(history.due(1_ns, true) == Revisions{25});
  }
}

TEST_CASE("who does not lead has nothing cut") {
  Writer writer;
  ReplicaHistory history({.revisions = 10, .bytes = 10, .age = 1_s}, writer.kv);
  writer.put(1'000);
  REQUIRE(history.due(1_ns, false).empty());
  REQUIRE(history.due(10_s, false).empty());
}

TEST_CASE("a large cut is made of small ones, a few at a time") {
  Writer writer;
  writer.put(1'000);
  SECTION("by revisions") {
    ReplicaHistory history({.revisions = 100, .revisions_per_cut = 200}, writer.kv);
    REQUIRE(history.due(1_ns, true) == Revisions{200, 400, 600, 800, 900});
  }
  SECTION("by bytes, one at least") {
    writer.put(3, 1'000);  // revisions 1001 to 1003, which write over one small and two large values
    ReplicaHistory history({.revisions = 1, .revisions_per_cut = 500, .bytes_per_cut = 1'500}, writer.kv);
    REQUIRE(history.due(1_ns, true) == Revisions{500, 1'000, 1'002});
  }
  SECTION("eight of them") {
    ReplicaHistory history({.revisions = 1, .revisions_per_cut = 10}, writer.kv);
    REQUIRE(history.due(1_ns, true).back() == 80);
    REQUIRE(history.due(1_ns, true).back() == 160);
  }
}

TEST_CASE("large values are cut by their bytes") {
  Writer writer;
  ReplicaHistory history({.revisions = 1'000'000, .bytes = 10'000, .bytes_per_cut = 1'000'000}, writer.kv);
  writer.put(13, 998);  // of 1000 bytes each, with the key; the newest is no history
  REQUIRE(history.due(1_ns, true).empty());
  writer.put(1, 998);                                // 13000 bytes
  REQUIRE(history.due(1_ns, true) == Revisions{4});  // revision 4 wrote over 3
  REQUIRE(history.due(1_ns, true).empty());
  writer.compact(4);
  REQUIRE(writer.kv.history_bytes() == 10'000);
  REQUIRE(history.due(1_ns, true).empty());
}

TEST_CASE("what is too old is cut, by the clock of who leads") {
  Writer writer;
  ReplicaHistory history({.age = 16_s}, writer.kv);
  for (uint64_t at = 1; at <= 10; ++at) {
    writer.put(1);
    REQUIRE(history.due(at * 1_s, at % 2 == 0).empty());  // every node notes it
  }
  REQUIRE(history.due(17_s - 1_ns, true).empty());
  REQUIRE(history.due(17_s, true) == Revisions{1});
  REQUIRE(history.due(20_s, true) == Revisions{4});
  REQUIRE(history.due(100_s, true) == Revisions{10});
  REQUIRE(history.due(200_s, true).empty());
}

TEST_CASE("the leader has the history cut, and every node cuts the same") {
  ReplicaCluster cluster(3, {.revisions = 10});
  const raft::NodeId leader = cluster.elect();
  for (int write = 0; write < 50; ++write) {
    cluster.put(1 + static_cast<raft::NodeId>(write) % 3, "/" + std::to_string(write % 4), std::to_string(write));
    cluster.settle();
  }
  const store::Kv& kv = cluster[leader].kv();
  REQUIRE(kv.revision() == 50);
  REQUIRE(kv.compacted() >= 37);  // without any time having passed: every apply sees to it
  cluster.pass(1_s);
  REQUIRE(kv.compacted() >= 38);
  REQUIRE(kv.compacted() <= 40);
  for (raft::NodeId node = 1; node <= 3; ++node) {
    REQUIRE(cluster[node].kv().compacted() == kv.compacted());
    REQUIRE(cluster[node].kv().digest() == kv.digest());
    REQUIRE(cluster[node].waiting_writes() == 0);
  }
  std::map<raft::NodeId, int> cuts;
  for (raft::Index index = 1; index <= cluster[leader].raft().log().last().index; ++index) {
    const raft::Entry& entry = cluster[leader].raft().log().at(index);
    if (entry.kind != raft::EntryKind::command) continue;
    auto command = store::decode(*entry.payload);
    if (std::holds_alternative<store::Compact>(command->operation)) ++cuts[command->origin.node];
  }
  REQUIRE(cuts.size() == 1);
  REQUIRE(cuts[leader] >= 10);
}

// bug-35: a crash while history is cut changes the revisions
TEST_CASE("a crash while history is cut changes no revision", "[bug-35]") {
  ReplicaCluster cluster(3, {.revisions = 5});
  const raft::NodeId leader = cluster.elect();
  for (int write = 0; write < 30; ++write) cluster.put(leader, "/" + std::to_string(write % 3), std::to_string(write));
  SECTION("after it has been cut") { cluster.settle(); }
  SECTION("before it has been cut") {}
  cluster.crash(leader);
  cluster.restart(leader);
  cluster.elect();
  cluster.pass(10_s);

  const store::Kv& kv = cluster[leader].kv();
  for (raft::NodeId node = 1; node <= 3; ++node) {
    REQUIRE(cluster[node].kv().revision() == kv.revision());
    REQUIRE(cluster[node].kv().compacted() == kv.compacted());
    REQUIRE(cluster[node].kv().digest() == kv.digest());
  }
  if (kv.revision() > 0) REQUIRE(kv.remembers(kv.revision()));
}

}  // namespace skiff::replica_history_test

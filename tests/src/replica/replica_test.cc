#include "src/replica/replica.h"

#include <algorithm>

#include "store/state/command.h"
#include "tests/support/catch.h"
#include "tests/support/replica_cluster.h"

namespace skiff::replica_test {

raft::NodeId other_than(raft::NodeId node) { return node % 3 + 1; }

TEST_CASE("a write at any node is read back at any other") {
  ReplicaCluster cluster(3);
  cluster.elect();
  for (raft::NodeId writer = 1; writer <= 3; ++writer) {
    uint64_t written = cluster.put(writer, "/k", std::to_string(writer));
    cluster.settle();
    REQUIRE(cluster.answer(written) == "done");
    for (raft::NodeId reader = 1; reader <= 3; ++reader) {
      uint64_t read = cluster.get(reader, "/k");
      cluster.settle();
      REQUIRE(cluster.answer(read) == "done: " + std::to_string(writer));
    }
  }
}

// bug-6: a single node answers before its flush
TEST_CASE("a single node answers only what its disk has") {  // [bug-6]
  ReplicaCluster cluster(1);
  cluster.elect();
  cluster.hold_disk(1, true);
  uint64_t written = cluster.put(1, "/k", "v");
  cluster.settle();
  REQUIRE(cluster.answer(written) == "");
  cluster.hold_disk(1, false);
  cluster.settle();
  REQUIRE(cluster.answer(written) == "done");
}

TEST_CASE("a write is answered when a majority of disks has it, be the leader's among them or not") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  cluster.hold_disk(leader, true);
  uint64_t written = cluster.put(leader, "/k", "v");
  cluster.settle();
  REQUIRE(cluster.answer(written) == "done");

  cluster.hold_disk(other_than(leader), true);
  uint64_t second = cluster.put(leader, "/k", "w");
  cluster.settle();
  REQUIRE(cluster.answer(second) == "");
  cluster.hold_disk(other_than(leader), false);
  cluster.settle();
  REQUIRE(cluster.answer(second) == "done");
}

TEST_CASE("without a leader a write waits, and is refused when its time is up") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  raft::NodeId left = other_than(leader);
  for (raft::NodeId node = 1; node <= 3; ++node) {
    if (node != left) cluster.crash(node);
  }
  cluster[left].peer_gone(cluster.now(), leader);
  uint64_t written = cluster.put(left, "/k", "v");
  uint64_t read = cluster.get(left, "/k");
  cluster.pass(4'990_ms);
  REQUIRE(cluster.answer(written) == "");
  cluster.pass(20_ms);
  REQUIRE(cluster.answer(written) == "refused");
  REQUIRE(cluster.answer(read) == "refused");
  REQUIRE_FALSE(cluster[left].has_waiting());
}

TEST_CASE("a write that was handed out and not confirmed is unknown") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  cluster.cut(leader);
  uint64_t at_leader = cluster.put(leader, "/k", "v");
  uint64_t at_follower = cluster.put(other_than(leader), "/k", "w");
  cluster.cut(other_than(leader));
  cluster.pass(5'100_ms);
  REQUIRE(cluster.answer(at_leader) == "unknown");
  REQUIRE(cluster.answer(at_follower) == "unknown");
}

// A7: the leader dies with a forwarded write under way: the write is done once, or reported as unknown
// bug-43: a write is forwarded twice, and takes effect twice
TEST_CASE("what waits when the leader dies is done by the next one, by itself and once") {  // [A7] [bug-43]
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  raft::NodeId follower = other_than(leader);
  cluster.cut(leader);
  uint64_t written = cluster.put(follower, "/k", "v");
  uint64_t read = cluster.get(follower, "/k");
  cluster.settle();
  REQUIRE(cluster.answer(written) == "");

  cluster.gone(leader);
  cluster.elect();
  cluster.pass(100_ms);
  REQUIRE(cluster.answer(written) == "done");
  REQUIRE(cluster.answer(read) == "done: v");
  REQUIRE(cluster[follower].kv().revision() == 1);
}

// How long a write at `node` takes from now on.
raft::Time time_of_write(ReplicaCluster& cluster, raft::NodeId node) {
  const raft::Time began = cluster.now();
  const uint64_t written = cluster.put(node, "/k", "v");
  cluster.settle();
  while (cluster.answer(written) == "" && cluster.now() < began + 5_s) {
    cluster.pass(1_ms);
  }
  REQUIRE(cluster.answer(written) == "done");
  return cluster.now() - began;
}

constexpr raft::Time kElectionTimeout = 500_ms;

TEST_CASE("after a leader's crash the next write at a survivor is done within an election timeout") {
  ReplicaCluster cluster(3);
  for (int round = 0; round < 50; ++round) {
    INFO("round " << round);
    raft::NodeId leader = cluster.elect();
    cluster.crash(leader);
    cluster.gone(leader);
    REQUIRE(time_of_write(cluster, other_than(leader)) < kElectionTimeout);
    cluster.restart(leader);
    cluster.pass(kElectionTimeout);
  }
}

TEST_CASE("after a leader falls silent the next write at a survivor is done within two election timeouts") {
  ReplicaCluster cluster(3);
  for (int round = 0; round < 50; ++round) {
    INFO("round " << round);
    raft::NodeId leader = cluster.elect();
    cluster.cut(leader);
    const raft::Time a_bit = 100_ms;
    REQUIRE(time_of_write(cluster, other_than(leader)) < 2 * kElectionTimeout + a_bit);
    cluster.heal();
    cluster.pass(kElectionTimeout);
  }
}

// bug-43: a write is forwarded twice, and takes effect twice
TEST_CASE("a write that got through twice is applied once") {  // [bug-43]
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  raft::NodeId follower = other_than(leader);
  uint64_t written = cluster.put(follower, "/k", "v");
  cluster.connected(follower, leader);  // the link came back: it is sent again
  cluster.settle();
  REQUIRE(cluster.answer(written) == "done");
  for (raft::NodeId node = 1; node <= 3; ++node) REQUIRE(cluster[node].raft().log().committed() == 3);
  for (raft::NodeId node = 1; node <= 3; ++node) REQUIRE(cluster[node].kv().revision() == 1);
}

TEST_CASE("a deposed leader's writes are done by its successor") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  cluster.cut(leader);
  uint64_t written = cluster.put(leader, "/k", "old");
  cluster.pass(1'500_ms);  // it steps down, another one is elected
  REQUIRE(cluster.leader() != leader);
  REQUIRE(cluster.answer(written) == "");
  cluster.heal();
  cluster.pass(200_ms);
  REQUIRE(cluster.answer(written) == "done");
}

// Q11: a leader that was deposed, and does not know, receives a read
// bug-4: a process continues after a pause, and trusts the leadership that it remembers
TEST_CASE("a leader that was cut off serves no stale read when it wakes") {  // [Q11] [bug-4]
  ReplicaCluster cluster(3);
  raft::NodeId old_leader = cluster.elect();
  cluster.put(old_leader, "/k", "old");
  cluster.settle();
  cluster.cut(old_leader);
  uint64_t asleep = cluster.get(old_leader, "/k");
  raft::NodeId new_leader = 0;
  while (new_leader == 0 || new_leader == old_leader) {
    cluster.pass(1_ms);
    new_leader = cluster.leader();
  }
  uint64_t written = cluster.put(new_leader, "/k", "new");
  cluster.settle();
  REQUIRE(cluster.answer(written) == "done");
  REQUIRE(cluster.answer(asleep) == "");

  uint64_t awake = cluster.get(old_leader, "/k");
  cluster.heal();
  cluster.pass(500_ms);
  REQUIRE(cluster.answer(asleep) == "done: new");
  REQUIRE(cluster.answer(awake) == "done: new");
}

// Q9: a read waits until the entries that it must see are applied, not only committed
TEST_CASE("a read waits for what it must see to be applied, not only committed") {  // [Q9]
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  raft::NodeId follower = other_than(leader);
  cluster.cut(follower);
  cluster.put(leader, "/k", "v");
  cluster.settle();
  cluster.heal();
  uint64_t read = cluster.get(follower, "/k");
  REQUIRE(cluster[follower].kv().applied() < cluster[leader].kv().applied());
  cluster.pass(200_ms);
  REQUIRE(cluster.answer(read) == "done: v");
}

TEST_CASE("everything acknowledged is there after all have crashed and come back") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  uint64_t written = cluster.put(leader, "/k", "v");
  cluster.settle();
  REQUIRE(cluster.answer(written) == "done");
  for (raft::NodeId node = 1; node <= 3; ++node) cluster.crash(node);
  for (raft::NodeId node = 1; node <= 3; ++node) cluster.restart(node);
  raft::NodeId next = cluster.elect();
  uint64_t read = cluster.get(next, "/k");
  cluster.pass(100_ms);
  REQUIRE(cluster.answer(read) == "done: v");
}

// Q10: waiting reads are bounded, and leave nothing behind
// bug-23: reads wait for a reply that never comes, and are never dropped
TEST_CASE("too much at once is refused at the door, and nothing of it happens") {  // [Q10] [bug-23]
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  cluster.cut(leader);
  std::vector<uint64_t> writes;
  std::vector<uint64_t> reads;
  for (int number = 0; number < 110; ++number) {
    writes.push_back(cluster.put(leader, "/" + std::to_string(number), "v"));
    reads.push_back(cluster.get(leader, "/0"));
  }
  REQUIRE(std::count_if(writes.begin(), writes.end(), [&](uint64_t id) { return cluster.answer(id) == "refused"; }) ==
          10);
  REQUIRE(std::count_if(reads.begin(), reads.end(), [&](uint64_t id) { return cluster.answer(id) == "refused"; }) ==
          10);
  cluster.heal();
  cluster.pass(200_ms);
  REQUIRE(cluster[leader].kv().keys() == 100);
}

TEST_CASE("a forwarded command that is none never reaches the log") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  raft::NodeId follower = other_than(leader);
  raft::Index last = cluster[leader].raft().log().last().index;
  auto payload = [](std::string bytes) { return raft::Payload::of(std::move(bytes)); };
  store::Command of_another{{.node = leader, .incarnation = 1, .number = 1}, store::PutView{"/k", "v"}};
  raft::ForwardProposals forged{.commands = {payload("garbage"), payload(store::encode(of_another)), nullptr}};
  raft::Term term = cluster[leader].raft().term();
  cluster[leader].received(cluster.now(), {.from = follower, .to = leader, .term = term, .body = forged});
  REQUIRE(cluster[leader].refused_commands() == 3);
  REQUIRE(cluster[leader].raft().log().last().index == last);
}

TEST_CASE("an append with a command that is none is not taken, let alone acknowledged") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  raft::NodeId follower = other_than(leader);
  cluster.settle();
  raft::LogPosition last = cluster[follower].raft().log().last();
  raft::Term term = cluster[leader].raft().term();
  for (const raft::Payload& payload : {raft::Payload(), raft::Payload::of("from a later version")}) {
    raft::AppendEntries append{.previous = last, .commit = last.index, .entries = {}};
    append.entries.push_back(
        {.position = {.term = term, .index = last.index + 1}, .kind = raft::EntryKind::command, .payload = payload});
    cluster[follower].received(cluster.now(), {.from = leader, .to = follower, .term = term, .body = append});
  }
  REQUIRE(cluster[follower].refused_commands() == 2);
  REQUIRE(cluster[follower].raft().log().last() == last);
}

TEST_CASE("a follower hands on no more than the way holds, in order, and all of it in the end") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  raft::NodeId follower = other_than(leader);
  cluster.settle();
  cluster.sent.clear();
  std::vector<uint64_t> asked;
  for (int number = 0; number < 20; ++number) {
    asked.push_back(cluster.put(follower, "/" + std::to_string(number), std::string(40, 'v')));
  }
  uint64_t forwarded = 0;
  for (const PeerMessage& message : cluster.sent) {
    if (const auto* forward = std::get_if<raft::ForwardProposals>(&message.body)) {
      for (const raft::Payload& command : forward->commands) forwarded += command->size();
    }
  }
  REQUIRE(forwarded > 0);
  REQUIRE(forwarded <= 200);
  cluster.settle();
  for (uint64_t one : asked) REQUIRE(cluster.answer(one) == "done");
}

TEST_CASE("what never left a node that only waited for room is refused") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  raft::NodeId follower = other_than(leader);
  cluster.settle();
  cluster.cut(leader);
  cluster.cut(other_than(follower));
  uint64_t handed_out = cluster.put(follower, "/a", std::string(190, 'v'));
  uint64_t waited = cluster.put(follower, "/b", std::string(190, 'v'));
  cluster.pass(5'100_ms);
  REQUIRE(cluster.answer(handed_out) == "unknown");
  REQUIRE(cluster.answer(waited) == "refused");
}

TEST_CASE("a write after a long silence is sent once") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  raft::NodeId follower = other_than(leader);
  for (int count = 0; count < 5; ++count) {
    cluster.pass(1_s);
    uint64_t written = cluster.put(follower, "/k", "v");
    cluster.pass(1_ms);
    REQUIRE(cluster.answer(written) == "done");
  }
  REQUIRE(cluster[leader].raft().log().last().index == 6);  // the no-op of the term, and one entry each
}

TEST_CASE("a forward that was lost is sent again, also while others write") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  raft::NodeId follower = other_than(leader);
  cluster.settle();
  uint64_t written = cluster.put(follower, "/k", "v");
  cluster.in_flight.clear();
  for (int count = 0; count < 20; ++count) {
    cluster.put(leader, "/other", "w");
    cluster.pass(50_ms);
  }
  REQUIRE(cluster.answer(written) == "done");
}

TEST_CASE("a node that is stopping refuses what is new and answers what it has") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  uint64_t before = cluster.put(leader, "/k", "v");
  cluster[leader].stop_taking();
  uint64_t after = cluster.put(leader, "/k", "w");
  REQUIRE(cluster.answer(after) == "refused");
  cluster.settle();
  REQUIRE(cluster.answer(before) == "done");
  REQUIRE_FALSE(cluster[leader].has_waiting());
}

TEST_CASE("a write nobody waits for is done all the same") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  uint64_t thrown = cluster.throw_in(leader, "/k", "v");
  cluster.settle();
  REQUIRE(cluster.answer(thrown) == "");
  REQUIRE(cluster[leader].kv().get("/k")->bytes == "v");
}

// T13: leadership is transferred with writes under way
// bug-16: leadership is transferred in the middle of writes, which are lost
TEST_CASE("leadership is handed over with writes under way, and none of them is lost") {  // [T13] [bug-16]
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  std::vector<uint64_t> writes;
  for (int i = 0; i < 20; ++i) writes.push_back(cluster.put(1 + i % 3, "/k" + std::to_string(i), "v"));
  uint64_t order = cluster.hand_over(leader, other_than(leader));
  for (int i = 20; i < 40; ++i) writes.push_back(cluster.put(1 + i % 3, "/k" + std::to_string(i), "v"));
  cluster.pass(100_ms);
  REQUIRE(cluster.leader() == other_than(leader));
  REQUIRE(cluster.answer(order) == "done");
  for (uint64_t write : writes) REQUIRE(cluster.answer(write) == "done");
  REQUIRE(cluster[leader].kv().keys() == 40);
}

TEST_CASE("a node that was removed is told so, and the others go on") {
  ReplicaCluster cluster(3);
  raft::NodeId leader = cluster.elect();
  raft::NodeId gone = other_than(leader);
  uint64_t order = cluster.change(leader, {{.kind = raft::Change::Kind::remove, .node = gone, .address = {}}});
  cluster.pass(2_s);
  REQUIRE(cluster.answer(order) == "done");
  REQUIRE(cluster.was_removed(gone));
  uint64_t written = cluster.put(leader, "/k", "v");
  cluster.settle();
  REQUIRE(cluster.answer(written) == "done");
}

}  // namespace skiff::replica_test

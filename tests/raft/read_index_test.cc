// Reads, with the peers played by the test: which answers confirm which round.
#include "tests/raft/lone_core.h"
#include "tests/support/catch.h"

namespace skiff::read_index_test {

using namespace skiff::raft_test;

// Q3: a late reply to an older round confirms nothing, because round numbers are never used twice
// bug-3: a late reply to another read's round confirms a read
TEST_CASE("a late answer to an older round confirms nothing", "[Q3][bug-3]") {
  LoneCore leader;
  leader.lead_and_commit();
  uint64_t first = all_of<Heartbeat>(leader.read(1).messages).at(0).round;
  REQUIRE(leader.receive(2, leader.raft.term(), HeartbeatReply{.round = first}).reads.size() == 1);

  uint64_t second = all_of<Heartbeat>(leader.read(2).messages).at(0).round;
  REQUIRE(second > first);
  REQUIRE(leader.receive(2, leader.raft.term(), HeartbeatReply{.round = first}).reads.empty());
  REQUIRE(leader.receive(3, leader.raft.term(), HeartbeatReply{.round = first}).reads.empty());
  REQUIRE(leader.receive(3, leader.raft.term(), HeartbeatReply{.round = second}).reads.size() == 1);
  REQUIRE(leader.receive(2, leader.raft.term(), HeartbeatReply{.round = second}).reads.empty());
}

// Q3: a late reply to an older round confirms nothing, because round numbers are never used twice
// bug-3: a late reply to another read's round confirms a read
TEST_CASE("round numbers grow from one term to the next", "[Q3][bug-3]") {
  LoneCore leader;
  leader.lead_and_commit();
  uint64_t first = all_of<Heartbeat>(leader.read(1).messages).at(0).round;
  REQUIRE(leader.receive(2, leader.raft.term() + 1, Heartbeat{}).refused_reads.size() == 1);
  leader.lead();
  REQUIRE(leader.raft.is_leader());
  leader.acknowledge(2);
  REQUIRE(all_of<Heartbeat>(leader.read(2).messages).at(0).round > first);
}

// Q1: reads that arrive together share one round, and each is released once
TEST_CASE("one answer of five is not a majority", "[Q1]") {
  LoneCore leader(node_1_of(5));
  leader.deadline();
  for (NodeId node : {2, 3}) leader.receive(node, 0, PreVoteReply{.round = 1, .granted = true});
  leader.save();
  for (NodeId node : {2, 3}) leader.receive(node, 1, VoteReply{.granted = true});
  leader.save();
  for (NodeId node : {2, 3}) leader.acknowledge(node);
  uint64_t round = all_of<Heartbeat>(leader.read(1).messages).at(0).round;
  REQUIRE(leader.receive(2, 1, HeartbeatReply{.round = round}).reads.empty());
  REQUIRE(leader.receive(2, 1, HeartbeatReply{.round = round}).reads.empty());
  REQUIRE(leader.receive(4, 1, HeartbeatReply{.round = round}).reads.size() == 1);
}

// Q2: a new leader confirms no read before it has committed an entry of its own term
// bug-2: a leader confirms a read before it has committed an entry of its term
TEST_CASE("a new leader starts no round before its own entry is committed", "[Q2][bug-2]") {
  LoneCore leader;
  leader.lead();
  REQUIRE(leader.read(1).messages.empty());
  Effects committed = leader.acknowledge(2);
  REQUIRE(committed.committed.size() == 1);
  REQUIRE(committed.reads.empty());
  uint64_t round = all_of<Heartbeat>(committed.messages).at(0).round;
  Effects confirmed = leader.receive(2, 1, HeartbeatReply{.round = round});
  REQUIRE(confirmed.reads.at(0).index == 1);
}

// Q4: leadership ends while a round is under way
// bug-23: reads wait for a reply that never comes, and are never dropped
TEST_CASE("an answer to a read that was not asked for, or was refused, is ignored", "[Q4][bug-23]") {
  LoneCore follower;
  follower.receive(2, 1, Heartbeat{});
  REQUIRE(follower.receive(2, 1, ReadIndexReply{.id = {.incarnation = 1, .number = 7}, .index = 1}).reads.empty());
  follower.read(8);
  REQUIRE(follower.step(PeerGone{.node = 2}).refused_reads.size() == 1);
  REQUIRE(follower.receive(2, 1, ReadIndexReply{.id = {.incarnation = 1, .number = 8}, .index = 1}).reads.empty());
}

}  // namespace skiff::read_index_test

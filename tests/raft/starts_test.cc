// A follower whose disk has gone back: how its leader notices, and what the follower does when it is told.
#include "tests/raft/lone_core.h"
#include "tests/support/catch.h"

namespace skiff::raft_test {

static HeartbeatReply beat(const LoneCore& leader, uint64_t start, Found found, uint64_t recovering = 0) {
  return {.round = 0, .sent_at = leader.now, .clock = 1_ns, .recovering = recovering, .start = start, .found = found};
}

static AppendReply ack(uint64_t start, Index match, uint64_t recovering = 0) {
  return {.accepted = true, .match = match, .recovering = recovering, .start = start};
}

// A leader of three at term 1; 2 has acknowledged its no-op and three commands as the process 20, 3 nothing.
static LoneCore led() {
  LoneCore leader;
  leader.lead();
  for (const char* command : {"x", "y", "z"}) leader.propose(command);
  leader.save();
  leader.receive(2, 1, ack(20, 4));
  leader.now += 1_ms;
  return leader;
}

static Status::Peer peer_2(const LoneCore& leader) { return leader.raft.status().peers.at(0); }

// D3: a recovering node's acknowledgements do not count
TEST_CASE("a process that lacks what its node had acknowledged is noticed, told, and counts for nothing", "[D3]") {
  LoneCore leader = led();
  REQUIRE(leader.raft.log().committed() == 4);
  leader.propose("later");
  leader.save();

  const Effects noticed = leader.receive(2, 1, beat(leader, 21, {.term = 1, .last = {.term = 1, .index = 3}}));

  REQUIRE(noticed.forgetful.size() == 1);
  REQUIRE(noticed.forgetful[0].node == 2);
  REQUIRE(noticed.forgetful[0].acknowledged == LogPosition{.term = 1, .index = 4});
  REQUIRE(noticed.forgetful[0].found.last.index == 3);
  const auto told = all_of<Heartbeat>(noticed.messages);
  REQUIRE(told.at(0).start == 21);
  REQUIRE(told.at(0).forgotten == LogPosition{.term = 1, .index = 4});
  REQUIRE(peer_2(leader).recovering);
  REQUIRE(peer_2(leader).match == 0);
  leader.receive(2, 1, ack(21, 5));
  REQUIRE(leader.raft.log().committed() == 4);
}

// D3: a recovering node's acknowledgements do not count
TEST_CASE("the log that a process found decides whether its node has forgotten", "[D3]") {
  struct Row {
    const char* name;
    Found found;
    bool is_forgetful;
  };
  const Row rows[] = {{"all of it", {.term = 1, .last = {.term = 1, .index = 4}}, false},
                      {"more than it had acknowledged", {.term = 1, .last = {.term = 1, .index = 5}}, false},
                      {"one entry less", {.term = 1, .last = {.term = 1, .index = 3}}, true},
                      {"nothing", {}, true},
                      {"an older term", {.term = 0, .last = {}}, true}};
  for (const Row& row : rows) {
    INFO(row.name);
    LoneCore leader = led();
    leader.propose("fifth");
    const Effects judged = leader.receive(2, 1, beat(leader, 21, row.found));
    REQUIRE(judged.forgetful.size() == (row.is_forgetful ? 1u : 0u));
    REQUIRE(peer_2(leader).recovering == row.is_forgetful);
  }
}

// D3: a recovering node's acknowledgements do not count
TEST_CASE("an acknowledgement of another process waits until that process is judged", "[D3]") {
  LoneCore leader = led();
  leader.propose("later");
  leader.save();

  leader.receive(2, 1, ack(21, 5));
  REQUIRE(leader.raft.log().committed() == 4);

  const Effects judged = leader.receive(2, 1, beat(leader, 21, {.term = 1, .last = {.term = 1, .index = 4}}));
  REQUIRE(all_of<Heartbeat>(judged.messages).at(0).start == 21);
  REQUIRE(all_of<Heartbeat>(judged.messages).at(0).forgotten == LogPosition{});
  leader.receive(2, 1, ack(21, 5));
  REQUIRE(leader.raft.log().committed() == 5);
}

// D6: messages that a node sent before it was damaged arrive late
TEST_CASE("messages of a process that has ended may arrive late, and change nothing", "[D6]") {
  LoneCore leader = led();
  const Time sent_before = leader.now;
  leader.now += 1_ms;
  leader.receive(2, 1, beat(leader, 21, {.term = 1, .last = {.term = 1, .index = 4}}));

  HeartbeatReply late = beat(leader, 20, {});
  late.sent_at = sent_before;
  REQUIRE(leader.receive(2, 1, late).forgetful.empty());
  REQUIRE_FALSE(peer_2(leader).recovering);
  REQUIRE(peer_2(leader).match == 4);
}

// D4: damage makes a node forget that it has voted
TEST_CASE("a verdict sticks to its node until a process says by itself that it is recovering", "[D4]") {
  LoneCore leader = led();
  leader.receive(2, 1, beat(leader, 21, {.term = 1, .last = {.term = 1, .index = 1}}));
  leader.now += 1_ms;

  // It had fetched all that it lacked, and ended before it had noted why.
  const Effects again = leader.receive(2, 1, beat(leader, 22, {.term = 1, .last = {.term = 1, .index = 4}}));
  REQUIRE(again.forgetful.size() == 1);
  leader.now += 1_ms;

  const Effects says_so = leader.receive(2, 1, beat(leader, 23, {}, 23));
  REQUIRE(says_so.forgetful.empty());
  REQUIRE(all_of<Heartbeat>(says_so.messages).at(0).forgotten == LogPosition{});
  REQUIRE(peer_2(leader).recovering);
}

// D4: damage makes a node forget that it has voted
TEST_CASE("a process that repeats the verdict has not noted it durably: the next one is told again", "[D4]") {
  LoneCore leader = led();
  leader.receive(2, 1, beat(leader, 21, {.term = 1, .last = {.term = 1, .index = 1}}));
  leader.now += 1_ms;
  leader.receive(2, 1, beat(leader, 21, {.term = 1, .last = {.term = 1, .index = 1}}, 21));
  leader.now += 1_ms;

  const Effects again = leader.receive(2, 1, beat(leader, 22, {.term = 1, .last = {.term = 1, .index = 4}}));

  REQUIRE(again.forgetful.size() == 1);
  REQUIRE(all_of<Heartbeat>(again.messages).at(0).forgotten == LogPosition{.term = 1, .index = 4});
  REQUIRE(peer_2(leader).recovering);
}

// D3: a recovering node's acknowledgements do not count
TEST_CASE("a leader remembers acknowledgements from one term to the next", "[D3]") {
  LoneCore leader = led();
  leader.receive(3, 2, PreVoteReply{.round = 99});  // no news
  leader.receive(3, 2, Heartbeat{.commit = 0, .round = 0});
  REQUIRE_FALSE(leader.raft.is_leader());
  leader.save();
  leader.deadline();
  leader.receive(2, 2, PreVoteReply{.round = 2, .granted = true});
  leader.save();
  leader.receive(3, 3, VoteReply{.granted = true});
  leader.save();
  REQUIRE(leader.raft.is_leader());
  leader.now += 1_ms;

  leader.receive(2, 3, ack(21, 1));
  REQUIRE(peer_2(leader).match == 0);
  const Effects judged = leader.receive(2, 3, beat(leader, 21, {.term = 1, .last = {.term = 1, .index = 3}}));
  REQUIRE(judged.forgetful.size() == 1);
  REQUIRE(judged.forgetful[0].acknowledged == LogPosition{.term = 1, .index = 4});
}

// D3: a recovering node's acknowledgements do not count
TEST_CASE("the same process as before need not be judged by a leader that comes back", "[D3]") {
  LoneCore leader = led();
  leader.receive(3, 2, Heartbeat{.commit = 0, .round = 0});
  leader.save();
  leader.deadline();
  leader.receive(2, 2, PreVoteReply{.round = 2, .granted = true});
  leader.save();
  leader.receive(3, 3, VoteReply{.granted = true});
  leader.save();

  leader.receive(2, 3, ack(20, 5));
  REQUIRE(leader.raft.log().committed() == 5);
}

// D3: a recovering node's acknowledgements do not count
// P7: a node stuck at a higher term does not keep the others from electing
TEST_CASE("a leader whose majority would need a follower that has forgotten steps down", "[D3][P7]") {
  LoneCore leader = led();
  const Time deadline = leader.now + node_1_of(3).election_timeout;
  leader.receive(2, 1, beat(leader, 21, {}));
  while (leader.raft.is_leader() && leader.now < 2 * deadline) {
    leader.deadline();
    leader.receive(2, leader.raft.term(), beat(leader, 21, {}));
  }
  REQUIRE_FALSE(leader.raft.is_leader());
}

// ---- the one that is judged

static Config restarted() {
  Config config = node_1_of(3);
  config.start = 11;
  config.hard_state = {.term = 1, .vote = 0};
  config.entries = entries({1, 1});
  return config;
}

// D2: a recovering node gives no vote, and does not campaign
TEST_CASE("a process that is told that it has forgotten says so, and promises nothing more", "[D2]") {
  LoneCore node(restarted());

  const Effects told =
      node.receive(2, 1, Heartbeat{.commit = 0, .round = 7, .start = 11, .forgotten = {.term = 1, .index = 5}});

  REQUIRE(told.forgotten.has_value());
  REQUIRE(told.forgotten->by == 2);
  REQUIRE(told.forgotten->acknowledged == LogPosition{.term = 1, .index = 5});
  REQUIRE(node.raft.is_recovering());
  const auto reply = all_of<HeartbeatReply>(told.messages).at(0);
  REQUIRE(reply.recovering == 11);
  REQUIRE(reply.round == 0);
  node.now += 10 * node_1_of(3).election_timeout;
  REQUIRE_FALSE(all_of<PreVoteReply>(node.receive(3, 1, kPreVote).messages).at(0).granted);
  REQUIRE(all_of<VoteReply>(node.receive(3, 2, kVote).messages_once_durable).empty());
}

// D6: messages that a node sent before it was damaged arrive late
TEST_CASE("a verdict on another process is not for this one", "[D6]") {
  LoneCore node(restarted());
  const Effects told =
      node.receive(2, 1, Heartbeat{.commit = 0, .round = 7, .start = 10, .forgotten = {.term = 1, .index = 5}});
  REQUIRE_FALSE(told.forgotten.has_value());
  REQUIRE_FALSE(node.raft.is_recovering());
  REQUIRE_FALSE(node.raft.is_admitted());
}

// D2: a recovering node gives no vote, and does not campaign
// E5: a node gives one vote in a term, also if requests are repeated or late, or if it restarts in between
TEST_CASE("after a start no vote is given before a leader could say what it knows", "[D2][E5]") {
  LoneCore node(restarted());
  REQUIRE_FALSE(node.raft.is_admitted());
  REQUIRE_FALSE(all_of<PreVoteReply>(node.receive(3, 1, kPreVote).messages).at(0).granted);
  node.receive(3, 2, kVote);
  REQUIRE(node.raft.status().hard_state == HardState{.term = 1, .vote = 0});

  node.now = restarted().election_timeout;
  REQUIRE(all_of<PreVoteReply>(node.receive(3, 1, kPreVote).messages).at(0).granted);
}

// D2: a recovering node gives no vote, and does not campaign
// E5: a node gives one vote in a term, also if requests are repeated or late, or if it restarts in between
TEST_CASE("no wish of a leader makes a process vote or campaign before it is judged", "[D2][E5]") {
  LoneCore node(restarted());
  node.receive(2, 1, AppendEntries{.previous = {.term = 1, .index = 2}, .commit = 0, .entries = {}});
  node.receive(2, 1, TimeoutNow{});
  REQUIRE(node.raft.term() == 1);
  const Effects asked = node.receive(3, 2, VoteRequest{.last = {.term = 9, .index = 99}, .by_transfer = true});
  REQUIRE_FALSE(all_of<VoteReply>(asked.messages).at(0).granted);

  LoneCore judged(restarted());
  judged.receive(2, 1, Heartbeat{.commit = 0, .round = 0, .start = 11});
  judged.receive(2, 1, TimeoutNow{});
  REQUIRE(judged.raft.term() == 2);
}

// D2: a recovering node gives no vote, and does not campaign
// E5: a node gives one vote in a term, also if requests are repeated or late, or if it restarts in between
TEST_CASE("a judged process votes at once when its leader is gone", "[D2][E5]") {
  LoneCore node(restarted());
  node.receive(2, 1, Heartbeat{.commit = 0, .round = 0, .start = 11});
  REQUIRE(node.raft.is_admitted());
  node.step(PeerGone{2});
  REQUIRE(all_of<PreVoteReply>(node.receive(3, 1, kPreVote).messages).at(0).granted);
}

TEST_CASE("the first process of a node, and one that is alone, need no verdict") {
  REQUIRE(LoneCore().raft.is_admitted());
  Config alone = node_1_of(1);
  alone.hard_state = {.term = 1, .vote = 1};
  alone.entries = entries({1});
  LoneCore node(alone);
  node.deadline();
  node.save();
  REQUIRE(node.raft.is_leader());
  REQUIRE(node.raft.is_admitted());
}

// D4: damage makes a node forget that it has voted
TEST_CASE("a loss is not held against a process once it has recovered", "[D4]") {
  Config config = restarted();
  config.recovering = config.start;
  config.entries.clear();
  LoneCore node(config);
  node.receive(2, 3, AppendEntries{.previous = {}, .commit = 0, .entries = entries({1, 1, 3})});
  node.save();
  node.receive(2, 3, Heartbeat{.commit = 0, .round = 1, .recovered = 11});
  REQUIRE_FALSE(node.raft.is_recovering());
  node.save();

  const Effects beaten = node.receive(2, 3, Heartbeat{.commit = 3, .round = 2});
  REQUIRE(all_of<HeartbeatReply>(beaten.messages).at(0).found == Found{.term = 3, .last = {.term = 3, .index = 3}});
}

// D2: a recovering node gives no vote, and does not campaign
TEST_CASE("a leader whose store applies a write of a later process of its own steps down, and recovers", "[D2]") {
  LoneCore leader = led();
  const Effects told = leader.step(WentBack{});
  REQUIRE_FALSE(leader.raft.is_leader());
  REQUIRE(leader.raft.is_recovering());
  REQUIRE(told.forgotten.has_value());
  REQUIRE(told.forgotten->by == 0);
}

}  // namespace skiff::raft_test

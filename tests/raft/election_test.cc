// Elections, with the peers played by the test: which votes are given, when, and what must be on disk before.
#include <set>

#include "tests/raft/lone_core.h"
#include "tests/support/catch.h"

namespace skiff::election_test {

using namespace skiff::raft_test;

static const PreVoteRequest kPreVote{.last = {.term = 9, .index = 99}, .round = 1};
static const VoteRequest kVote{.last = {.term = 9, .index = 99}};

// E4: a vote goes to an equal or newer log, never to an older one; the last term outweighs the length
// P1: a pre-vote changes neither term nor vote
TEST_CASE("a vote goes to a log that is at least as up to date", "[E4]") {
  struct Row {
    const char* name;
    LogPosition candidate;
    bool granted;
  };
  const Row rows[] = {{"the same", {.term = 2, .index = 3}, true},
                      {"longer", {.term = 2, .index = 4}, true},
                      {"shorter", {.term = 2, .index = 2}, false},
                      {"longer, of an older term", {.term = 1, .index = 9}, false},
                      {"shorter, of a newer term", {.term = 3, .index = 1}, true},
                      {"nothing", {}, false}};
  for (const Row& row : rows) {
    INFO(row.name);
    Config config = node_1_of(3);
    config.hard_state = {.term = 2, .vote = 0};
    config.entries = entries({1, 1, 2});

    LoneCore asked_before(config);
    asked_before.now = config.election_timeout;  // sooner after a start it gives no vote
    auto pre_votes =
        all_of<PreVoteReply>(asked_before.receive(2, 2, PreVoteRequest{.last = row.candidate, .round = 7}).messages);
    REQUIRE(pre_votes.size() == 1);
    REQUIRE(pre_votes[0].granted == row.granted);
    REQUIRE(pre_votes[0].round == 7);
    REQUIRE(asked_before.raft.status().hard_state == config.hard_state);  // [P1]

    LoneCore asked(config);
    asked.now = config.election_timeout;
    Effects effects = asked.receive(2, 3, VoteRequest{.last = row.candidate});
    auto refused = all_of<VoteReply>(effects.messages);
    auto granted = all_of<VoteReply>(effects.messages_once_durable);
    REQUIRE(refused.size() == (row.granted ? 0 : 1));
    REQUIRE(granted.size() == (row.granted ? 1 : 0));
    REQUIRE(asked.raft.status().hard_state == HardState{.term = 3, .vote = row.granted ? 2u : 0u});
  }
}

// E5: a node gives one vote in a term, also if requests are repeated or late, or if it restarts in between
// bug-5: a vote, or a term, is sent before it is on disk
TEST_CASE("one vote in a term, however often it is asked for, and across a restart", "[E5][bug-5]") {
  LoneCore voter;
  Effects first = voter.receive(2, 1, kVote);
  REQUIRE(first.messages.empty());
  REQUIRE(first.hard_state == HardState{.term = 1, .vote = 2});
  REQUIRE(all_of<VoteReply>(first.messages_once_durable).size() == 1);
  REQUIRE_FALSE(all_of<VoteReply>(voter.receive(3, 1, kVote).messages).at(0).granted);

  Config config = node_1_of(3);
  config.hard_state = *first.hard_state;
  LoneCore restarted(config);
  restarted.now = config.election_timeout;
  REQUIRE_FALSE(all_of<VoteReply>(restarted.receive(3, 1, kVote).messages).at(0).granted);
  REQUIRE(all_of<VoteReply>(restarted.receive(2, 1, kVote).messages).at(0).granted);  // it is on disk already
}

// E5: a node gives one vote in a term, also if requests are repeated or late, or if it restarts in between
// bug-5: a vote, or a term, is sent before it is on disk
TEST_CASE("a vote asked for again while it is being saved waits for the disk, too", "[E5][bug-5]") {
  LoneCore voter;
  voter.receive(2, 1, kVote);
  Effects again = voter.receive(2, 1, kVote);
  REQUIRE(again.messages.empty());
  REQUIRE(again.save != 0);
  REQUIRE(all_of<VoteReply>(again.messages_once_durable).size() == 1);
}

// E5: a node gives one vote in a term, also if requests are repeated or late, or if it restarts in between
// bug-5: a vote, or a term, is sent before it is on disk
TEST_CASE("a candidate's own vote counts, like any other, once it is on disk", "[E5][bug-5]") {
  LoneCore candidate;
  candidate.deadline();
  candidate.receive(2, 0, PreVoteReply{.round = 1, .granted = true});
  candidate.receive(2, 1, VoteReply{.granted = true});
  REQUIRE_FALSE(candidate.raft.is_leader());
  candidate.save();
  REQUIRE(candidate.raft.is_leader());
}

// E5: a node gives one vote in a term, also if requests are repeated or late, or if it restarts in between
// bug-5: a vote, or a term, is sent before it is on disk
TEST_CASE("a candidate asks for votes only once its own is on disk", "[E5][bug-5]") {
  LoneCore candidate;
  candidate.deadline();
  Effects won = candidate.receive(2, 0, PreVoteReply{.round = 1, .granted = true});
  REQUIRE(all_of<VoteRequest>(won.messages).empty());
  REQUIRE(all_of<VoteRequest>(won.messages_once_durable).size() == 2);
  REQUIRE(won.hard_state == HardState{.term = 1, .vote = 1});
}

// E6: a request of an older term is answered with the newer term
TEST_CASE("a request of an older term is answered with the newer", "[E6]") {
  Config config = node_1_of(3);
  config.hard_state = {.term = 5, .vote = 0};
  const MessageBody requests[] = {kPreVote, kVote, AppendEntries{}, Heartbeat{.commit = 0, .round = 3}};
  for (const MessageBody& request : requests) {
    LoneCore core(config);
    Effects effects = core.receive(2, 4, request);
    REQUIRE(effects.messages.size() == 1);
    REQUIRE(effects.messages[0].term == 5);
    REQUIRE(core.raft.leader() == 0);
    REQUIRE(core.raft.status().hard_state == config.hard_state);
  }
}

// E6: a request of an older term is answered with the newer term
// R12: replies that are late, repeated or impossible do no harm
TEST_CASE("replies of an older term are not answered and change nothing", "[E6][R12]") {
  const MessageBody replies[] = {VoteReply{.granted = true}, HeartbeatReply{.round = 1}, ReadIndexReply{},
                                 AppendReply{.accepted = true, .match = 1, .refused = {}, .hint = {}}};
  for (const MessageBody& reply : replies) {
    LoneCore leader;
    leader.lead();
    uint64_t ignored = leader.raft.ignored();
    Effects effects = leader.receive(2, 0, reply);
    REQUIRE(effects.empty());
    REQUIRE(leader.raft.ignored() == ignored + 1);
  }
}

// E17: a node whose disk stalls does not try to lead
// P13: nodes that are told that the leader's process is gone need not wait, but still elect no node that lags
TEST_CASE("a save that has only just begun is no reason to put off a campaign", "[E17][P13]") {
  LoneCore follower;
  follower.receive(2, 1, AppendEntries{.previous = {}, .commit = 0, .entries = {entry(1, 1)}});
  follower.step(PeerGone{.node = 2});
  REQUIRE(all_of<PreVoteRequest>(follower.deadline().messages).size() == 2);
  REQUIRE(follower.now <= 13_ms);
}

// E7: a node that hears of a higher term follows in it, whatever its role
TEST_CASE("every role gives way to a higher term", "[E7]") {
  LoneCore follower;
  LoneCore pre_candidate;
  pre_candidate.deadline();
  LoneCore candidate;
  candidate.deadline();
  candidate.receive(2, 0, PreVoteReply{.round = 1, .granted = true});
  LoneCore leader;
  leader.lead();
  RoleName role = RoleName::follower;
  for (LoneCore* core : {&follower, &pre_candidate, &candidate, &leader}) {
    REQUIRE(core->raft.status().role == role);
    role = static_cast<RoleName>(static_cast<int>(role) + 1);
    core->receive(3, 7, Heartbeat{});
    REQUIRE(core->raft.status().role == RoleName::follower);
    REQUIRE(core->raft.leader() == 3);
    REQUIRE(core->raft.term() == 7);
  }
}

// E8: late votes, a node's own vote among them, elect no leader
TEST_CASE("votes of an earlier term do not count", "[E8]") {
  LoneCore candidate(node_1_of(5));
  candidate.deadline();
  candidate.receive(2, 0, PreVoteReply{.round = 1, .granted = true});
  candidate.receive(3, 0, PreVoteReply{.round = 1, .granted = true});
  candidate.save();
  candidate.receive(2, 1, VoteReply{.granted = true});
  REQUIRE(candidate.raft.status().role == RoleName::candidate);
  candidate.deadline();
  candidate.receive(2, 1, PreVoteReply{.round = 2, .granted = true});
  candidate.receive(3, 1, PreVoteReply{.round = 2, .granted = true});
  candidate.save();
  REQUIRE(candidate.raft.term() == 2);
  candidate.receive(3, 1, VoteReply{.granted = true});
  candidate.receive(4, 1, VoteReply{.granted = true});
  candidate.receive(4, 2, VoteReply{.granted = true});
  candidate.receive(4, 2, VoteReply{.granted = true});
  REQUIRE(candidate.raft.status().role == RoleName::candidate);
  candidate.receive(3, 2, VoteReply{.granted = true});
  REQUIRE(candidate.raft.is_leader());
}

// P2: a node that has heard a leader of late gives no pre-vote
// P9: a node that does not hear the leader does not disturb those that do
TEST_CASE("a node that hears a leader gives no pre-vote and ignores vote requests of newer terms", "[P2][P9]") {
  LoneCore follower;
  follower.receive(2, 1, Heartbeat{});
  follower.now = 499_ms;
  REQUIRE_FALSE(all_of<PreVoteReply>(follower.receive(3, 1, kPreVote).messages).at(0).granted);
  REQUIRE(follower.receive(3, 2, kVote).empty());
  REQUIRE(follower.raft.term() == 1);

  follower.now = 500_ms;
  REQUIRE(all_of<PreVoteReply>(follower.receive(3, 1, kPreVote).messages).at(0).granted);
  REQUIRE(follower.receive(3, 2, kVote).hard_state == HardState{.term = 2, .vote = 3});
}

// E5: a node gives one vote in a term, also if requests are repeated or late, or if it restarts in between
// P9: a node that does not hear the leader does not disturb those that do
TEST_CASE("a node that did not vote and follows the leader of a term gives no vote in it", "[E5][P9]") {
  LoneCore follower;
  follower.receive(2, 1, Heartbeat{});
  follower.read(1);
  Effects effects = follower.receive(3, 1, kVote);
  REQUIRE_FALSE(all_of<VoteReply>(effects.messages).at(0).granted);
  REQUIRE(effects.refused_reads.empty());
  REQUIRE(follower.raft.leader() == 2);
}

// T9: leadership is transferred twice
TEST_CASE("only the leader of the term tells a follower to campaign", "[T9]") {
  LoneCore follower;
  follower.receive(2, 1, Heartbeat{});
  const uint64_t ignored = follower.raft.ignored();
  REQUIRE(follower.receive(3, 1, TimeoutNow{}).empty());
  REQUIRE(follower.raft.ignored() == ignored + 1);
  REQUIRE(follower.raft.leader() == 2);
  REQUIRE(all_of<VoteRequest>(follower.receive(2, 1, TimeoutNow{}).messages).empty());  // not before its own is durable
  REQUIRE(follower.raft.term() == 2);
}

// P2: a node that has heard a leader of late gives no pre-vote
// P9: a node that does not hear the leader does not disturb those that do
TEST_CASE("a leader that is heard gives no pre-vote and no vote, and adopts no candidate's term", "[P2][P9]") {
  LoneCore leader;
  leader.lead_and_commit();
  REQUIRE_FALSE(all_of<PreVoteReply>(leader.receive(3, 8, kPreVote).messages).at(0).granted);
  REQUIRE(leader.receive(3, 8, kVote).empty());
  REQUIRE(leader.raft.is_leader());
}

// E2: votes are split, and the next round, at other moments, elects a leader
TEST_CASE("deadlines are spread over one to two election timeouts, and drawn anew", "[E2]") {
  std::set<uint64_t> drawn;
  LoneCore follower;
  for (int heartbeat = 0; heartbeat < 100; ++heartbeat) {
    follower.receive(2, 1, Heartbeat{});
    Time timeout = follower.raft.next_deadline() - follower.now;
    REQUIRE(timeout >= 500_ms);
    REQUIRE(timeout < 1_s);
    drawn.insert(timeout / 100_ms);
  }
  REQUIRE(drawn.size() == 5);  // every tenth of a second of them
}

}  // namespace skiff::election_test

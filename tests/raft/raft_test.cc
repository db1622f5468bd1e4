// What a core does with messages that a well-behaved cluster would hardly ever send it, and with time.
#include "raft/raft.h"

#include "tests/raft/lone_core.h"
#include "tests/support/catch.h"
#include "tests/support/dies.h"

namespace skiff::raft_test {

static const PreVoteRequest kPreVote{.last = {.term = 9, .index = 99}, .round = 1};
static const VoteRequest kVote{.last = {.term = 9, .index = 99}};

// ---- elections

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
    auto pre_votes =
        all_of<PreVoteReply>(asked_before.receive(2, 2, PreVoteRequest{.last = row.candidate, .round = 7}).messages);
    REQUIRE(pre_votes.size() == 1);
    REQUIRE(pre_votes[0].granted == row.granted);
    REQUIRE(pre_votes[0].round == 7);
    REQUIRE(asked_before.raft.status().hard_state == config.hard_state);  // [P1]

    LoneCore asked(config);
    Effects effects = asked.receive(2, 3, VoteRequest{.last = row.candidate});
    auto refused = all_of<VoteReply>(effects.messages);
    auto granted = all_of<VoteReply>(effects.messages_once_durable);
    REQUIRE(refused.size() == (row.granted ? 0 : 1));
    REQUIRE(granted.size() == (row.granted ? 1 : 0));
    REQUIRE(asked.raft.status().hard_state == HardState{.term = 3, .vote = row.granted ? 2u : 0u});
  }
}

TEST_CASE("one vote in a term, whoever asks again and whether there was a restart", "[E5][bug-5]") {
  LoneCore voter;
  Effects first = voter.receive(2, 1, kVote);
  REQUIRE(first.messages.empty());
  REQUIRE(first.hard_state == HardState{.term = 1, .vote = 2});
  REQUIRE(all_of<VoteReply>(first.messages_once_durable).size() == 1);
  REQUIRE_FALSE(all_of<VoteReply>(voter.receive(3, 1, kVote).messages).at(0).granted);

  Config config = node_1_of(3);
  config.hard_state = *first.hard_state;
  LoneCore restarted(config);
  REQUIRE_FALSE(all_of<VoteReply>(restarted.receive(3, 1, kVote).messages).at(0).granted);
  REQUIRE(all_of<VoteReply>(restarted.receive(2, 1, kVote).messages).at(0).granted);  // it is on disk already
}

TEST_CASE("a vote asked for again while it is being saved waits for the disk, too", "[E5][bug-5]") {
  LoneCore voter;
  voter.receive(2, 1, kVote);
  Effects again = voter.receive(2, 1, kVote);
  REQUIRE(again.messages.empty());
  REQUIRE(again.save != 0);
  REQUIRE(all_of<VoteReply>(again.messages_once_durable).size() == 1);
}

TEST_CASE("a candidate's own vote counts, like anybody's, once it is on disk", "[E5][bug-5]") {
  LoneCore candidate;
  candidate.deadline();
  candidate.receive(2, 0, PreVoteReply{.round = 1, .granted = true});
  candidate.receive(2, 1, VoteReply{.granted = true});
  REQUIRE_FALSE(candidate.raft.is_leader());
  candidate.save();
  REQUIRE(candidate.raft.is_leader());
}

TEST_CASE("a candidate asks for votes only once its own is on disk", "[E5][bug-5]") {
  LoneCore candidate;
  candidate.deadline();
  Effects won = candidate.receive(2, 0, PreVoteReply{.round = 1, .granted = true});
  REQUIRE(all_of<VoteRequest>(won.messages).empty());
  REQUIRE(all_of<VoteRequest>(won.messages_once_durable).size() == 2);
  REQUIRE(won.hard_state == HardState{.term = 1, .vote = 1});
}

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

TEST_CASE("replies of an older term are answered by nobody and change nothing", "[E6][R12]") {
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

TEST_CASE("a save that has only just begun is no reason to put off a campaign", "[E17][P13]") {
  LoneCore follower;
  follower.receive(2, 1, AppendEntries{.previous = {}, .commit = 0, .entries = {entry(1, 1)}});
  follower.step(PeerGone{.node = 2});
  REQUIRE(all_of<PreVoteRequest>(follower.deadline().messages).size() == 2);
  REQUIRE(follower.now <= 13 * kMillisecond);
}

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

TEST_CASE("who hears a leader gives no pre-vote and lets no newer term disturb it", "[P2][P9]") {
  LoneCore follower;
  follower.receive(2, 1, Heartbeat{});
  follower.now = 499 * kMillisecond;
  REQUIRE_FALSE(all_of<PreVoteReply>(follower.receive(3, 1, kPreVote).messages).at(0).granted);
  REQUIRE(follower.receive(3, 2, kVote).empty());
  REQUIRE(follower.raft.term() == 1);

  follower.now = 500 * kMillisecond;
  REQUIRE(all_of<PreVoteReply>(follower.receive(3, 1, kPreVote).messages).at(0).granted);
  REQUIRE(follower.receive(3, 2, kVote).hard_state == HardState{.term = 2, .vote = 3});
}

TEST_CASE("who did not vote and follows the leader of a term votes for nobody else in it", "[E5][P9]") {
  LoneCore follower;
  follower.receive(2, 1, Heartbeat{});
  follower.read(1);
  Effects effects = follower.receive(3, 1, kVote);
  REQUIRE_FALSE(all_of<VoteReply>(effects.messages).at(0).granted);
  REQUIRE(effects.refused_reads.empty());
  REQUIRE(follower.raft.leader() == 2);
}

TEST_CASE("a leader that is heard gives no pre-vote and no vote, and adopts no candidate's term", "[P2][P9]") {
  LoneCore leader;
  leader.lead_and_commit();
  REQUIRE_FALSE(all_of<PreVoteReply>(leader.receive(3, 8, kPreVote).messages).at(0).granted);
  REQUIRE(leader.receive(3, 8, kVote).empty());
  REQUIRE(leader.raft.is_leader());
}

TEST_CASE("deadlines are spread over one to two election timeouts, and drawn anew", "[E2]") {
  std::set<Time> drawn;
  LoneCore follower;
  for (int heartbeat = 0; heartbeat < 100; ++heartbeat) {
    follower.receive(2, 1, Heartbeat{});
    Time patience = follower.raft.next_deadline() - follower.now;
    REQUIRE(patience >= 500 * kMillisecond);
    REQUIRE(patience < 1000 * kMillisecond);
    drawn.insert(patience / (100 * kMillisecond));
  }
  REQUIRE(drawn.size() == 5);  // every tenth of a second of them
}

// ---- invariants that fire

TEST_CASE("two leaders in one term end the node that sees it", "[bug-33]") {
  LoneCore leader;
  leader.lead();
  REQUIRE(dies_saying([&] { leader.receive(2, leader.raft.term(), Heartbeat{}); }).find("is_leader()") !=
          std::string::npos);
  LoneCore follower;
  follower.receive(2, 1, Heartbeat{});
  REQUIRE(dies_saying([&] { follower.receive(3, 1, AppendEntries{}); }).find("leader_ == leader") != std::string::npos);
  REQUIRE(dies_saying([&] { follower.receive(2, 1, AppendEntries{}); }) == "");
}

TEST_CASE("a leader that would replace what is committed ends the node that sees it", "[bug-33]") {
  LoneCore follower;
  follower.receive(2, 1, AppendEntries{.previous = {}, .commit = 2, .entries = entries({1, 1})});
  auto replace = [&] {
    follower.receive(3, 2, AppendEntries{.previous = {.term = 1, .index = 1}, .commit = 0, .entries = {entry(2, 2)}});
  };
  REQUIRE(dies_saying(replace).find("first > committed_") != std::string::npos);
}

TEST_CASE("time that goes back ends the node") {
  LoneCore core;
  core.now = 5;
  core.step(TimePassed{});
  core.now = 4;
  REQUIRE(dies_saying([&] { core.step(TimePassed{}); }).find("now >= now_") != std::string::npos);
}

// ---- replication

TEST_CASE("a follower commits no further than what the leader has shown it", "[R4]") {
  struct Row {
    Index leader_commit;
    size_t entries;
    Index committed;
  };
  for (const Row& row : {Row{0, 3, 0}, Row{2, 3, 2}, Row{3, 3, 3}, Row{9, 3, 3}, Row{9, 1, 1}, Row{9, 0, 0}}) {
    Config config = node_1_of(3);
    config.hard_state.term = 1;
    config.entries = entries({1, 1, 1, 1, 1, 1});  // beyond what is shown, they may be anything
    LoneCore follower(config);
    std::vector<Entry> shown = entries(std::vector<Term>(row.entries, 1));
    Effects effects =
        follower.receive(2, 2, AppendEntries{.previous = {}, .commit = row.leader_commit, .entries = shown});
    REQUIRE(follower.raft.log().committed() == row.committed);
    REQUIRE(effects.committed.size() == row.committed);
    REQUIRE(all_of<AppendReply>(effects.messages_once_durable).at(0).match == row.entries);
  }
}

TEST_CASE("a heartbeat beyond the end of the log commits nothing", "[R4]") {
  LoneCore follower;
  follower.receive(2, 1, AppendEntries{.previous = {}, .commit = 0, .entries = entries({1, 1})});
  follower.receive(2, 1, Heartbeat{.commit = 3});
  REQUIRE(follower.raft.log().committed() == 0);
  follower.receive(2, 1, Heartbeat{.commit = 2});
  REQUIRE(follower.raft.log().committed() == 2);
}

TEST_CASE("an append behind a gap, or after something else, is refused with a hint", "[R1][R6]") {
  struct Row {
    std::vector<Term> log;
    LogPosition previous;
    LogPosition hint;
  };
  const Row rows[] = {{{}, {.term = 1, .index = 1}, {}},
                      {{1, 1}, {.term = 1, .index = 9}, {.term = 1, .index = 2}},
                      {{1, 1}, {.term = 4, .index = 2}, {.term = 1, .index = 1}},
                      {{1, 2, 2, 4, 4}, {.term = 3, .index = 5}, {.term = 2, .index = 3}},
                      {{2, 2, 2}, {.term = 1, .index = 3}, {}}};
  for (const Row& row : rows) {
    Config config = node_1_of(3);
    config.hard_state.term = 4;
    config.entries = entries(row.log);
    LoneCore follower(config);
    Effects effects = follower.receive(2, 5, AppendEntries{.previous = row.previous, .commit = 0, .entries = {}});
    AppendReply reply = all_of<AppendReply>(effects.messages).at(0);
    REQUIRE_FALSE(reply.accepted);
    REQUIRE(reply.refused == row.previous);
    REQUIRE(reply.hint == row.hint);
    REQUIRE(follower.raft.log().last().index == row.log.size());
  }
}

TEST_CASE("a leader of the third term gets no acknowledgement from a save of the first", "[R15][bug-7]") {
  LoneCore follower;
  Effects first = follower.receive(2, 1, AppendEntries{.previous = {}, .commit = 0, .entries = {entry(1, 1)}});
  Effects second = follower.receive(3, 2, AppendEntries{.previous = {}, .commit = 0, .entries = {entry(2, 1)}});
  // The same entry as in the first term, brought back by somebody who has it: on disk it would replace the second's.
  Effects third = follower.receive(2, 3, AppendEntries{.previous = {}, .commit = 0, .entries = {entry(1, 1)}});
  REQUIRE(third.entries.size() == 1);
  REQUIRE(third.messages.empty());
  follower.step(Persisted{.save = first.save});
  REQUIRE(follower.raft.log().durable() == 0);
  follower.step(Persisted{.save = second.save});
  REQUIRE(follower.raft.log().durable() == 0);
  follower.step(Persisted{.save = third.save});
  REQUIRE(follower.raft.log().durable() == 1);
}

TEST_CASE("an acknowledgement leaves with the save of its entries, or at once if they are on disk", "[R19]") {
  LoneCore follower;
  const AppendEntries append{.previous = {}, .commit = 0, .entries = {entry(1, 1)}};
  Effects first = follower.receive(2, 1, append);
  REQUIRE(all_of<AppendReply>(first.messages).empty());
  REQUIRE(all_of<AppendReply>(first.messages_once_durable).size() == 1);
  Effects repeated = follower.receive(2, 1, append);
  REQUIRE(all_of<AppendReply>(repeated.messages).empty());
  follower.save();
  REQUIRE(all_of<AppendReply>(follower.receive(2, 1, append).messages).size() == 1);
}

TEST_CASE("acknowledgements that cannot be are ignored", "[R12][bug-28][bug-22]") {
  LoneCore leader;
  leader.lead_and_commit();
  leader.propose("a");
  leader.acknowledge(2, 3);  // beyond the end of the log
  leader.receive(2, leader.raft.term(), AppendReply{.accepted = false, .match = 0, .refused = {}, .hint = {}});
  Status::Peer peer = leader.raft.status().peers.at(0);
  REQUIRE(peer.match == 1);
  REQUIRE(peer.next == 3);
  leader.acknowledge(2, 2);
  leader.acknowledge(2, 1);  // late
  leader.receive(2, leader.raft.term(),
                 AppendReply{.accepted = false, .match = 0, .refused = {.term = 1, .index = 2}, .hint = {}});
  peer = leader.raft.status().peers.at(0);
  REQUIRE(peer.match == 2);
  REQUIRE(peer.next == 3);
}

TEST_CASE("a hint beyond everything does no harm", "[R12][bug-46]") {
  LoneCore leader;
  leader.lead();
  const LogPosition far{.term = ~Term{0}, .index = ~Index{0}};
  leader.receive(2, leader.raft.term(), AppendReply{.accepted = false, .match = 0, .refused = far, .hint = far});
  leader.acknowledge(2, ~Index{0});
  leader.receive(2, leader.raft.term(), HeartbeatReply{.round = ~uint64_t{0}});
  REQUIRE(leader.raft.status().peers.at(0).match == 0);
  REQUIRE(leader.raft.is_leader());
}

TEST_CASE("messages of strangers, to others, or of oneself are ignored") {
  LoneCore core;
  core.receive(4, 9, Heartbeat{});
  core.receive(1, 9, Heartbeat{});
  core.step(Received{.message = {.from = 2, .to = 3, .term = 9, .body = Heartbeat{}}});
  REQUIRE(core.raft.term() == 0);
  REQUIRE(core.raft.ignored() == 3);
}

TEST_CASE("an append no log could hold is ignored", "[bug-30][R18]") {
  struct Row {
    const char* name;
    LogPosition previous;
    std::vector<Entry> entries;
  };
  const LogPosition one{.term = 2, .index = 1};
  const Row rows[] = {{"a gap at the start", one, {entry(2, 3)}},
                      {"a gap inside", one, {entry(2, 2), entry(2, 4)}},
                      {"the same twice", one, {entry(2, 2), entry(2, 2)}},
                      {"a term that falls", one, {entry(3, 2), entry(2, 3)}},
                      {"a term before the one it follows", one, {entry(1, 2)}},
                      {"a term of the future", one, {entry(4, 2)}},
                      {"no term", {}, {entry(0, 1)}}};
  for (const Row& row : rows) {
    INFO(row.name);
    Config config = node_1_of(3);
    config.hard_state.term = 2;
    config.entries = entries({2});
    LoneCore follower(config);
    REQUIRE(follower.receive(2, 3, AppendEntries{.previous = row.previous, .commit = 9, .entries = row.entries})
                .messages_once_durable.empty());
    REQUIRE(follower.raft.ignored() == 1);
    REQUIRE(follower.raft.log().last().index == 1);
    REQUIRE(follower.raft.log().committed() == 0);
  }
}

TEST_CASE("an empty command is a command", "[R24]") {
  LoneCore leader;
  leader.lead();
  leader.step(Proposed{.proposals = {{.id = 1, .command = nullptr}}});
  leader.receive(2, leader.raft.term(), ForwardProposals{.commands = {nullptr, payload("")}});
  REQUIRE(leader.raft.log().last().index == 4);
  REQUIRE(leader.raft.log().at(2).kind == EntryKind::command);
}

TEST_CASE("answers to read rounds do not send again what a slow disk has not acknowledged yet", "[F3][R9]") {
  for (bool is_probing : {true, false}) {
    LoneCore leader;
    leader.lead();
    leader.acknowledge(3);
    if (!is_probing) leader.acknowledge(2);
    REQUIRE(all_of<AppendEntries>(leader.propose("a").messages).size() == (is_probing ? 1 : 2));
    for (uint64_t read = 1; read <= 5; ++read) {
      leader.now += kMillisecond;
      uint64_t round = all_of<Heartbeat>(leader.read(read).messages).back().round;
      Effects answered = leader.receive(2, leader.raft.term(), HeartbeatReply{.round = round});
      REQUIRE(answered.reads.size() == 1);
      REQUIRE(all_of<AppendEntries>(answered.messages).empty());
    }
    leader.deadline();  // a heartbeat later it may be taken for lost
    Effects answered = leader.receive(2, leader.raft.term(), HeartbeatReply{.round = 1});
    REQUIRE(all_of<AppendEntries>(answered.messages).size() == 1);
  }
}

TEST_CASE("what a follower forwards is cut like what a leader sends", "[R18]") {
  Config config = node_1_of(3);
  config.append_bytes_max = 10;
  config.append_entries_max = 3;
  LoneCore follower(config);
  follower.receive(2, 1, Heartbeat{});
  Proposed proposed;
  for (size_t bytes : {4, 6, 1, 30, 9, 0, 0, 0, 1}) {
    proposed.proposals.push_back({.id = proposed.proposals.size() + 1, .command = payload(std::string(bytes, 'x'))});
  }
  std::vector<size_t> counts;
  for (const ForwardProposals& forward : all_of<ForwardProposals>(follower.step(proposed).messages)) {
    counts.push_back(forward.commands.size());
  }
  REQUIRE(counts == std::vector<size_t>{2, 1, 1, 3, 2});
}

// ---- reads

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

TEST_CASE("an answer to a read nobody asked for, or that was refused, is ignored", "[Q4][bug-23]") {
  LoneCore follower;
  follower.receive(2, 1, Heartbeat{});
  REQUIRE(follower.receive(2, 1, ReadIndexReply{.id = {.incarnation = 1, .number = 7}, .index = 1}).reads.empty());
  follower.read(8);
  REQUIRE(follower.step(PeerGone{.node = 2}).refused_reads.size() == 1);
  REQUIRE(follower.receive(2, 1, ReadIndexReply{.id = {.incarnation = 1, .number = 8}, .index = 1}).reads.empty());
}

}  // namespace skiff::raft_test

// Replication, with the peers played by the test: which messages are appended, acknowledged, committed, not believed.
#include "tests/raft/lone_core.h"
#include "tests/support/catch.h"

namespace skiff::replication_test {

using namespace skiff::raft_test;

// R4: a follower commits entries that the leader has committed and has sent to it
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

// R4: a follower commits entries that the leader has committed and has sent to it
TEST_CASE("a heartbeat beyond the end of the log commits nothing", "[R4]") {
  LoneCore follower;
  follower.receive(2, 1, AppendEntries{.previous = {}, .commit = 0, .entries = entries({1, 1})});
  follower.receive(2, 1, Heartbeat{.commit = 3});
  REQUIRE(follower.raft.log().committed() == 0);
  follower.receive(2, 1, Heartbeat{.commit = 2});
  REQUIRE(follower.raft.log().committed() == 2);
}

// R1: an append behind a gap is refused, with a hint of where to continue
// R6: a refusal skips whole terms, on either side
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

// R15: a save that ends late acknowledges nothing of the entries that replaced its own
// bug-7: a save of an earlier term is taken for one of the entries that came after it
TEST_CASE("a leader of the third term gets no acknowledgement from a save of the first", "[R15][bug-7]") {
  LoneCore follower;
  Effects first = follower.receive(2, 1, AppendEntries{.previous = {}, .commit = 0, .entries = {entry(1, 1)}});
  Effects second = follower.receive(3, 2, AppendEntries{.previous = {}, .commit = 0, .entries = {entry(2, 1)}});
  // The same entry as in the first term, brought back by a node that has it: on disk it would replace the second's.
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

// R19: a follower acknowledges only entries that are on its disk
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

// R12: replies that are late, repeated or impossible do no harm
// bug-28: an acknowledgement has a wrong last index
// bug-22: a leader goes back behind a follower's acknowledgement
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

// R12: replies that are late, repeated or impossible do no harm
// bug-46: numbers near the end of their range wrap around
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

// bug-30: a message's entries have a gap
// R18: large batches are split by bytes, without a gap
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

// R24: an empty command is an entry like any other
TEST_CASE("an empty command is a command", "[R24]") {
  LoneCore leader;
  leader.lead();
  leader.step(Proposed{.proposals = {{.id = 1, .command = nullptr}}});
  leader.receive(2, leader.raft.term(), ForwardProposals{.commands = {nullptr, payload("")}});
  REQUIRE(leader.raft.log().last().index == 4);
  REQUIRE(leader.raft.log().at(2).kind == EntryKind::command);
}

// F3: after lost acknowledgements a heartbeat's reply lets one more message out
// R9: a heartbeat's reply shows the leader that appends were lost
TEST_CASE("answers to read rounds do not send again what a slow disk has not acknowledged yet", "[F3][R9]") {
  for (bool is_probing : {true, false}) {
    LoneCore leader;
    leader.lead();
    leader.acknowledge(3);
    if (!is_probing) leader.acknowledge(2);
    REQUIRE(all_of<AppendEntries>(leader.propose("a").messages).size() == (is_probing ? 1 : 2));
    for (uint64_t read = 1; read <= 5; ++read) {
      leader.now += 1_ms;
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

// R18: large batches are split by bytes, without a gap
TEST_CASE("forwarded writes are cut into messages like entries", "[R18]") {
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

// R23: uncommitted proposals are bounded, and counted correctly after commits and truncations
TEST_CASE("a write that is refused takes all later ones of its batch along, also those that would fit", "[R23]") {
  Config config = node_1_of(3);
  config.uncommitted_bytes_max = 10;
  LoneCore leader(config);
  leader.lead_and_commit();
  leader.propose("five!");
  const Index last = leader.raft.log().last().index;

  const Effects effects = leader.step(
      Proposed{.proposals = {{.id = 7, .command = payload(std::string(20, 'x'))}, {.id = 8, .command = payload("x")}}});
  REQUIRE(effects.refused == std::vector<uint64_t>{7, 8});
  REQUIRE(leader.raft.log().last().index == last);
  REQUIRE(leader.step(Proposed{.proposals = {{.id = 9, .command = payload("x")}}}).refused.empty());
}

}  // namespace skiff::replication_test

#include "raft/describe.h"

#include "tests/raft/lone_core.h"
#include "tests/support/catch.h"

namespace skiff::describe_test {

using namespace skiff::raft;
using raft_test::entry;
using raft_test::payload;

TEST_CASE("every message is one line") {
  struct Row {
    MessageBody body;
    const char* line;
  };
  const LogPosition last{.term = 2, .index = 5};
  const RequestId id{.incarnation = 4, .number = 7};
  const Row rows[] = {
      {PreVoteRequest{.last = last, .round = 3}, "pre-vote? log ends [t2 i5], round 3"},
      {PreVoteReply{.round = 3, .granted = true}, "pre-vote yes, round 3"},
      {PreVoteReply{.round = 3, .granted = false}, "pre-vote no, round 3"},
      {VoteRequest{.last = {}}, "vote? log ends [start]"},
      {VoteReply{.granted = true}, "vote yes"},
      {VoteReply{.granted = false}, "vote no"},
      {AppendEntries{.previous = last, .commit = 4, .entries = {entry(2, 6), entry(3, 7, "y")}},
       "append after [t2 i5]: [t2 i6 x] [t3 i7 y], commit 4"},
      {AppendEntries{}, "append after [start]: nothing, commit 0"},
      {AppendReply{.accepted = true, .match = 6, .refused = {}, .hint = {}}, "append ok, match 6"},
      {AppendReply{.accepted = false, .match = 0, .refused = last, .hint = {.term = 1, .index = 2}},
       "append refused, no [t2 i5], try [t1 i2]"},
      {Heartbeat{.commit = 4, .round = 9}, "heartbeat, commit 4, round 9"},
      {Heartbeat{.commit = 4, .round = 0}, "heartbeat, commit 4"},
      {HeartbeatReply{.round = 9}, "heartbeat ok, round 9"},
      {ForwardProposals{.commands = {payload("x"), nullptr}}, "forward x nothing"},
      {ReadIndexRequest{.id = id}, "read 4.7?"},
      {ReadIndexReply{.id = id, .index = 5}, "read 4.7 at 5"},
  };
  for (const Row& row : rows) {
    REQUIRE(describe(Message{.from = 1, .to = 2, .term = 3, .body = row.body}) == std::string("1>2 t3 ") + row.line);
  }
}

TEST_CASE("every event is one line") {
  REQUIRE(describe(Event{TimePassed{}}) == "time passed");
  REQUIRE(describe(Event{Received{.message = {.from = 1, .to = 2, .term = 3, .body = VoteReply{}}}}) ==
          "received 1>2 t3 vote no");
  REQUIRE(describe(Event{Proposed{.proposals = {{.id = 1, .command = payload("x")}}}}) == "proposed x");
  REQUIRE(describe(Event{Persisted{.save = 4}}) == "persisted up to save 4");
  REQUIRE(describe(Event{ReadAsked{.id = {.incarnation = 1, .number = 2}}}) == "asked to read 1.2");
  REQUIRE(describe(Event{PeerGone{.node = 3}}) == "peer 3 is gone");
}

TEST_CASE("a command is shown when it is short and printable, else counted") {
  REQUIRE(describe(payload("a=1")) == "a=1");
  REQUIRE(describe(payload(std::string(32, 'x'))) == std::string(32, 'x'));
  REQUIRE(describe(payload(std::string(33, 'x'))) == "33 bytes");
  for (const char* text : {"a\nb", "\x7f", "\xff", " ", "\x1b[31m"}) {
    REQUIRE(describe(payload(text)).find("byte") != std::string::npos);
  }
  REQUIRE(describe(payload("\n")) == "1 byte");
  REQUIRE(describe(payload("")) == "nothing");
}

TEST_CASE("kinds of entries, long lists, and a node's state have their words") {
  const LogPosition first{.term = 1, .index = 1};
  REQUIRE(describe(Entry{.position = first, .kind = EntryKind::no_op, .payload = nullptr}) == "[t1 i1 no-op]");
  Configuration members = founded_by({1, 2, 3});
  members.members.push_back({.id = 4, .role = MemberRole::joining, .address = "b"});
  members.members.push_back({.id = 5, .role = MemberRole::learner, .address = "c"});
  members.outgoing = founded_by({1, 2}).members;
  REQUIRE(describe(Entry{.position = first, .kind = EntryKind::configuration, .payload = payload(encode(members))}) ==
          "[t1 i1 voters 1 2 3, joining 4, learners 5, were 1 2]");
  REQUIRE(describe(Entry{.position = first, .kind = EntryKind::configuration, .payload = payload("?")}) == "[t1 i1 ?]");
  REQUIRE(describe(raft_test::entries({1, 1, 1}), 2) == "[t1 i1 x] [t1 i2 x] and 1 more");
  REQUIRE(describe(HardState{.term = 3, .vote = 0}) == "t3");
  REQUIRE(describe(HardState{.term = 3, .vote = 2}) == "t3, vote for 2");
  raft_test::LoneCore core;
  REQUIRE(describe(core.raft.status()) == "1 follower at t0, leader unknown, log ends [start], durable 0, commit 0");
  core.lead_and_commit();
  REQUIRE(describe(core.raft.status()) ==
          "1 leader at t1, vote for 1, leader 1, log ends [t1 i1], durable 1, commit 1");
  REQUIRE(describe(core.raft.status().peers.at(0)) == "2 replicating, match 1, next 2");
}

}  // namespace skiff::describe_test

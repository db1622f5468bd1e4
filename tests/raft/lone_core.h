// LoneCore: one core whose peers are played by the test, for messages that no well-behaved cluster would send.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "raft/raft.h"

namespace skiff::raft_test {

using namespace skiff::raft;

inline Payload payload(const std::string& text) { return Payload::of(text); }

inline Entry entry(Term term, Index index, const std::string& text = "x") {
  return {.position = {.term = term, .index = index}, .kind = EntryKind::command, .payload = payload(text)};
}

// Entries of these terms, from index 1.
inline std::vector<Entry> entries(const std::vector<Term>& terms) {
  std::vector<Entry> all;
  for (Term term : terms) all.push_back(entry(term, all.size() + 1));
  return all;
}

inline Config node_1_of(size_t nodes) {
  std::vector<NodeId> voters;
  for (NodeId node = 1; node <= nodes; ++node) voters.push_back(node);
  return {.id = 1, .founders = founded_by(voters)};
}

// Requests of a candidate whose log is longer than any.
inline const PreVoteRequest kPreVote{.last = {.term = 9, .index = 99}, .round = 1};
inline const VoteRequest kVote{.last = {.term = 9, .index = 99}};

class LoneCore {
 public:
  explicit LoneCore(const Config& config = node_1_of(3)) : raft(config, 0_s) {}

  Effects step(const Event& event) {
    raft.step(now, event);
    raft.check_log();
    Effects effects = raft.take_effects();
    if (effects.save != 0) last_save = effects.save;
    return effects;
  }
  // Replies come from the first process of their node, unless they say another.
  Effects receive(NodeId from, Term term, MessageBody body) {
    if (auto* ack = std::get_if<AppendReply>(&body); ack != nullptr && ack->start == 0) ack->start = from;
    if (auto* beat = std::get_if<HeartbeatReply>(&body); beat != nullptr && beat->start == 0) beat->start = from;
    return step(Received{.message = {.from = from, .to = 1, .term = term, .body = std::move(body)}});
  }
  // The disk has everything it was given.
  Effects save() { return step(Persisted{.save = last_save}); }
  Effects deadline() {
    now = std::max(now, raft.next_deadline());
    return step(TimePassed{});
  }
  Effects propose(const std::string& command) {
    return step(Proposed{.proposals = {{.id = ++proposals, .command = payload(command)}}});
  }
  Effects read(uint64_t number) { return step(ReadAsked{.id = {.incarnation = 1, .number = number}}); }

  // Leads the next term, elected by 2; its no-op is sent and saved, and no follower has acknowledged it.
  Effects lead() {
    save();
    deadline();
    receive(2, raft.term(), PreVoteReply{.round = ++campaigns, .granted = true});
    save();
    Effects first = receive(2, raft.term(), VoteReply{.granted = true});
    save();
    return first;
  }
  // The same, and everything committed.
  void lead_and_commit() {
    lead();
    acknowledge(2);
    acknowledge(3);
  }
  Effects acknowledge(NodeId from) { return acknowledge(from, raft.log().last().index); }
  Effects acknowledge(NodeId from, Index match) {
    return receive(from, raft.term(), AppendReply{.accepted = true, .match = match, .refused = {}, .hint = {}});
  }

  Raft raft;
  Time now;
  uint64_t last_save = 0;
  uint64_t proposals = 0;
  uint64_t campaigns = 0;
};

// The bodies of this kind among the messages.
template <class Body>
std::vector<Body> all_of(const std::vector<Message>& messages) {
  std::vector<Body> found;
  for (const Message& message : messages) {
    if (const Body* body = std::get_if<Body>(&message.body)) found.push_back(*body);
  }
  return found;
}

}  // namespace skiff::raft_test

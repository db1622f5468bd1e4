#include "raft/describe.h"

#include <algorithm>

namespace skiff::raft {
namespace {

constexpr size_t kShownBytesMax = 32;

std::string number(uint64_t value) { return std::to_string(value); }

// ---- one line for each body of a message

std::string line(const PreVoteRequest& request) {
  return "pre-vote? log ends " + describe(request.last) + ", round " + number(request.round);
}

std::string line(const PreVoteReply& reply) {
  return std::string(reply.granted ? "pre-vote yes" : "pre-vote no") + ", round " + number(reply.round);
}

std::string line(const VoteRequest& request) {
  return (request.by_transfer ? "vote, by transfer? log ends " : "vote? log ends ") + describe(request.last);
}

std::string line(const VoteReply& reply) { return reply.granted ? "vote yes" : "vote no"; }

std::string line(const AppendEntries& append) {
  std::string entries = append.entries.empty() ? "nothing" : describe(append.entries);
  return "append after " + describe(append.previous) + ": " + entries + ", commit " + number(append.commit);
}

std::string line(const AppendReply& reply) {
  std::string recovering = reply.recovering == 0 ? "" : ", is recovering";
  if (reply.accepted) return "append ok, match " + number(reply.match) + recovering;
  return "append refused, no " + describe(reply.refused) + ", try " + describe(reply.hint) + recovering;
}

std::string line(const Heartbeat& heartbeat) {
  std::string round = heartbeat.round == 0 ? "" : ", round " + number(heartbeat.round);
  return "heartbeat, commit " + number(heartbeat.commit) + round + (heartbeat.takes_writes ? "" : ", takes no writes") +
         (heartbeat.recovered == 0 ? "" : ", your log is intact") +
         (heartbeat.forgotten.term == 0 ? "" : ", you have forgotten " + describe(heartbeat.forgotten));
}

std::string line(const HeartbeatReply& reply) {
  const std::string said = reply.recovering == 0 ? "heartbeat ok, round " + number(reply.round)
                                                 : std::string("heartbeat seen, is recovering");
  return said + (reply.is_full ? ", full" : "");
}

std::string line(const ForwardProposals& forward) {
  std::string text = "forward";
  for (const Payload& command : forward.commands) text += ' ' + describe(command);
  return text;
}

std::string line(const ReadIndexRequest& request) { return "read " + describe(request.id) + '?'; }

std::string line(const ReadIndexReply& reply) { return "read " + describe(reply.id) + " at " + number(reply.index); }

std::string line(const InstallSnapshot& install) { return "install snapshot " + describe(install.snapshot); }

std::string line(const TimeoutNow&) { return "campaign now"; }

std::string line(const TransferRequest& request) {
  return "hand over to " + (request.to == 0 ? "any voter" : number(request.to));
}

std::string line(const Removed&) { return "you are no member any more"; }

// ---- one line for each event

std::string line(const TimePassed&) { return "time passed"; }

std::string line(const Received& received) { return "received " + describe(received.message); }

std::string line(const Proposed& proposed) {
  std::string text = "proposed";
  for (const auto& proposal : proposed.proposals) text += ' ' + describe(proposal.command);
  return text;
}

std::string line(const Persisted& persisted) { return "persisted up to save " + number(persisted.save); }

std::string line(const ReadAsked& asked) { return "asked to read " + describe(asked.id); }

std::string line(const PeerGone& gone) { return "peer " + number(gone.node) + " is gone"; }

std::string line(const WentBack&) { return "the disk has gone back"; }

std::string line(const SpaceReported& space) {
  return space.bytes_left ? "disk full, " + number(*space.bytes_left) + " bytes left" : "disk has space";
}

std::string line(const SnapshotTaken& taken) {
  return "snapshot taken at " + number(taken.index) + ", log forgotten to " + number(taken.forget_to);
}

std::string line(const SnapshotArrived& arrived) { return "snapshot arrived " + describe(arrived.snapshot); }

std::string line(const ChangeAsked& asked) {
  std::string text = "asked to change the members:";
  for (const Change& change : asked.changes) text += ' ' + describe(change);
  return text;
}

std::string line(const TransferAsked& asked) { return "asked to " + line(TransferRequest{.to = asked.to}); }

std::string of_role(const std::vector<Member>& members, MemberRole role, const char* title) {
  std::string text;
  for (const Member& member : members) {
    if (member.role == role) text += ' ' + number(member.id);
  }
  return text.empty() ? text : title + text;
}

}  // namespace

std::string describe(LogPosition position) {
  if (position == LogPosition{}) return "[start]";
  return "[t" + number(position.term) + " i" + number(position.index) + ']';
}

std::string describe(const Entry& entry) {
  std::string text = describe(entry.position);
  text.back() = ' ';
  switch (entry.kind) {
    case EntryKind::no_op: return text + "no-op]";
    case EntryKind::command: return text + describe(entry.payload) + ']';
    case EntryKind::configuration: break;
  }
  std::optional<Configuration> configuration =
      decode_configuration(entry.payload ? *entry.payload : std::string_view());
  return text + (configuration ? describe(*configuration) : "?") + ']';
}

std::string describe(const Configuration& configuration) {
  std::string text = of_role(configuration.members, MemberRole::voter, "voters");
  text += of_role(configuration.members, MemberRole::joining, ", joining");
  text += of_role(configuration.members, MemberRole::learner, ", learners");
  return text + of_role(configuration.outgoing, MemberRole::voter, ", were");
}

std::string describe(const Change& change) {
  constexpr const char* kWords[] = {"add", "add learner", "promote", "demote", "remove", "move"};
  return std::string(kWords[static_cast<size_t>(change.kind)]) + ' ' + number(change.node);
}

std::string describe(const SnapshotMark& snapshot) {
  std::optional<Configuration> configuration;
  if (snapshot.configuration) configuration = decode_configuration(*snapshot.configuration);
  return describe(snapshot.position) + ' ' + (configuration ? describe(*configuration) : "?");
}

std::string describe(const AdminResult& result) {
  constexpr const char* kWords[] = {"done", "refused", "unknown", "passed on"};
  return kWords[static_cast<size_t>(result.kind)] + (result.reason.empty() ? "" : ": " + result.reason);
}

std::string describe(const std::vector<Entry>& entries, size_t shown) {
  std::string text;
  for (size_t at = 0; at < std::min(entries.size(), shown); ++at) text += (at == 0 ? "" : " ") + describe(entries[at]);
  if (entries.size() > shown) text += " and " + number(entries.size() - shown) + " more";
  return text;
}

std::string describe(const Payload& command) {
  if (command == nullptr || command->empty()) return "nothing";
  bool is_printable =
      std::all_of(command->begin(), command->end(), [](char byte) { return byte > ' ' && byte <= '~'; });
  if (is_printable && command->size() <= kShownBytesMax) return std::string(*command);
  return number(command->size()) + (command->size() == 1 ? " byte" : " bytes");
}

std::string describe(const RequestId& id) { return number(id.incarnation) + '.' + number(id.number); }

std::string describe(const HardState& hard_state) {
  return 't' + number(hard_state.term) + (hard_state.vote == 0 ? "" : ", vote for " + number(hard_state.vote));
}

std::string describe(const Message& message) {
  std::string head = number(message.from) + '>' + number(message.to) + " t" + number(message.term) + ' ';
  return head + std::visit([](const auto& body) { return line(body); }, message.body);
}

std::string describe(const Event& event) {
  return std::visit([](const auto& happened) { return line(happened); }, event);
}

std::string describe(const Status& status) {
  return number(status.id) + ' ' + std::string(to_text(status.role)) + " at " + describe(status.hard_state) +
         ", leader " + (status.leader == 0 ? "unknown" : number(status.leader)) + ", log ends " +
         describe(status.last) + ", durable " + number(status.durable) + ", commit " + number(status.committed) +
         (status.recovering ? ", recovering" : "");
}

std::string describe(const Status::Peer& peer) {
  constexpr const char* kWords[] = {" probing", " replicating", " waiting for a snapshot"};
  return number(peer.node) + kWords[static_cast<size_t>(peer.state)] + (peer.paused ? ", paused" : "") +
         (peer.recovering ? ", recovering" : "") + ", match " + number(peer.match) + ", next " + number(peer.next);
}

}  // namespace skiff::raft

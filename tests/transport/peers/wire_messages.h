// Messages to put on the wire: as text, to be compared, and by chance.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "raft/message.h"
#include "raft/random.h"
#include "transport/peers/wire.h"

namespace skiff::wire_test {

using namespace skiff::transport;
using namespace skiff::raft;
using Message = PeerMessage;

inline Payload payload(std::string bytes) { return raft::Payload::of(std::move(bytes)); }

// ---- every field of a message as text, so that two can be compared and a difference read ----

inline std::string show(const LogPosition& at) {
  return " t" + std::to_string(at.term) + "i" + std::to_string(at.index);
}
inline std::string show(const Payload& bytes) { return bytes ? " '" + std::string(*bytes) + "'" : " nothing"; }
inline std::string show(const RequestId& id) {
  return " " + std::to_string(id.incarnation) + "." + std::to_string(id.number);
}
inline std::string show(Time time) { return " " + std::to_string(time.ns()); }
inline std::string show(uint64_t number) { return " " + std::to_string(number); }

inline std::string fields(const PreVoteRequest& m) { return show(m.last) + show(m.round); }
inline std::string fields(const PreVoteReply& m) { return show(m.round) + show(uint64_t{m.granted}); }
inline std::string fields(const VoteRequest& m) { return show(m.last) + show(uint64_t{m.by_transfer}); }
inline std::string fields(const VoteReply& m) { return show(uint64_t{m.granted}); }
inline std::string fields(const AppendEntries& m) {
  std::string text = show(m.previous) + show(m.commit);
  for (const Entry& entry : m.entries) {
    text += show(entry.position) + show(static_cast<uint64_t>(entry.kind)) + show(entry.payload);
  }
  return text;
}
inline std::string fields(const AppendReply& m) {
  return show(uint64_t{m.accepted}) + show(m.match) + show(m.refused) + show(m.hint) + show(m.recovering) +
         show(m.start);
}
inline std::string fields(const Heartbeat& m) {
  return show(m.commit) + show(m.round) + show(m.sent_at) + show(uint64_t{m.takes_writes}) + show(m.recovered) +
         show(m.start) + show(m.forgotten);
}
inline std::string fields(const HeartbeatReply& m) {
  return show(m.round) + show(m.sent_at) + show(m.clock) + show(uint64_t{m.is_full}) + show(m.recovering) +
         show(m.start) + show(m.found.term) + show(m.found.last);
}
inline std::string fields(const InstallSnapshot& m) {
  return show(m.snapshot.position) + show(m.snapshot.configuration);
}
inline std::string fields(const SnapshotAsk& m) { return show(m.position) + show(m.offset); }
inline std::string fields(const SnapshotPiece& m) {
  return show(m.position) + show(m.offset) + show(uint64_t{m.is_last}) + show(m.bytes);
}
inline std::string fields(const TransferRequest& m) { return show(m.to); }
inline std::string fields(const TimeoutNow&) { return ""; }
inline std::string fields(const Removed&) { return ""; }
inline std::string fields(const AdminAttempt& m) {
  return show(m.id) + show(static_cast<uint64_t>(m.request.kind)) + show(m.request.node) + " '" + m.request.address +
         "'";
}
inline std::string fields(const AdminReply& m) {
  return show(m.id) + show(static_cast<uint64_t>(m.outcome)) + " '" + m.reason + "'";
}
inline std::string fields(const StateDigest& m) { return show(m.index) + show(m.digest); }
inline std::string fields(const ForwardProposals& m) {
  std::string text;
  for (const Payload& command : m.commands) text += show(command);
  return text;
}
inline std::string fields(const ReadIndexRequest& m) { return show(m.id); }
inline std::string fields(const ReadIndexReply& m) { return show(m.id) + show(m.index); }

inline std::string show(const Message& message) {
  return show(message.from) + show(message.to) + show(message.term) + " body" + show(uint64_t{message.body.index()}) +
         ":" + std::visit([](const auto& body) { return fields(body); }, message.body);
}

// ---- messages by chance ----

class Some {
 public:
  explicit Some(uint64_t seed) : random_(seed) {}

  Message message(size_t kind) {
    term_ = 1 + random_.below(random_.below(2) == 0 ? 10 : kCountMax);
    return {1 + random_.below(5), 1 + random_.next() % ~uint64_t{0}, term_, body(kind)};
  }

 private:
  PeerMessageBody body(size_t kind) {
    switch (kind) {
      case 0: return PreVoteRequest{position(), random_.next()};
      case 1: return PreVoteReply{random_.next(), flip()};
      case 2: return VoteRequest{position(), flip()};
      case 3: return VoteReply{flip()};
      case 4: return append();
      case 5: return reply();
      case 6:
        return Heartbeat{
            random_.below(kCountMax),           random_.next(), time(), flip(), random_.below(3), random_.next(),
            flip() ? position() : LogPosition{}};
      case 7: return beat_reply();
      case 8: return forward();
      case 9: return ReadIndexRequest{id()};
      case 10: return ReadIndexReply{id(), random_.below(kCountMax)};
      case 11: return InstallSnapshot{{some_position(), bytes(1)}};
      case 12: return TimeoutNow{};
      case 13: return TransferRequest{random_.below(9)};
      case 14: return Removed{};
      case 15: return SnapshotAsk{some_position(), random_.below(kCountMax)};
      case 16: return SnapshotPiece{some_position(), random_.below(kCountMax), flip(), bytes(0)};
      case 17:
        return AdminAttempt{id(),
                            {static_cast<AdminRequest::Kind>(1 + random_.below(5)), 1 + random_.below(9), text()}};
      case 18: return AdminReply{id(), static_cast<AdminReply::Outcome>(1 + random_.below(5)), text()};
      default: return StateDigest{random_.below(kCountMax), random_.next()};
    }
  }
  std::string text() {
    Payload some = bytes(0);
    return some ? std::string(*some) : "";
  }
  LogPosition some_position() { return {1 + random_.below(term_), 1 + random_.below(kCountMax - 100)}; }
  bool flip() { return random_.below(2) == 0; }
  Time time() { return Time::of_ns(random_.next()); }
  RequestId id() { return {1 + random_.below(100), random_.next()}; }
  LogPosition position() {
    if (random_.below(4) == 0) return {};
    return {1 + random_.below(term_), 1 + random_.below(kCountMax - 100)};
  }
  Payload bytes(size_t at_least) {
    size_t size = at_least + random_.below(40);
    std::string text;
    while (text.size() < size) text.push_back(static_cast<char>(random_.below(256)));
    return size == 0 ? nullptr : payload(std::move(text));
  }
  PeerMessageBody append() {
    AppendEntries append{position(), random_.below(kCountMax), {}};
    LogPosition last = append.previous;
    for (uint64_t left = random_.below(6); left > 0; --left) {
      last = {std::max<Term>(last.term, 1) + random_.below(term_ - std::max<Term>(last.term, 1) + 1), last.index + 1};
      auto kind = static_cast<EntryKind>(1 + random_.below(3));
      append.entries.push_back(
          {last, kind, kind == EntryKind::no_op ? nullptr : bytes(kind == EntryKind::configuration)});
    }
    return append;
  }
  PeerMessageBody reply() {
    if (flip())
      return AppendReply{
          .accepted = true, .match = random_.below(kCountMax), .recovering = random_.below(3), .start = random_.next()};
    LogPosition refused = position();
    LogPosition hint;
    if (refused.index > 0 && flip()) hint = {1 + random_.below(refused.term), 1 + random_.below(refused.index)};
    return AppendReply{.refused = refused, .hint = hint};
  }
  PeerMessageBody beat_reply() {
    HeartbeatReply reply{random_.next(), time(), time(), flip(), random_.below(3), random_.next(), {}};
    reply.found = {.term = term_, .last = position()};
    return reply;
  }
  PeerMessageBody forward() {
    ForwardProposals forward;
    for (uint64_t left = 1 + random_.below(5); left > 0; --left) forward.commands.push_back(bytes(1));
    return forward;
  }

  Random random_;
  Term term_ = 0;
};

constexpr size_t kKinds = std::variant_size_v<PeerMessageBody>;

}  // namespace skiff::wire_test

// Messages to frames: one buffer, sized before it is filled, in which Cap'n Proto builds in place, so that a
// payload is copied once.
//
// The sizes are computed by words_*() and used by put(); frame_bytes() promises they are enough, and Cap'n Proto stops
// the process if they are not (encode is noexcept: too small a buffer is our own mistake).
#include <capnp/message.h>
#include <capnp/serialize.h>

#include <limits>
#include <numeric>

#include "raft/check.h"
#include "src/base/bytes.h"
#include "src/base/narrow.h"
#include "transport/peers/peer.capnp.h"
#include "transport/peers/wire.h"

namespace skiff::transport {
namespace {

constexpr size_t kSegmentTableBytes = sizeof(capnp::word);  // one segment: its count less one, its length in words
constexpr size_t kRootPointerWords = 1;
constexpr size_t kListTagWords = 1;

template <class Struct>
constexpr size_t kWords = capnp::sizeInWords<Struct>();

size_t words_of(const raft::Payload& payload) {
  return (bytes_of(payload) + sizeof(capnp::word) - 1) / sizeof(capnp::word);
}

size_t body_words(const raft::PreVoteRequest&) { return kWords<schema::PreVoteRequest>; }
size_t body_words(const raft::PreVoteReply&) { return kWords<schema::PreVoteReply>; }
size_t body_words(const raft::VoteRequest&) { return kWords<schema::VoteRequest>; }
size_t body_words(const raft::VoteReply&) { return kWords<schema::VoteReply>; }
size_t body_words(const raft::AppendReply&) { return kWords<schema::AppendReply>; }
size_t body_words(const raft::Heartbeat&) { return kWords<schema::Heartbeat>; }
size_t body_words(const raft::HeartbeatReply&) { return kWords<schema::HeartbeatReply>; }
size_t body_words(const raft::ReadIndexRequest&) { return kWords<schema::ReadIndexRequest>; }
size_t body_words(const raft::ReadIndexReply&) { return kWords<schema::ReadIndexReply>; }

size_t body_words(const SnapshotAsk&) { return kWords<schema::SnapshotAsk>; }
size_t body_words(const raft::TransferRequest&) { return kWords<schema::TransferRequest>; }
size_t body_words(const StateDigest&) { return kWords<schema::StateDigest>; }
size_t body_words(const raft::TimeoutNow&) { return 0; }
size_t body_words(const raft::Removed&) { return 0; }

size_t words_of(std::string_view text) { return (text.size() + sizeof(capnp::word) - 1) / sizeof(capnp::word); }

size_t body_words(const AdminAttempt& request) {
  return kWords<schema::AdminAttempt> + words_of(request.request.address);
}

size_t body_words(const AdminReply& reply) { return kWords<schema::AdminReply> + words_of(reply.reason); }

size_t body_words(const raft::InstallSnapshot& install) {
  return kWords<schema::InstallSnapshot> + words_of(install.snapshot.configuration);
}

size_t body_words(const SnapshotPiece& piece) { return kWords<schema::SnapshotPiece> + words_of(piece.bytes); }

size_t body_words(const raft::AppendEntries& append) {
  size_t words = kWords<schema::AppendEntries> + kListTagWords;
  for (const raft::Entry& entry : append.entries) words += kWords<schema::Entry> + words_of(entry.payload);
  return words;
}

size_t body_words(const raft::ForwardProposals& forward) {
  size_t words = kWords<schema::ForwardProposals>;
  for (const raft::Payload& command : forward.commands) words += 1 + words_of(command);
  return words;
}

capnp::Data::Reader bytes(const raft::Payload& payload) {
  return {reinterpret_cast<const kj::byte*>(payload->data()), payload->size()};
}

capnp::Data::Reader bytes(std::string_view text) {
  return {reinterpret_cast<const kj::byte*>(text.data()), text.size()};
}

using Body = schema::Message::Body::Builder;

void put(const raft::PreVoteRequest& from, Body body) {
  auto to = body.initPreVoteRequest();
  to.setLastTerm(from.last.term);
  to.setLastIndex(from.last.index);
  to.setRound(from.round);
}

void put(const raft::PreVoteReply& from, Body body) {
  auto to = body.initPreVoteReply();
  to.setRound(from.round);
  to.setGranted(from.granted);
}

void put(const raft::VoteRequest& from, Body body) {
  auto to = body.initVoteRequest();
  to.setLastTerm(from.last.term);
  to.setLastIndex(from.last.index);
  to.setByTransfer(from.by_transfer);
}

void put(const raft::VoteReply& from, Body body) { body.initVoteReply().setGranted(from.granted); }

void put(const raft::AppendEntries& from, Body body) {
  auto to = body.initAppendEntries();
  to.setPreviousTerm(from.previous.term);
  to.setPreviousIndex(from.previous.index);
  to.setCommit(from.commit);
  auto entries = to.initEntries(narrow<unsigned>(from.entries.size()));
  for (unsigned i = 0; i < entries.size(); ++i) {
    const raft::Entry& entry = from.entries[i];
    CHECK(entry.position.index == from.previous.index + 1 + i);  // indexes are not sent: they are consecutive
    entries[i].setTerm(entry.position.term);
    entries[i].setKind(static_cast<uint8_t>(entry.kind));
    if (entry.bytes() > 0) entries[i].setPayload(bytes(entry.payload));
  }
}

void put(const raft::AppendReply& from, Body body) {
  auto to = body.initAppendReply();
  to.setAccepted(from.accepted);
  to.setMatch(from.match);
  to.setRefusedTerm(from.refused.term);
  to.setRefusedIndex(from.refused.index);
  to.setHintTerm(from.hint.term);
  to.setHintIndex(from.hint.index);
  to.setRecovering(from.recovering);
  to.setStart(from.start);
}

void put(const raft::Heartbeat& from, Body body) {
  auto to = body.initHeartbeat();
  to.setCommit(from.commit);
  to.setRound(from.round);
  to.setSentAt(from.sent_at.ns());
  to.setTakesNoWrites(!from.takes_writes);
  to.setRecovered(from.recovered);
  to.setStart(from.start);
  to.setForgottenTerm(from.forgotten.term);
  to.setForgottenIndex(from.forgotten.index);
}

void put(const raft::HeartbeatReply& from, Body body) {
  auto to = body.initHeartbeatReply();
  to.setRound(from.round);
  to.setSentAt(from.sent_at.ns());
  to.setClock(from.clock.ns());
  to.setIsFull(from.is_full);
  to.setRecovering(from.recovering);
  to.setStart(from.start);
  to.setFoundTerm(from.found.term);
  to.setFoundLastTerm(from.found.last.term);
  to.setFoundLastIndex(from.found.last.index);
}

void put(const raft::ForwardProposals& from, Body body) {
  auto commands = body.initForwardProposals().initCommands(narrow<unsigned>(from.commands.size()));
  for (unsigned i = 0; i < commands.size(); ++i) {
    if (bytes_of(from.commands[i]) > 0) commands.set(i, bytes(from.commands[i]));
  }
}

void put(const raft::ReadIndexRequest& from, Body body) {
  auto to = body.initReadIndexRequest();
  to.setIncarnation(from.id.incarnation);
  to.setNumber(from.id.number);
}

void put(const raft::ReadIndexReply& from, Body body) {
  auto to = body.initReadIndexReply();
  to.setIncarnation(from.id.incarnation);
  to.setNumber(from.id.number);
  to.setIndex(from.index);
}

void put(const raft::InstallSnapshot& from, Body body) {
  auto to = body.initInstallSnapshot();
  to.setTerm(from.snapshot.position.term);
  to.setIndex(from.snapshot.position.index);
  if (bytes_of(from.snapshot.configuration) > 0) to.setConfiguration(bytes(from.snapshot.configuration));
}

void put(const SnapshotAsk& from, Body body) {
  auto to = body.initSnapshotAsk();
  to.setTerm(from.position.term);
  to.setIndex(from.position.index);
  to.setOffset(from.offset);
}

void put(const SnapshotPiece& from, Body body) {
  auto to = body.initSnapshotPiece();
  to.setTerm(from.position.term);
  to.setIndex(from.position.index);
  to.setOffset(from.offset);
  to.setIsLast(from.is_last);
  if (bytes_of(from.bytes) > 0) to.setBytes(bytes(from.bytes));
}

void put(const raft::TransferRequest& from, Body body) { body.initTransferRequest().setTo(from.to); }
void put(const raft::TimeoutNow&, Body body) { body.setTimeoutNow(); }
void put(const raft::Removed&, Body body) { body.setRemoved(); }

void put(const AdminAttempt& from, Body body) {
  auto to = body.initAdminAttempt();
  to.setIncarnation(from.id.incarnation);
  to.setNumber(from.id.number);
  to.setKind(static_cast<uint8_t>(from.request.kind));
  to.setNode(from.request.node);
  if (!from.request.address.empty()) to.setAddress(bytes(from.request.address));
}

void put(const AdminReply& from, Body body) {
  auto to = body.initAdminReply();
  to.setIncarnation(from.id.incarnation);
  to.setNumber(from.id.number);
  to.setOutcome(static_cast<uint8_t>(from.outcome));
  if (!from.reason.empty()) to.setReason(bytes(from.reason));
}

void put(const StateDigest& from, Body body) {
  auto to = body.initStateDigest();
  to.setIndex(from.index);
  to.setDigest(from.digest);
}

// A frame with room for `words`, filled by `fill(root)`, cut to what was used.
template <class Root, class Fill>
std::string build_frame(FrameKind kind, size_t words, Fill fill) noexcept {
  constexpr size_t kBefore = kFrameHeaderBytes + kSegmentTableBytes;
  std::string frame(kBefore + words * sizeof(capnp::word), '\0');
  auto* destination = reinterpret_cast<capnp::word*>(&frame[kBefore]);
  CHECK(reinterpret_cast<uintptr_t>(destination) % sizeof(capnp::word) == 0);
  capnp::FlatMessageBuilder builder(kj::arrayPtr(destination, words));
  fill(builder.template initRoot<Root>());
  auto segments = builder.getSegmentsForOutput();
  CHECK(segments.size() == 1);
  std::string table;
  put_number(table, uint32_t{0});
  put_number(table, narrow<uint32_t>(segments[0].size()));
  frame.replace(kFrameHeaderBytes, kSegmentTableBytes, table);
  frame.resize(kBefore + segments[0].size() * sizeof(capnp::word));
  seal(frame, kind);
  return frame;
}

size_t message_words(const PeerMessage& message) {
  return kRootPointerWords + kWords<schema::Message> +
         std::visit([](const auto& body) { return body_words(body); }, message.body);
}

}  // namespace

size_t frame_bytes(const PeerMessage& message) {
  return kFrameHeaderBytes + kSegmentTableBytes + message_words(message) * sizeof(capnp::word);
}

std::string encode(const PeerMessage& message) {
  CHECK(frame_bytes(message) <= kFrameBytesMax);
  return build_frame<schema::Message>(FrameKind::message, message_words(message), [&](schema::Message::Builder root) {
    root.setFrom(message.from);
    root.setTo(message.to);
    root.setTerm(message.term);
    std::visit([&](const auto& body) { put(body, root.getBody()); }, message.body);
  });
}

std::string encode(const Greeting& greeting) {
  CHECK(greeting.address.size() <= kAddressBytesMax);
  CHECK(greeting.known.size() <= kKnownDataDirsMax);
  const size_t known_words =
      greeting.known.empty() ? 0 : kListTagWords + greeting.known.size() * kWords<schema::DataDir>;
  const size_t words = kRootPointerWords + kWords<schema::Greeting> + words_of(greeting.address) + known_words;
  return build_frame<schema::Greeting>(FrameKind::greeting, words, [&](schema::Greeting::Builder root) {
    root.setProtocol(greeting.protocol);
    root.setCluster(greeting.cluster);
    root.setFrom(greeting.from);
    root.setTo(greeting.to);
    root.setIncarnation(greeting.incarnation);
    root.setDataDirId(greeting.data_dir_id);
    if (!greeting.address.empty()) root.setAddress(bytes(greeting.address));
    root.setProcess(greeting.process);
    root.setPort(greeting.port);
    if (greeting.known.empty()) return;
    auto known = root.initKnownDataDirs(narrow<unsigned>(greeting.known.size()));
    unsigned at = 0;
    for (const auto& [node, number] : greeting.known) {
      known[at].setNode(node);
      known[at++].setNumber(number);
    }
  });
}

std::string encode(const JoinRequest& join_request) {
  constexpr size_t kJoinRequestWords = kRootPointerWords + kWords<schema::JoinRequest>;
  return build_frame<schema::JoinRequest>(FrameKind::join_request, kJoinRequestWords,
                                          [&](schema::JoinRequest::Builder root) {
                                            root.setProtocol(join_request.protocol);
                                            root.setFrom(join_request.from);
                                          });
}

std::string encode(const JoinReply& join_reply) {
  size_t words = kRootPointerWords + kWords<schema::JoinReply> + kListTagWords;
  for (const JoinReply::Member& member : join_reply.members) words += kWords<schema::Member> + words_of(member.address);
  return build_frame<schema::JoinReply>(FrameKind::join_reply, words, [&](schema::JoinReply::Builder root) {
    root.setProtocol(join_reply.protocol);
    root.setCluster(join_reply.cluster);
    auto members = root.initMembers(narrow<unsigned>(join_reply.members.size()));
    for (unsigned i = 0; i < members.size(); ++i) {
      members[i].setId(join_reply.members[i].id);
      if (!join_reply.members[i].address.empty()) members[i].setAddress(bytes(join_reply.members[i].address));
    }
  });
}

std::string encode(Refusal refusal, const std::string& address) {
  CHECK(address.size() <= kAddressBytesMax);
  const size_t words = kRootPointerWords + kWords<schema::Refusal> + words_of(address);
  return build_frame<schema::Refusal>(FrameKind::refusal, words, [&](schema::Refusal::Builder root) {
    root.setReason(static_cast<uint16_t>(refusal));
    if (!address.empty()) root.setAddress(bytes(address));
  });
}

}  // namespace skiff::transport

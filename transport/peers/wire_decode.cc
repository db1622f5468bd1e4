// Frames to messages, with every field checked.
//
// Cap'n Proto validates while it is read and throws; conditions that it cannot know (a node is not 0, terms never
// fall) are required here, and throw as well, so that the code that reads a message has no error paths. read() catches
// both kinds of exception and returns an Error.
//
// The traversal limit is the frame's own size, so pointers that share a payload cannot make a small frame large. (One
// word more, since Cap'n Proto counts the root pointer twice.)
#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <algorithm>
#include <vector>

#include "src/base/bytes.h"
#include "transport/peers/peer.capnp.h"
#include "transport/peers/wire.h"

namespace skiff::transport {
namespace {

constexpr size_t kWordBytes = sizeof(capnp::word);
static_assert(kWordBytes == sizeof(uint64_t));
constexpr int kNestingMax = 8;  // the schema nests four deep

struct Malformed {
  const char* what;
};

void require(bool holds, const char* otherwise) {
  if (!holds) throw Malformed{otherwise};
}

uint64_t count(uint64_t number, const char* otherwise) {
  require(number <= kCountMax, otherwise);
  return number;
}

// A position in the log of a node whose term is `limit`.
raft::LogPosition position(uint64_t term, uint64_t index, raft::Term limit) {
  require(term <= limit, "a position of a later term than the message's");
  count(index, "an index out of range");
  require((term == 0) == (index == 0), "a position that is half zero");
  return {term, index};
}

raft::RequestId request_id(uint64_t incarnation, uint64_t number) {
  require(incarnation != 0, "a request without an incarnation");
  return {incarnation, number};
}

raft::Payload payload(capnp::Data::Reader bytes) {
  if (bytes.size() == 0) return nullptr;
  return raft::Payload::of({reinterpret_cast<const char*>(bytes.begin()), bytes.size()});
}

raft::PreVoteRequest get(schema::PreVoteRequest::Reader from, raft::Term term) {
  return {.last = position(from.getLastTerm(), from.getLastIndex(), term), .round = from.getRound()};
}

raft::PreVoteReply get(schema::PreVoteReply::Reader from, raft::Term) {
  return {.round = from.getRound(), .granted = from.getGranted()};
}

raft::VoteRequest get(schema::VoteRequest::Reader from, raft::Term term) {
  require(term > 0, "a vote at term 0");
  return {.last = position(from.getLastTerm(), from.getLastIndex(), term), .by_transfer = from.getByTransfer()};
}

raft::VoteReply get(schema::VoteReply::Reader from, raft::Term term) {
  require(term > 0, "a vote at term 0");
  return {.granted = from.getGranted()};
}

raft::Entry entry(schema::Entry::Reader from, raft::LogPosition before, raft::Term limit) {
  raft::LogPosition here = position(from.getTerm(), before.index + 1, limit);
  require(here.term >= before.term, "an entry of an earlier term than the one before it");
  auto kind = static_cast<raft::EntryKind>(from.getKind());
  require(kind >= raft::EntryKind::no_op && kind <= raft::EntryKind::configuration, "an entry of no known kind");
  raft::Payload bytes = payload(from.getPayload());
  require(kind != raft::EntryKind::no_op || bytes == nullptr, "a no-op with a payload");
  require(kind != raft::EntryKind::configuration || bytes != nullptr, "members, but none of them");
  return {here, kind, std::move(bytes)};
}

raft::AppendEntries get(schema::AppendEntries::Reader from, raft::Term term) {
  require(term > 0, "entries from term 0");
  raft::AppendEntries append;
  append.previous = position(from.getPreviousTerm(), from.getPreviousIndex(), term);
  append.commit = count(from.getCommit(), "a commit index out of range");
  auto entries = from.getEntries();
  raft::LogPosition last = append.previous;
  for (schema::Entry::Reader next : entries) {
    append.entries.push_back(entry(next, last, term));
    last = append.entries.back().position;
  }
  return append;
}

raft::AppendReply get(schema::AppendReply::Reader from, raft::Term term) {
  require(term > 0, "an answer from term 0");
  raft::AppendReply reply;
  reply.accepted = from.getAccepted();
  reply.match = count(from.getMatch(), "a match index out of range");
  reply.refused = position(from.getRefusedTerm(), from.getRefusedIndex(), term);
  reply.hint = position(from.getHintTerm(), from.getHintIndex(), term);
  require(reply.hint.term <= reply.refused.term, "a hint of a later term than what was refused");
  require(reply.hint.index <= reply.refused.index, "a hint beyond what was refused");
  reply.recovering = from.getRecovering();
  reply.start = from.getStart();
  return reply;
}

raft::Heartbeat get(schema::Heartbeat::Reader from, raft::Term term) {
  require(term > 0, "a heartbeat from term 0");
  return {.commit = count(from.getCommit(), "a commit index out of range"),
          .round = from.getRound(),
          .sent_at = raft::Time::of_ns(from.getSentAt()),
          .takes_writes = !from.getTakesNoWrites(),
          .recovered = from.getRecovered(),
          .start = from.getStart(),
          .forgotten = position(from.getForgottenTerm(), from.getForgottenIndex(), term)};
}

raft::HeartbeatReply get(schema::HeartbeatReply::Reader from, raft::Term term) {
  require(term > 0, "an answer from term 0");
  return {.round = from.getRound(),
          .sent_at = raft::Time::of_ns(from.getSentAt()),
          .clock = raft::Time::of_ns(from.getClock()),
          .is_full = from.getIsFull(),
          .recovering = from.getRecovering(),
          .start = from.getStart(),
          .found = {.term = from.getFoundTerm(),
                    .last = position(from.getFoundLastTerm(), from.getFoundLastIndex(), from.getFoundTerm())}};
}

raft::ForwardProposals get(schema::ForwardProposals::Reader from, raft::Term term) {
  require(term > 0, "proposals from term 0");
  raft::ForwardProposals forward;
  for (capnp::Data::Reader command : from.getCommands()) {
    forward.commands.push_back(payload(command));
    require(forward.commands.back() != nullptr, "an empty proposal");
  }
  require(!forward.commands.empty(), "proposals, but none of them");
  return forward;
}

raft::ReadIndexRequest get(schema::ReadIndexRequest::Reader from, raft::Term term) {
  require(term > 0, "a read from term 0");
  return {.id = request_id(from.getIncarnation(), from.getNumber())};
}

raft::ReadIndexReply get(schema::ReadIndexReply::Reader from, raft::Term term) {
  require(term > 0, "an answer from term 0");
  return {.id = request_id(from.getIncarnation(), from.getNumber()),
          .index = count(from.getIndex(), "a read index out of range")};
}

template <class Reader>
raft::LogPosition snapshot_position(Reader from, raft::Term term) {
  require(from.getTerm() > 0, "a snapshot of nothing");
  return position(from.getTerm(), from.getIndex(), term);
}

raft::InstallSnapshot get(schema::InstallSnapshot::Reader from, raft::Term term) {
  raft::SnapshotMark snapshot{.position = snapshot_position(from, term),
                              .configuration = payload(from.getConfiguration())};
  require(snapshot.configuration != nullptr, "a snapshot without members");
  return {.snapshot = std::move(snapshot)};
}

SnapshotAsk get(schema::SnapshotAsk::Reader from, raft::Term term) {
  return {.position = snapshot_position(from, term), .offset = count(from.getOffset(), "an offset out of range")};
}

SnapshotPiece get(schema::SnapshotPiece::Reader from, raft::Term term) {
  return {.position = snapshot_position(from, term),
          .offset = count(from.getOffset(), "an offset out of range"),
          .is_last = from.getIsLast(),
          .bytes = payload(from.getBytes())};
}

raft::TransferRequest get(schema::TransferRequest::Reader from, raft::Term term) {
  require(term > 0, "a transfer request at term 0");
  return {.to = from.getTo()};
}

std::string text(capnp::Data::Reader bytes, size_t bytes_max, const char* otherwise) {
  require(bytes.size() <= bytes_max, otherwise);
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

AdminAttempt get(schema::AdminAttempt::Reader from, raft::Term) {
  AdminRequest order{.kind = static_cast<AdminRequest::Kind>(from.getKind()),
                     .node = from.getNode(),
                     .address = text(from.getAddress(), kAddressBytesMax, "an address too long")};
  require(order.kind >= AdminRequest::Kind::add && order.kind <= AdminRequest::Kind::leave,
          "an admin request of no known kind");
  require(order.node != 0, "an admin request about node 0");
  return {.id = request_id(from.getIncarnation(), from.getNumber()), .request = std::move(order)};
}

AdminReply get(schema::AdminReply::Reader from, raft::Term) {
  using Outcome = AdminReply::Outcome;
  auto outcome = static_cast<Outcome>(from.getOutcome());
  require(outcome >= Outcome::done && outcome <= Outcome::unknown, "an outcome of no known kind");
  return {.id = request_id(from.getIncarnation(), from.getNumber()),
          .outcome = outcome,
          .reason = text(from.getReason(), kReasonBytesMax, "a reason too long")};
}

StateDigest get(schema::StateDigest::Reader from, raft::Term) {
  return {.index = count(from.getIndex(), "an index out of range"), .digest = from.getDigest()};
}

// A message without fields.
template <class Said>
Said said(raft::Term term) {
  require(term > 0, "a message of a leader at term 0");
  return {};
}

PeerMessageBody body(schema::Message::Body::Reader from, raft::Term term) {
  using Body = schema::Message::Body;
  switch (from.which()) {
    case Body::PRE_VOTE_REQUEST: return get(from.getPreVoteRequest(), term);
    case Body::PRE_VOTE_REPLY: return get(from.getPreVoteReply(), term);
    case Body::VOTE_REQUEST: return get(from.getVoteRequest(), term);
    case Body::VOTE_REPLY: return get(from.getVoteReply(), term);
    case Body::APPEND_ENTRIES: return get(from.getAppendEntries(), term);
    case Body::APPEND_REPLY: return get(from.getAppendReply(), term);
    case Body::HEARTBEAT: return get(from.getHeartbeat(), term);
    case Body::HEARTBEAT_REPLY: return get(from.getHeartbeatReply(), term);
    case Body::FORWARD_PROPOSALS: return get(from.getForwardProposals(), term);
    case Body::READ_INDEX_REQUEST: return get(from.getReadIndexRequest(), term);
    case Body::READ_INDEX_REPLY: return get(from.getReadIndexReply(), term);
    case Body::INSTALL_SNAPSHOT: return get(from.getInstallSnapshot(), term);
    case Body::SNAPSHOT_ASK: return get(from.getSnapshotAsk(), term);
    case Body::SNAPSHOT_PIECE: return get(from.getSnapshotPiece(), term);
    case Body::TIMEOUT_NOW: return said<raft::TimeoutNow>(term);
    case Body::TRANSFER_REQUEST: return get(from.getTransferRequest(), term);
    case Body::REMOVED: return said<raft::Removed>(term);
    case Body::ADMIN_ATTEMPT: return get(from.getAdminAttempt(), term);
    case Body::ADMIN_REPLY: return get(from.getAdminReply(), term);
    case Body::STATE_DIGEST: return get(from.getStateDigest(), term);
  }
  throw Malformed{"a message of no known kind"};
}

PeerMessage root(schema::Message::Reader from) {
  PeerMessage message;
  message.from = from.getFrom();
  message.to = from.getTo();
  require(message.from != 0 && message.to != 0, "a message from or to node 0");
  message.term = count(from.getTerm(), "a term out of range");
  message.body = body(from.getBody(), message.term);
  return message;
}

// If the protocol is not ours, PeerListener and PeerLink ignore the other fields.
Greeting root(schema::Greeting::Reader from) {
  Greeting greeting{from.getProtocol(),
                    from.getCluster(),
                    from.getFrom(),
                    from.getTo(),
                    from.getIncarnation(),
                    from.getDataDirId(),
                    text(from.getAddress(), kAddressBytesMax, "an address too long")};
  require(greeting.from != 0 && greeting.to != 0, "a greeting from or to node 0");
  greeting.process = from.getProcess();
  greeting.port = from.getPort();
  auto known = from.getKnownDataDirs();
  require(known.size() <= kKnownDataDirsMax, "more data directories than a cluster can have");
  for (schema::DataDir::Reader one : known) {
    require(one.getNode() != 0 && one.getNumber() != 0, "a data directory of node 0");
    greeting.known.emplace(one.getNode(), one.getNumber());
  }
  return greeting;
}

JoinRequest root(schema::JoinRequest::Reader from) {
  JoinRequest join_request{from.getProtocol(), from.getFrom()};
  require(join_request.from != 0, "a join request of node 0");
  return join_request;
}

// The protocol is handled as in a greeting.
JoinReply root(schema::JoinReply::Reader from) {
  JoinReply join_reply{from.getProtocol(), from.getCluster(), {}};
  auto members = from.getMembers();
  require(members.size() <= kJoinReplyMembersMax, "more members than a cluster can have");
  for (schema::Member::Reader member : members) {
    require(member.getId() != 0, "a member with id 0");
    join_reply.members.push_back({member.getId(), text(member.getAddress(), kAddressBytesMax, "an address too long")});
  }
  return join_reply;
}

struct RefusalFields {
  Refusal reason;
  std::string address;
};

RefusalFields root(schema::Refusal::Reader from) {
  auto reason = static_cast<Refusal>(from.getReason());
  require(reason >= Refusal::other_cluster && reason <= Refusal::running_twice, "a refusal for no known reason");
  return {reason, text(from.getAddress(), kAddressBytesMax, "an address too long")};
}

// The only segment of the message, aligned; `copy` owns it if the body was not aligned.
kj::ArrayPtr<const capnp::word> segment(std::string_view bytes, std::vector<uint64_t>& copy) {
  ByteReader table(bytes);
  require(table.number<uint32_t>() == 0, "a message of more than one segment");
  uint64_t words = table.number<uint32_t>();
  require(table.ok(), "a message without its length");
  std::string_view rest = table.rest();
  require(words * kWordBytes == rest.size(), "a message shorter or longer than its frame");
  if (reinterpret_cast<uintptr_t>(rest.data()) % kWordBytes == 0) {
    return {reinterpret_cast<const capnp::word*>(rest.data()), words};
  }
  copy.resize(words);
  std::copy(rest.begin(), rest.end(), reinterpret_cast<char*>(copy.data()));
  return {reinterpret_cast<const capnp::word*>(copy.data()), words};
}

template <class Root>
auto read(const Frame& frame, FrameKind kind) -> Result<decltype(root(std::declval<typename Root::Reader>()))> {
  try {
    require(frame.kind == kind, "not the kind of frame that was due");
    std::vector<uint64_t> copy;
    kj::ArrayPtr<const capnp::word> words = segment(frame.body, copy);
    capnp::ReaderOptions limits{.traversalLimitInWords = words.size() + 1, .nestingLimit = kNestingMax};
    capnp::SegmentArrayMessageReader reader(kj::arrayPtr(&words, 1), limits);
    return root(reader.getRoot<Root>());
  } catch (const Malformed& malformed) {
    return fail(Error::Code::corrupt, std::string("frame: ") + malformed.what);
  } catch (const kj::Exception& malformed) {
    return fail(Error::Code::corrupt, std::string("frame: ") + malformed.getDescription().cStr());
  }
}

}  // namespace

Result<PeerMessage> decode_message(const Frame& frame) { return read<schema::Message>(frame, FrameKind::message); }
Result<Greeting> decode_greeting(const Frame& frame) { return read<schema::Greeting>(frame, FrameKind::greeting); }
Result<JoinRequest> decode_join_request(const Frame& frame) {
  return read<schema::JoinRequest>(frame, FrameKind::join_request);
}
Result<JoinReply> decode_join_reply(const Frame& frame) {
  return read<schema::JoinReply>(frame, FrameKind::join_reply);
}
Result<Refusal> decode_refusal(const Frame& frame) {
  auto fields = read<schema::Refusal>(frame, FrameKind::refusal);
  if (!fields) return tl::unexpected(fields.error());
  return fields->reason;
}
Result<std::string> decode_refusal_address(const Frame& frame) {
  auto fields = read<schema::Refusal>(frame, FrameKind::refusal);
  if (!fields) return tl::unexpected(fields.error());
  return std::move(fields->address);
}

}  // namespace skiff::transport

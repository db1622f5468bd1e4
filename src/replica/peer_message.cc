#include "src/replica/peer_message.h"

#include "raft/describe.h"

namespace skiff {
namespace {

std::string number(uint64_t value) { return std::to_string(value); }

std::string line(const SnapshotAsk& ask) {
  return "snapshot " + raft::describe(ask.position) + " from byte " + number(ask.offset) + '?';
}

std::string line(const SnapshotPiece& piece) {
  std::string head = "snapshot " + raft::describe(piece.position);
  if (!piece.bytes) return head + " is not here";
  return head + " from byte " + number(piece.offset) + ": " + number(piece.bytes->size()) +
         (piece.is_last ? " bytes, the last" : " bytes");
}

std::string line(const AdminAttempt& attempt) {
  constexpr const char* kWords[] = {"?", "add ", "remove ", "move ", "let lead ", "let leave "};
  const AdminRequest& request = attempt.request;
  return "admin request " + raft::describe(attempt.id) + ": " + kWords[static_cast<size_t>(request.kind)] +
         number(request.node) + (request.address.empty() ? "" : " at " + request.address);
}

std::string line(const AdminReply& reply) {
  constexpr const char* kWords[] = {"?", "done", "no such member", "conflict", "not now", "unknown"};
  return "reply to admin request " + raft::describe(reply.id) + ' ' + kWords[static_cast<size_t>(reply.outcome)] +
         (reply.reason.empty() ? "" : ": " + reply.reason);
}

std::string line(const StateDigest& state) {
  return "state at " + number(state.index) + " sums up to " + number(state.digest);
}

}  // namespace

std::string describe(const PeerMessage& message) {
  return std::visit(
      [&](const auto& body) -> std::string {
        if constexpr (requires { line(body); }) {
          return number(message.from) + '>' + number(message.to) + " t" + number(message.term) + ' ' + line(body);
        } else {
          return raft::describe(raft::Message{message.from, message.to, message.term, body});
        }
      },
      message.body);
}

}  // namespace skiff

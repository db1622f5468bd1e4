// PeerMessage: all messages between nodes: the core's own (raft/message.h), and those of the replica around it, which
// the core never sees.
//
// Like the core's, these may be lost, repeated, delayed and reordered, and are believed no further than their fields
// prove. The transport knows this header and turns each message into a frame and back (transport/peers/wire.h).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "raft/message.h"
#include "raft/types.h"

namespace skiff {

// The transfer of a snapshot (InstallSnapshot names it), piece by piece, as fast as the node that lacks it asks.
struct SnapshotAsk {
  raft::LogPosition position;  // of the snapshot
  uint64_t offset = 0;         // how many bytes of it are there already
};
struct SnapshotPiece {
  raft::LogPosition position;
  uint64_t offset = 0;
  bool is_last = false;
  raft::Payload bytes;  // none: that snapshot is not here (any more)
};

// An operator's request: a change of the members, or a transfer of leadership. A follower forwards it to the leader and
// is told how it ended (src/replica/admin_requests.h). Repeating one does no harm.
struct AdminRequest {
  enum class Kind : uint8_t {
    add = 1,
    remove = 2,
    move = 3,
    lead = 4,
    leave = 5,  // from the leader to a member that is about to be removed: take nothing new, and say when nothing waits
  };
  Kind kind = Kind::add;
  raft::NodeId node = 0;  // the member to add, remove, move to another address, or hand leadership to
  std::string address;    // of add and move
  bool operator==(const AdminRequest&) const = default;
};
struct AdminAttempt {
  raft::RequestId id;  // of this attempt: the same request asked again has another
  AdminRequest request;
};
struct AdminReply {
  enum class Outcome : uint8_t {
    done = 1,
    not_found = 2,  // there is no such member; nothing was done
    conflict = 3,   // it cannot be done as things are; nothing was done
    not_now = 4,    // nothing was done, and by this attempt nothing will be: a later one may do it
    unknown = 5,    // leadership was lost on the way: it may or may not come true
  };
  raft::RequestId id;
  Outcome outcome = Outcome::done;
  std::string reason;
};

// The digest of the sender's state when everything up to `index` is applied (src/replica/digests.h).
struct StateDigest {
  raft::Index index = 0;
  uint64_t digest = 0;
};

template <class Core, class... Own>
struct JoinedBodies;
template <class... Core, class... Own>
struct JoinedBodies<std::variant<Core...>, Own...> {
  using type = std::variant<Core..., Own...>;
};
using PeerMessageBody =
    JoinedBodies<raft::MessageBody, SnapshotAsk, SnapshotPiece, AdminAttempt, AdminReply, StateDigest>::type;

struct PeerMessage {
  raft::NodeId from = 0;
  raft::NodeId to = 0;
  raft::Term term = 0;  // the sender's
  PeerMessageBody body;
};

// A message of the core's, on its way out.
inline PeerMessage for_peer(raft::Message&& message) {
  return std::visit(
      [&](auto&& body) {
        return PeerMessage{message.from, message.to, message.term, std::forward<decltype(body)>(body)};
      },
      std::move(message.body));
}

// As in raft/describe.h.
std::string describe(const PeerMessage& message);

}  // namespace skiff

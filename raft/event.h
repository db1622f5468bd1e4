// Event: everything that can happen to a node. The time comes in beside each event.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "raft/membership.h"
#include "raft/message.h"
#include "raft/types.h"

namespace skiff::raft {

// Nothing but time. Due at Raft::next_deadline().
struct TimePassed {};

struct Received {
  Message message;
};

// Writes of this node's clients, in order. If one is refused (Effects::refused), so are all that follow it.
struct Proposed {
  struct Proposal {
    uint64_t id = 0;  // unique per process; comes back when refused
    Payload command;
  };
  std::vector<Proposal> proposals;
};

// Everything up to and including the Effects with this `save` number is on disk.
struct Persisted {
  uint64_t save = 0;
};

// How many bytes of log a full disk still has space for, as of the last Persisted. Repeated while the disk is full;
// once without a value when it has enough space again.
struct SpaceReported {
  std::optional<uint64_t> bytes_left;
};

// A client of this node wants to read. Comes back in Effects::reads or Effects::refused_reads with the same id.
struct ReadAsked {
  RequestId id;  // greater than any before
};

// The process of that node is gone: its connection broke and a new one was refused. Unlike silence, this needs no
// timeout.
struct PeerGone {
  NodeId node = 0;
};

// Our store has made a snapshot up to this index, and it is on disk. The log may forget the entries up to `forget_to`,
// which is at most `index`; the rest is kept for followers that are only a little behind.
struct SnapshotTaken {
  Index index = 0;
  Index forget_to = 0;
};
// The snapshot that Effects::fetch asked for is complete, and on our disk.
struct SnapshotArrived {
  SnapshotMark snapshot;
};

// Our store has applied a write that a later process of this node had accepted: our disk has gone back to an older
// state.
struct WentBack {};

// Requests of the operator. Each ends in Effects::admin_results, with the same id, unique per process.
struct ChangeAsked {
  uint64_t id = 0;
  std::vector<Change> changes;  // all of them at once
};
struct TransferAsked {
  uint64_t id = 0;
  NodeId to = 0;  // 0: to any voter that can lead
};

using Event = std::variant<TimePassed, Received, Proposed, Persisted, ReadAsked, PeerGone, SnapshotTaken,
                           SnapshotArrived, WentBack, ChangeAsked, TransferAsked, SpaceReported>;

}  // namespace skiff::raft

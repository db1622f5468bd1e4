// Environment: what a replica asks of the world. The shell (src/node) gives it sockets and a disk; tests give it
// numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "raft/effects.h"
#include "raft/types.h"
#include "src/base/ticket.h"
#include "src/replica/peer_message.h"
#include "store/state/kv.h"

namespace skiff {

// Bytes of a snapshot, for the disk.
struct SnapshotBytes {
  raft::SnapshotMark mark;  // of which
  uint64_t offset = 0;      // 0 begins anew, whatever was begun before; else, where the last ended
  raft::Payload bytes;
  bool is_last = false;     // with these it is whole: make it durable, and remove what is older than the last two
  bool is_fetched = false;  // it comes from another node: read it back first
};
struct SnapshotWritten {
  raft::SnapshotMark mark;
  uint64_t end = 0;  // the offset behind what was written
  bool is_last = false;
  bool is_fetched = false;
  bool has_failed = false;          // no room, or it is not what it should be: it was given up
  std::optional<store::Kv> loaded;  // what a fetched one holds
};

// The end of an operator's order.
struct AdminAnswer {
  enum class Kind {
    done,
    not_found,  // there is no such member
    conflict,   // it cannot be done as things are; `reason` says what to do instead
    refused,    // nothing was done, and nothing ever will be: it may be given again
    unknown,    // it may or may not come true
  };
  Kind kind = Kind::done;
  AdminRequest request;
  std::string reason;
};

// A member that was added, and that nobody heard of in time.
struct Withdrawn {
  raft::NodeId node = 0;
  std::string address;
};

class Environment {
 public:
  virtual ~Environment() = default;

  // May be lost. Never calls back into the replica.
  virtual void send(PeerMessage&& message) = 0;
  // Make this durable, in the order of the calls and the arguments; then Replica::persisted(save). After a restart the
  // log begins anew behind this position, which a snapshot on disk reaches. Whole: what was noted of damage is over.
  virtual void persist(uint64_t save, std::optional<raft::HardState> hard_state,
                       std::optional<raft::LogPosition> restart, bool is_intact, std::vector<raft::Entry> entries) = 0;
  // There are entries to apply, and there were none before: call Replica::apply_some() later, before the loop waits
  // again. Never calls back at once.
  virtual void committed() = 0;

  // A block of a snapshot is about to be made, and is handed over by write_snapshot(): the loop's time for it.
  virtual void block_begins() {}
  // In the order of the calls, but as slow as need be; then Replica::snapshot_written(). Never calls back at once.
  virtual void write_snapshot(SnapshotBytes bytes) = 0;
  // Then Replica::snapshot_read(), with no bytes if there is no such snapshot. Never calls back at once.
  virtual void read_snapshot(raft::NodeId for_node, raft::LogPosition position, uint64_t offset) = 0;

  // A map that nobody needs any more. Taking it apart may take a while.
  virtual void drop(store::Kv kv) = 0;

  // An order of a client (Replica::order) has ended.
  virtual void admin_answered(const Ticket& ticket, AdminAnswer answer) = 0;
  // This node leads, and has withdrawn it.
  virtual void withdrawn(const Withdrawn& member) = 0;
  // An order of the shell (Replica::change_members, hand_over) has ended.
  virtual void admin_ended(const raft::AdminResult& end) = 0;
  // Raft::configuration() is another one now: talk to those it names.
  virtual void members_changed() = 0;
  // Another node has applied the same, and has another state; a majority has, if we are outvoted: then we are wrong,
  // and must stop.
  virtual void state_differs(raft::NodeId other, raft::Index index, bool is_outvoted) = 0;
  // This node leads, and a follower comes back with less on its disk than it had acknowledged.
  virtual void peer_forgot(const raft::ForgetfulPeer& peer) = 0;
  // The same of this node. Note durably that its log is damaged, then start again: as this process it may name writes
  // as an older one did. Never calls back at once.
  virtual void forgot(const raft::Forgotten& forgotten) = 0;
  // This node is no member any more, for good: stop, when what waits has been answered.
  virtual void removed() = 0;
};

}  // namespace skiff

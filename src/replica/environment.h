// Environment: what a replica asks of the world, apart from the doors that it answers (src/replica/request.h). The
// shell (src/node) gives it sockets and a disk; tests give it numbers.
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
  bool is_last = false;     // it is complete with these: make it durable, and remove all but the last two
  bool is_fetched = false;  // it comes from another node: read it back first
};
struct SnapshotWritten {
  raft::SnapshotMark mark;
  uint64_t end = 0;  // the offset behind what was written
  bool is_last = false;
  bool is_fetched = false;
  bool has_failed = false;          // the disk is full, or it is not what it should be: it was given up
  std::optional<store::Kv> loaded;  // the map in a fetched one
};

// The end of an operator's request.
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

// A member that was added, and that the leader did not hear of in time.
struct Withdrawn {
  raft::NodeId node = 0;
  std::string address;
};

class Environment {
 public:
  virtual ~Environment() = default;

  // May be lost. Never calls back into the replica.
  virtual void send(PeerMessage&& message) = 0;
  // Make this durable, in the order of the calls and the arguments; then call Replica::persisted(save). With `restart`
  // the log begins anew behind this position, which a snapshot on disk reaches. With `is_intact` the note that the log
  // is damaged is void.
  virtual void persist(uint64_t save, std::optional<raft::HardState> hard_state,
                       std::optional<raft::LogPosition> restart, bool is_intact, std::vector<raft::Entry> entries) = 0;
  // There are entries to apply, and there were none before: call Replica::apply_some() later, before the loop waits
  // again. Never calls back at once.
  virtual void committed() = 0;

  // A block of a snapshot is about to be made, and is handed over by write_snapshot(): for measuring its time.
  virtual void block_begins() {}
  // In the order of the calls, but as slow as need be; then Replica::snapshot_written(). Never calls back at once.
  virtual void write_snapshot(SnapshotBytes bytes) = 0;
  // Then Replica::snapshot_read(), with no bytes if there is no such snapshot. Never calls back at once.
  virtual void read_snapshot(raft::NodeId for_node, raft::LogPosition position, uint64_t offset) = 0;

  // A map that is not needed any more. Taking it apart may take a while.
  virtual void drop(store::Kv kv) = 0;

  // An operator's request (Replica::ask_admin) has ended.
  virtual void admin_answered(const Ticket& ticket, AdminAnswer answer) = 0;
  // This node leads, and has withdrawn this member.
  virtual void withdrawn(const Withdrawn& member) = 0;
  // A change of the shell's (Replica::change_members, hand_over) has ended.
  virtual void admin_ended(const raft::AdminResult& end) = 0;
  // Raft::configuration() is another one now: connect to the members that it names.
  virtual void members_changed() = 0;
  // Another node has applied the same entries and has another state. `is_outvoted`: a majority has that state, so this
  // node is wrong and must stop.
  virtual void state_differs(raft::NodeId other, raft::Index index, bool is_outvoted) = 0;
  // This node leads, and a follower comes back with less on its disk than it had acknowledged.
  virtual void peer_forgot(const raft::ForgetfulPeer& peer) = 0;
  // This node comes back with less on its disk than it had acknowledged. Note durably that its log is damaged, then
  // start again: this process may give its writes the names of an older process's writes. Never calls back at once.
  virtual void forgot(const raft::Forgotten& forgotten) = 0;
  // This node is no member any more, for good: stop once the waiting requests have been answered.
  virtual void removed() = 0;
};

}  // namespace skiff

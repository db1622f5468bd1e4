// Effects: everything that must now be done. The order of the fields is the order of doing.
//
// Several steps may share one take_effects(), and thereby one save: group commit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "raft/membership.h"
#include "raft/message.h"
#include "raft/types.h"

namespace skiff::raft {

struct ConfirmedRead {
  RequestId id;
  Index index = 0;
};

// How a request of the operator ended.
struct AdminResult {
  enum class Kind {
    done,
    refused,  // nothing was done, and nothing will be; `reason` says why
    unknown,  // leadership was lost meanwhile: it may or may not take effect
    passed,   // on to the leader, which reports nothing back
  };
  uint64_t id = 0;
  Kind kind = Kind::done;
  std::string reason;
  bool is_transient = false;  // refused for a reason that passes by itself: the same request may succeed later
};

// Fetch this snapshot from that node. Repeated as long as it is wanted; a later one replaces it.
struct Fetch {
  NodeId from = 0;
  SnapshotMark snapshot;
};

// Our own disk has gone back to an older state (raft/starts.cc).
struct Forgotten {
  NodeId by = 0;             // the leader that found out; 0: we found out ourselves
  LogPosition acknowledged;  // the end of the log that this node had acknowledged, in the term of that leader
};
// The disk of a follower has gone back, as this leader found out.
struct ForgetfulPeer {
  NodeId node = 0;
  LogPosition acknowledged;
  Found found;
};

struct Effects {
  std::vector<Message> messages;        // send at once: they promise nothing about our disk
  uint64_t save = 0;                    // not 0: there is something to make durable, in the order of these numbers;
                                        // say so with Persisted{save}
  std::optional<HardState> hard_state;  // make durable, together with
  std::optional<LogPosition> restart;   // this: all entries are void, the log begins anew behind the snapshot that
                                        // arrived with this position; and the store becomes what that snapshot holds
  bool is_intact = false;               // and this: the node has recovered, and its log no longer counts as damaged
  std::vector<Entry> entries;           // and these. An entry replaces what the log holds at its index and behind it.
  std::vector<Message> messages_once_durable;  // votes and acks: only once everything up to `save` is on disk
  std::vector<Entry> committed;                // apply in this order
  std::vector<ConfirmedRead> reads;            // answer once applied >= index
  std::vector<RequestId> refused_reads;        // cannot be confirmed now: no leader, or leadership lost
  std::vector<uint64_t> refused;               // proposals that were not taken: not in any log, not on any wire
  std::vector<AdminResult> admin_results;
  std::optional<Fetch> fetch;
  bool membership_changed = false;  // Raft::configuration() is another one: talk to those it names
  bool removed = false;             // this node is no member any more, for good: stop
  std::vector<ForgetfulPeer> forgetful;
  std::optional<Forgotten> forgotten;  // note durably that the log is damaged, and start again

  bool empty() const {
    return messages.empty() && !hard_state && !restart && !is_intact && entries.empty() &&
           messages_once_durable.empty() && committed.empty() && reads.empty() && refused_reads.empty() &&
           refused.empty() && admin_results.empty() && !fetch && !membership_changed && !removed && forgetful.empty() &&
           !forgotten;
  }
};

}  // namespace skiff::raft

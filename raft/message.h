// Message: what the cores of two nodes say to each other, one struct each, and the variant of them.
//
// Every message carries the sender's term. Messages may be lost, repeated, delayed and reordered; none may be forged
// (the transport's checksums and greeting see to that), yet none is believed beyond what its fields prove.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "raft/types.h"

namespace skiff::raft {

// Would you vote for me, if I asked at `term + 1`? Changes nothing at either side. (Thesis 9.6)
struct PreVoteRequest {
  LogPosition last;    // the end of the candidate's log
  uint64_t round = 0;  // counts the sender's campaigns: an answer to an older one counts for nothing
};
struct PreVoteReply {
  uint64_t round = 0;
  bool granted = false;
};

// Vote for me at `term`. (Thesis 3.4)
struct VoteRequest {
  LogPosition last;
  bool by_transfer = false;  // the leader itself wants it: let it not protect its leadership (3.10)
};
struct VoteReply {
  bool granted = false;
};

// Entries that follow `previous`; none to probe or to pass on the commit index. (Thesis 3.5)
struct AppendEntries {
  LogPosition previous;
  Index commit = 0;
  std::vector<Entry> entries;
};
// Accepted: the log agrees with the leader's up to `match`, and is on disk up to there.
// Refused: there was nothing, or something else, at `refused`; `hint` is the last position at which the follower's
// log could agree (its term is at most that of `refused`), so that whole terms are skipped.
// `mending` is not 0 as long as the follower's log is being mended (raft/recovering.cc): which start of it says so.
// `start` names the process that answers (raft/starts.cc).
struct AppendReply {
  bool accepted = false;
  Index match = 0;
  LogPosition refused;
  LogPosition hint;
  uint64_t recovering = 0;
  uint64_t start = 0;
};

// The term and the end of the log that a process found on its disk when it started.
struct Found {
  Term term = 0;
  LogPosition last;
  bool operator==(const Found&) const = default;
};

// I still lead. `round` is the newest ReadIndex round; the reply repeats it. Round 0 only passes on the commit index
// and wants no reply. `commit` is never beyond what the follower is known to have.
// The reply repeats `sent_at`, too, and adds the follower's own clock: what a lease is measured by. A follower whose
// log is being mended says so, and confirms nothing; `mended` tells that start of it that its log is whole. Each says
// what its sender knows of full disks.
// `start` names the process of the receiver that the leader has judged, by what that process has `found` (0: none yet).
// `forgotten` has a term when the verdict is that this process lacks what the node had acknowledged: up to there.
struct Heartbeat {
  Index commit = 0;
  uint64_t round = 0;
  Time sent_at = 0;
  bool takes_writes = true;  // else too few disks have room for any
  uint64_t recovered = 0;
  uint64_t start = 0;
  LogPosition forgotten;
};
struct HeartbeatReply {
  uint64_t round = 0;
  Time sent_at = 0;
  Time clock = 0;
  bool is_full = false;  // the disk
  uint64_t recovering = 0;
  uint64_t start = 0;
  Found found;
};

// A follower passes on what its clients want written.
struct ForwardProposals {
  std::vector<Payload> commands;
};

// A follower asks up to where it must have applied to serve reads that arrived before now. (Thesis 6.4)
struct ReadIndexRequest {
  RequestId id;
};
struct ReadIndexReply {
  RequestId id;
  Index index = 0;
};

// The log no longer has the entries that the receiver lacks: it must fetch this snapshot from the sender. Repeated
// until it is there. The core takes no part in the transfer of its bytes. (Thesis 5)
struct InstallSnapshot {
  SnapshotMark snapshot;
};
// Campaign at once: you have all I have, and I take no more. (Thesis 3.10)
struct TimeoutNow {};
// A follower passes on the order to hand leadership over. 0: to whoever can.
struct TransferRequest {
  NodeId to = 0;
};

// You are no member any more; a committed configuration says so. (Thesis 4.2.2, 4.2.3)
struct Removed {};

using MessageBody = std::variant<PreVoteRequest, PreVoteReply, VoteRequest, VoteReply, AppendEntries, AppendReply,
                                 Heartbeat, HeartbeatReply, ForwardProposals, ReadIndexRequest, ReadIndexReply,
                                 InstallSnapshot, TimeoutNow, TransferRequest, Removed>;

struct Message {
  NodeId from = 0;
  NodeId to = 0;
  Term term = 0;  // the sender's
  MessageBody body;
};

}  // namespace skiff::raft

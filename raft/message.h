// Message: the messages between the cores of two nodes, one struct each, and the variant of them.
//
// Every message carries the sender's term. Messages may be lost, repeated, delayed and reordered. None is forged (the
// transport's checksums and handshake prevent that), yet none is believed beyond what its fields prove.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "raft/types.h"

namespace skiff::raft {

// Asks whether the receiver would vote for the sender at `term + 1`. Changes nothing at either side. (Thesis 9.6)
struct PreVoteRequest {
  LogPosition last;    // the end of the candidate's log
  uint64_t round = 0;  // counts the sender's campaigns: an answer to an older one counts for nothing
};
struct PreVoteReply {
  uint64_t round = 0;
  bool granted = false;
};

// Asks for a vote at `term`. (Thesis 3.4)
struct VoteRequest {
  LogPosition last;
  bool by_transfer = false;  // the leader wants it: followers do not protect its leadership (3.10)
};
struct VoteReply {
  bool granted = false;
};

// Entries that follow `previous`; without entries, a probe. (Thesis 3.5)
struct AppendEntries {
  LogPosition previous;
  Index commit = 0;
  std::vector<Entry> entries;
};
// Accepted: the follower's log agrees with the leader's up to `match`, and is on disk up to there.
// Refused: the follower has no entry, or another one, at `refused`. `hint` is the last position at which its log could
// agree (of a term no later than that of `refused`), so that the leader skips whole terms.
//
// `start` is the number of the process that replies (raft/starts.cc). `recovering` is the same number while that
// process is recovering (raft/recovering.cc), else 0.
struct AppendReply {
  bool accepted = false;
  Index match = 0;
  LogPosition refused;
  LogPosition hint;
  uint64_t recovering = 0;
  uint64_t start = 0;
};

// The term, and the end of the log, that a process found on its disk when it started.
struct Found {
  Term term = 0;
  LogPosition last;
  bool operator==(const Found&) const = default;
};

// The sender still leads, and passes on what it knows.
struct Heartbeat {
  Index commit = 0;          // never beyond what the follower is known to have
  uint64_t round = 0;        // the newest ReadIndex round; 0: no reply is wanted
  Time sent_at;              // by the leader's clock
  bool takes_writes = true;  // else too few disks have space for any
  uint64_t recovered = 0;    // the process of the receiver that is told that its log is intact again; 0: none
  uint64_t start = 0;        // the process of the receiver that the leader has judged (raft/starts.cc); 0: none yet
  LogPosition forgotten;     // the verdict: that process lacks what the node had acknowledged, up to here; else zeros
};
// A recovering follower says so, and confirms no round.
struct HeartbeatReply {
  uint64_t round = 0;       // the heartbeat's
  Time sent_at;             // the heartbeat's
  Time clock;               // the follower's own, by which a lease is measured
  bool is_full = false;     // the disk
  uint64_t recovering = 0;  // as in AppendReply, like `start`
  uint64_t start = 0;
  Found found;  // what the leader judges the process by
};

// A follower passes on the writes of its clients.
struct ForwardProposals {
  std::vector<Payload> commands;
};

// A follower asks up to which index it must have applied to serve a read that has just arrived. (Thesis 6.4)
struct ReadIndexRequest {
  RequestId id;
};
struct ReadIndexReply {
  RequestId id;
  Index index = 0;
};

// The log no longer has the entries that the receiver lacks: it must fetch this snapshot from the sender. Repeated
// until the snapshot is there. The core takes no part in the transfer of its bytes. (Thesis 5)
struct InstallSnapshot {
  SnapshotMark snapshot;
};
// The receiver has the whole log of the leader, which takes no more proposals: it must campaign at once. (Thesis 3.10)
struct TimeoutNow {};
// A follower passes on an operator's request to hand leadership over. 0: to any voter that can lead.
struct TransferRequest {
  NodeId to = 0;
};

// The receiver is no member any more, by a committed configuration. (Thesis 4.2.2, 4.2.3)
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

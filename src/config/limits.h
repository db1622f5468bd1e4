// Limits: the bounds and defaults of a node as a whole, each with its reason. Those of one connection or one link stand
// with it: transport/http/limits.h, PeerLink::Limits, PeerListener::Limits, raft::Config.
//
// Nothing in a node grows without an end: what a client or a peer can make it keep has a number here, and a client or
// peer that hits it is told. A bound that an operator may want to change is a flag (src/config/options.h); its default
// and its range stand here, too.
#pragma once

#include <cstddef>
#include <cstdint>

#include "raft/time.h"

namespace skiff::limits {

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kMiB = 1024 * kKiB;

// A script that sends SIGHUP over and over is worth a line in so much time.
constexpr raft::Time kIgnoredSignalsEvery = 10_s;

// ---- the cluster

// A write waits for a majority, so every further voter costs throughput and adds little: nine survive four failures.
constexpr size_t kMembersMax = 9;

// A member that is found elsewhere than the log says is looked for again.
constexpr raft::Time kLookForMovedEvery = 1_s;

// A line about data directories that do not belong together is said again.
constexpr raft::Time kConflictToldEvery = 10_min;

// Ids are given by people. Small ones keep logs readable and leave the upper bits free.
constexpr uint64_t kNodeIdMax = 65'535;

// A heartbeat must get through several times within an election timeout, or a single lost one starts an election.
constexpr raft::Time kHeartbeatDefault = 50_ms;
constexpr raft::Time kHeartbeatMin = 1_ms;
constexpr raft::Time kHeartbeatMax = 10_s;
constexpr uint64_t kHeartbeatsPerElectionTimeoutMin = 3;

// Only a leader that falls silent without its connections breaking (a cut cable, a frozen machine) waits for this one;
// a crashed process is noticed at once. So it is long enough that a busy machine or a slow flush deposes no leader.
constexpr raft::Time kElectionTimeoutDefault = 500_ms;
constexpr raft::Time kElectionTimeoutMin = 10_ms;
constexpr raft::Time kElectionTimeoutMax = 1_min;

// One AppendEntries or ForwardProposals: large enough to be efficient, small enough that a heartbeat behind it is not
// late. A single larger value travels alone.
constexpr uint64_t kAppendBytes = kMiB;

// Bytes and entries that a leader may have sent to one follower without an answer. Below the limit of a link's outbox,
// which drops what is more; enough to keep a gigabit link busy for a round trip of 30 ms.
constexpr uint64_t kWindowBytes = 4 * kMiB;
constexpr uint64_t kWindowEntries = 65'536;

// The same for a leader's own clients, whose writes go straight into its log: what its disk writes in a tenth of a
// second.
constexpr uint64_t kLeaderWindowBytes = 32 * kMiB;

// Committed entries applied in one turn of the loop: about a millisecond.
constexpr size_t kAppliedPerTurnMax = 1'000;

// ---- full disks

// A node is full when its disk has no space for another segment of its log. The rest of the segment in use is for
// entries that are under way, but for this much, which is kept for votes and terms: they take some hundred bytes.
constexpr uint64_t kSpaceKeptBytes = kMiB;
// How often a full node looks whether its disk has space again: each time it fills the disk to the last byte, and gives
// that back.
constexpr raft::Time kLookForRoomEvery = 1_s;

// Nodes compare their states whenever so many entries have been applied: some times a second at full load, and a
// message of a hundred bytes.
constexpr uint64_t kDigestEveryEntries = 1024;

// ---- snapshots

// The log is kept short enough to be read back in a second or two, and long enough that a snapshot, which costs a write
// of the whole map, is rare.
constexpr uint64_t kSnapshotEveryEntries = 1'000'000;
constexpr uint64_t kSnapshotLogBytesDefault = 128 * kMiB;
constexpr uint64_t kSnapshotLogBytesMin = 64 * kKiB;
constexpr uint64_t kSnapshotLogBytesMax = 1024 * 1024 * kMiB;
constexpr uint64_t kSnapshotSizePercent = 50;
// Of that, for members that were away for a moment.
constexpr uint64_t kSnapshotTrailingPercent = 25;
// Encoded in one turn of the loop: some tens of microseconds.
constexpr uint64_t kSnapshotBlockBytes = 8 * kKiB;
// Made or fetched, in a second: quick enough for gigabytes, and most of disk, loop and links is left to clients.
constexpr uint64_t kSnapshotBytesPerS = 32 * kMiB;
// One piece on its way to another node: a heartbeat behind it is not late.
constexpr uint64_t kSnapshotPieceBytes = 256 * kKiB;

// Backups that are streamed at the same time: each adds a block to every turn of the loop, and holds on to versions
// that might be forgotten otherwise.
constexpr size_t kBackupsMax = 2;
// A member that was added is started by hand a moment later; ten minutes allow for a slow machine, and for finding out
// why it does not come. Longer, and a forgotten one would be dialled for ever. It takes part in no majority meanwhile.
constexpr raft::Time kJoinTimeoutDefault = 10_min;
constexpr raft::Time kJoinTimeoutMin = 1_s;
constexpr raft::Time kJoinTimeoutMax = 24_h;

// ---- reading again what rests on the disk

// Sectors rot over months, so a day between two looks is soon; every look costs one read of what is on the disk.
constexpr raft::Time kScrubEveryDefault = 24_h;
constexpr raft::Time kScrubEveryMin = 1_s;
constexpr raft::Time kScrubEveryMax = 366 * 24_h;
// A start has read most of it, and others may be starting with it.
constexpr raft::Time kScrubFirst = 10_min;
// A piece takes a disk some milliseconds. Four of them a second are a MiB, which is not noticed; where that would take
// longer than half of the time between two passes, it goes faster.
constexpr uint64_t kScrubPieceBytes = 256 * kKiB;
constexpr raft::Time kScrubPause = 250_ms;
// How often a snapshot is tried again that something damaged is to give way to.
constexpr raft::Time kReplaceAgain = 10_s;

// ---- history

// Earlier versions of the map are of use to a client that follows its changes and misses some for a moment. Their keys
// and values stay in memory, beside those of now: small ones are bounded by their number, large ones by their bytes.
constexpr uint64_t kHistoryRevisionsDefault = 10'000;
constexpr uint64_t kHistoryRevisionsMax = 1'000'000'000;
constexpr uint64_t kHistoryBytesDefault = 32 * kMiB;
constexpr uint64_t kHistoryBytesMin = 64 * kKiB;
constexpr uint64_t kHistoryBytesMax = 1024 * 1024 * kMiB;
constexpr raft::Time kHistoryAgeMin = 1_s;
constexpr raft::Time kHistoryAgeMax = 366 * 24_h;
// Cut by one command: some tens of microseconds.
constexpr uint64_t kHistoryRevisionsPerCut = 200;
constexpr uint64_t kHistoryBytesPerCut = 256 * kKiB;

// ---- memory of a node that rests

// A node rests when no more than so many entries were applied from one look to the next. A trickle is no work: it makes
// less garbage than looking for it would take.
constexpr raft::Time kRestLookEvery = 5_s;
constexpr uint64_t kRestEntriesMax = 50;
// A log that takes up so much is summed up by a snapshot then, and that much of it stays, for a member that was away.
constexpr uint64_t kRestLogBytes = 16 * kMiB;
constexpr uint64_t kRestTrailingBytes = 4 * kMiB;
// Memory of an entry besides its bytes: its place in the log, the head of its payload, and what malloc adds.
constexpr uint64_t kEntryOverheadBytes = 128;
// A step takes some tens of microseconds, a hundredth of the time.
constexpr raft::Time kRestStep = 10_ms;
constexpr size_t kFreedAtRestPerStep = 500;

// ---- requests

// Several elections fit into it: a request made while a leader dies is answered by the next one.
constexpr raft::Time kRequestTimeoutDefault = 5_s;
constexpr raft::Time kRequestTimeoutMin = 100_ms;
constexpr raft::Time kRequestTimeoutMax = 10_min;

// A value travels in one frame and one log record, and holds up what is behind it: 64 MiB take half a second of a
// gigabit link.
constexpr uint64_t kValueBytesDefault = kMiB;
constexpr uint64_t kValueBytesMin = 1;
constexpr uint64_t kValueBytesMax = 64 * kMiB;

// Of the largest values, how many clients may leave untaken, all together, before the node serves those less that take
// nothing (HttpLimits::owed_bytes_max, 64 MiB where values are small).
constexpr size_t kValuesOwed = 8;

// Writes that this node's clients wait for. Beyond it a write is refused with 503 rather than left to time out. By
// count, so that looking through them stays cheap; by bytes, so that large values cannot eat the memory.
constexpr size_t kWaitingWritesMax = 65'536;
constexpr uint64_t kWaitingWriteBytesMax = 256 * kMiB;
// Reads keep no more than their key and a condition of few tags.
constexpr size_t kWaitingReadsMax = 65'536;
// Confirmed reads answered before the loop looks round again: about a millisecond.
constexpr size_t kReadsAnsweredMax = 1'024;
// Requests that one turn of the loop may read from all clients together before the replica gets them.
constexpr size_t kProposalsMax = 65'536;
// Reads for which the API waits for a confirmation: those that wait at the replica, those in the batch that it takes
// in, and those in the queue for the next one.
constexpr size_t kBarriersMax = kWaitingReadsMax + 2 * kProposalsMax;

// Operators' requests on their way to the replica, which lets no more than that wait, too.
constexpr size_t kAdminRequestsMax = 64;

// GET /health waits for a linearizable read; a monitor wants to know soon.
constexpr raft::Time kHealthTimeout = 1_s;

// ---- news of commits

// After the last write of a series, a follower's stale reads may be this much older than necessary.
constexpr raft::Time kCommitNoticeDelay = 2_ms;

// ---- the disk

// A batch is written and synced on the thread of the loop while that takes no longer than this on average, the batch is
// no larger, and no more came in since the one before. A leader counts requests and messages, and saves one entry at
// most: that is one client and the replies to its write. A follower counts requests only, and may have none of its own:
// what its leader sends, it is there to save, but a client of its own waits for its loop (docs/decisions/0035).
constexpr raft::Time kQuickSync = 500_us;
constexpr uint64_t kInputsOfAQuietLeader = 3;
constexpr uint64_t kInputsOfAQuietFollower = 0;
constexpr size_t kEntriesOfAQuietLeader = 1;
constexpr uint64_t kInlineSaveBytesMax = 128 * kKiB;
// Upper bound on one sample in the moving average. After one slow sync, about a dozen quick ones bring inline saves
// back; a new process begins with this value, and needs about thirty.
constexpr raft::Time kSlowSync = 10_ms;
// One more than a write of a single node comes to: what is saved, and what is saved because of that.
constexpr int kSavesInATurn = 2;

// A disk that takes longer, once: then another thread goes on with the loop. It looks so often, and goes to sleep when
// it has seen nothing for so many looks.
constexpr raft::Time kLoopHeldUp = 2_ms;
constexpr uint64_t kWatchIdleLooks = 50;

// ---- descriptors

// Files and sockets of the process that are not for clients: the log, the loop, the two ports,
// the resolver; and for each member a connection each way, with those that are just being made or closed.
constexpr uint64_t kDescriptorsReserved = 64;
constexpr uint64_t kDescriptorsPerMember = 8;

// ---- stopping

// How long a stopping node waits for the requests under way before it closes their connections: long enough for what
// the default timeout allows them, and no longer, whatever --request-timeout is, because the operator waits for it.
constexpr raft::Time kStopDeadline = 6_s;
constexpr raft::Time kStopPoll = 5_ms;
// A look-up of a name that is under way cannot be called off. How long the end of the program may wait for it.
constexpr raft::Time kLookUpsTimeout = 1_s;

static_assert(kElectionTimeoutDefault >= kHeartbeatsPerElectionTimeoutMin * kHeartbeatDefault);
static_assert(kRequestTimeoutDefault >= 2 * kElectionTimeoutDefault);
static_assert(kWaitingWriteBytesMax >= kValueBytesMax);
static_assert(kStopDeadline > kRequestTimeoutDefault);

}  // namespace skiff::limits

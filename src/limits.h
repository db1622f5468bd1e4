// Limits: every bound and default in one place, each with its reason.
//
// Nothing in a node grows without an end: what a client or a peer can make it keep has a number here, and whoever hits
// the number is told. What an operator may want to change is a flag (src/options.h); its default and its range stand
// here, too.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skiff::limits {

constexpr uint64_t kMillisecondNs = 1'000'000;
constexpr uint64_t kSecondNs = 1'000 * kMillisecondNs;
constexpr uint64_t kMinuteNs = 60 * kSecondNs;
constexpr uint64_t kKiB = 1024;
constexpr uint64_t kMiB = 1024 * kKiB;

// ---- the cluster

// A write waits for a majority, so every further voter costs throughput and adds little: nine survive four failures.
constexpr size_t kMembersMax = 9;

// Ids are given by people. Small ones keep logs readable and leave the upper bits free.
constexpr uint64_t kNodeIdMax = 65'535;

// A heartbeat must get through several times within an election timeout, or a single lost one starts an election.
constexpr uint64_t kHeartbeatDefaultNs = 50 * kMillisecondNs;
constexpr uint64_t kHeartbeatMinNs = 1 * kMillisecondNs;
constexpr uint64_t kHeartbeatMaxNs = 10 * kSecondNs;
constexpr uint64_t kHeartbeatsPerElectionTimeoutMin = 3;

// Only a leader that falls silent without its connections breaking (a cut cable, a frozen machine) waits for this one;
// a crashed process is noticed at once. So it is long enough that a busy machine or a slow flush deposes nobody.
constexpr uint64_t kElectionTimeoutDefaultNs = 500 * kMillisecondNs;
constexpr uint64_t kElectionTimeoutMinNs = 10 * kMillisecondNs;
constexpr uint64_t kElectionTimeoutMaxNs = kMinuteNs;

// What a leader may have sent to one follower without an answer. Less than a link's outbox holds, which drops what is
// more; enough to keep a gigabit link busy for a round trip of 30 ms.
constexpr uint64_t kWindowBytes = 4 * kMiB;
constexpr uint64_t kWindowEntries = 65'536;

// ---- requests

// Several elections fit into it: a request made while a leader dies is answered by the next one.
constexpr uint64_t kRequestTimeoutDefaultNs = 5 * kSecondNs;
constexpr uint64_t kRequestTimeoutMinNs = 100 * kMillisecondNs;
constexpr uint64_t kRequestTimeoutMaxNs = 10 * kMinuteNs;

// A value travels in one frame and one log record, and holds up what is behind it: 64 MiB take half a second of a
// gigabit link.
constexpr uint64_t kValueBytesDefault = kMiB;
constexpr uint64_t kValueBytesMin = 1;
constexpr uint64_t kValueBytesMax = 64 * kMiB;

// Writes that this node's clients wait for. Beyond it a write is refused with 503 rather than left to time out. By
// count, so that looking through them stays cheap; by bytes, so that large values cannot eat the memory.
constexpr size_t kWaitingWritesMax = 65'536;
constexpr uint64_t kWaitingWriteBytesMax = 256 * kMiB;
// Reads keep no more than their key.
constexpr size_t kWaitingReadsMax = 65'536;
// What one turn of the loop may read from all clients together before the replica gets to see it.
constexpr size_t kProposalsMax = 65'536;

// GET /health asks for a linearizable read; whoever asks wants to know soon.
constexpr uint64_t kCheckTimeoutNs = kSecondNs;

// ---- clients' connections

// One descriptor and some KiB each. Beyond it a connection is closed as soon as it is accepted.
constexpr size_t kConnectionsMax = 4'096;

// Request line and headers together. The longest key needs three times its bytes when every one is percent-encoded.
constexpr size_t kHeaderBytesMax = 16 * kKiB;

// Requests one connection may have under way. Beyond it the connection is not read from until an answer has left.
constexpr size_t kPipelinedMax = 128;

// Answers a connection may have waiting. A client that asks and does not listen is not read from beyond it.
constexpr size_t kOutboxBytesMax = 4 * kMiB;

// A client that is slower than this is gone or means harm. The body's deadline starts anew whenever bytes arrive.
constexpr uint64_t kHeaderDeadlineMs = 10'000;
constexpr uint64_t kBodyDeadlineMs = 30'000;
constexpr uint64_t kIdleDeadlineMs = 120'000;

// How long a stopping node waits for the requests under way before it closes their connections.
constexpr uint64_t kStopDeadlineMs = 5'000;
constexpr uint64_t kStopPollMs = 5;

// ---- the configuration file

constexpr size_t kConfigBytesMax = 64 * kKiB;

static_assert(kElectionTimeoutDefaultNs >= kHeartbeatsPerElectionTimeoutMin * kHeartbeatDefaultNs);
static_assert(kRequestTimeoutDefaultNs >= 2 * kElectionTimeoutDefaultNs);
static_assert(kWaitingWriteBytesMax >= kValueBytesMax);

}  // namespace skiff::limits

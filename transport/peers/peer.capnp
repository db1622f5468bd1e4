# The peers' language: what one frame between two nodes holds (docs/formats.md has the bytes).
#
# Fields are only ever added. A field that changes its meaning is a new field and a new protocol version; the greeting
# itself stays readable for every version, so that nodes too far apart can say so.

@0xc1d4f5c3d29c7707;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("skiff::transport::schema");

# The first frame each way on a connection: who dialled whom, and the answer.
struct Greeting {
  protocol @0 :UInt16;
  cluster @1 :UInt64;
  from @2 :UInt64;
  to @3 :UInt64;
  incarnation @4 :UInt64;
  dataDirId @5 :UInt64;  # which data directory speaks; 0: not said
  address @6 :Data;     # where others find `from`; empty: not said
  knownDataDirs @7 :List(DataDir);  # as `from` remembers them, that of `to` among them
  process @8 :UInt64;   # drawn when it started; 0: not said
  port @9 :UInt16;      # where it listens for its peers; 0: not said
}

# Which data directory a member was first discovered with.
struct DataDir {
  node @0 :UInt64;
  number @1 :UInt64;
}

# The answer to a greeting that is not welcome. The numbers are those of transport::Refusal.
struct Refusal {
  reason @0 :UInt16;
  address @1 :Data;  # of runningTwice: where the other process runs; else empty
}

# One raft::Message. Terms and indexes of one position stand side by side.
struct Message {
  from @0 :UInt64;
  to @1 :UInt64;
  term @2 :UInt64;
  body :union {
    preVoteRequest @3 :PreVoteRequest;
    preVoteReply @4 :PreVoteReply;
    voteRequest @5 :VoteRequest;
    voteReply @6 :VoteReply;
    appendEntries @7 :AppendEntries;
    appendReply @8 :AppendReply;
    heartbeat @9 :Heartbeat;
    heartbeatReply @10 :HeartbeatReply;
    forwardProposals @11 :ForwardProposals;
    readIndexRequest @12 :ReadIndexRequest;
    readIndexReply @13 :ReadIndexReply;
    installSnapshot @14 :InstallSnapshot;
    snapshotAsk @15 :SnapshotAsk;
    snapshotPiece @16 :SnapshotPiece;
    timeoutNow @17 :Void;
    transferRequest @18 :TransferRequest;
    removed @19 :Void;
    adminAttempt @20 :AdminAttempt;
    adminReply @21 :AdminReply;
    stateDigest @22 :StateDigest;
  }
}

struct PreVoteRequest {
  lastTerm @0 :UInt64;
  lastIndex @1 :UInt64;
  round @2 :UInt64;
}

struct PreVoteReply {
  round @0 :UInt64;
  granted @1 :Bool;
}

struct VoteRequest {
  lastTerm @0 :UInt64;
  lastIndex @1 :UInt64;
  byTransfer @2 :Bool;
}

struct VoteReply {
  granted @0 :Bool;
}

struct AppendEntries {
  previousTerm @0 :UInt64;
  previousIndex @1 :UInt64;
  commit @2 :UInt64;
  entries @3 :List(Entry);  # the first follows `previous`, each the one before it: their indexes need no bytes
}

struct Entry {
  term @0 :UInt64;
  kind @1 :UInt8;  # the numbers of raft::EntryKind
  payload @2 :Data;
}

struct AppendReply {
  accepted @0 :Bool;
  match @1 :UInt64;
  refusedTerm @2 :UInt64;
  refusedIndex @3 :UInt64;
  hintTerm @4 :UInt64;
  hintIndex @5 :UInt64;
  recovering @6 :UInt64;  # which start of the sender says that its log is being recovered; 0: it is whole
  start @7 :UInt64;    # names the process that answers
}

struct Heartbeat {
  commit @0 :UInt64;
  round @1 :UInt64;
  sentAt @2 :UInt64;  # the sender's clock
  takesNoWrites @3 :Bool;  # too few disks have room for any
  recovered @4 :UInt64;       # which start of the receiver is told that its log is whole again; 0: none
  start @5 :UInt64;        # names the process of the receiver that the sender has judged; 0: none
  forgottenTerm @6 :UInt64;   # not 0: that process lacks what the receiver had acknowledged, up to here
  forgottenIndex @7 :UInt64;
}

struct HeartbeatReply {
  round @0 :UInt64;
  sentAt @1 :UInt64;  # as it was in the heartbeat
  clock @2 :UInt64;   # the answerer's
  isFull @3 :Bool;    # its disk
  recovering @4 :UInt64; # as in an AppendReply, like the next
  start @5 :UInt64;
  foundTerm @6 :UInt64;  # what that process found on its disk when it started
  foundLastTerm @7 :UInt64;
  foundLastIndex @8 :UInt64;
}

struct ForwardProposals {
  commands @0 :List(Data);
}

struct ReadIndexRequest {
  incarnation @0 :UInt64;
  number @1 :UInt64;
}

struct ReadIndexReply {
  incarnation @0 :UInt64;
  number @1 :UInt64;
  index @2 :UInt64;
}

struct InstallSnapshot {
  term @0 :UInt64;
  index @1 :UInt64;
  configuration @2 :Data;  # as raft/membership.h encodes it
}

struct SnapshotAsk {
  term @0 :UInt64;
  index @1 :UInt64;
  offset @2 :UInt64;
}

struct SnapshotPiece {
  term @0 :UInt64;
  index @1 :UInt64;
  offset @2 :UInt64;
  isLast @3 :Bool;
  bytes @4 :Data;  # empty: that snapshot is not here
}

struct TransferRequest {
  to @0 :UInt64;
}

# What an operator wants; see AdminRequest in src/replica/peer_message.h.
struct AdminAttempt {
  incarnation @0 :UInt64;
  number @1 :UInt64;
  kind @2 :UInt8;  # the numbers of AdminRequest::Kind
  node @3 :UInt64;
  address @4 :Data;
}

struct AdminReply {
  incarnation @0 :UInt64;
  number @1 :UInt64;
  outcome @2 :UInt8;  # the numbers of AdminReply::Outcome
  reason @3 :Data;
}

# Instead of a greeting: a node that has just been added, and knows neither cluster nor members, asks for both. It is
# answered with a JoinReply or a Refusal, and the connection ends.
struct JoinRequest {
  protocol @0 :UInt16;
  from @1 :UInt64;
}

struct JoinReply {
  protocol @0 :UInt16;
  cluster @1 :UInt64;
  members @2 :List(Member);
}

struct Member {
  id @0 :UInt64;
  address @1 :Data;
}

struct StateDigest {
  index @0 :UInt64;
  digest @1 :UInt64;
}

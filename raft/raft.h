// Raft: the rules by which a few machines agree on one log. Events in, effects out.
//
// On a good day a leader takes proposals, appends them, and in one take_effects() asks for two things at once: that its
// followers be sent them, and that its own disk make them durable. Its own disk is one more follower: an entry is
// committed when a majority of all disks has it, whichever they are.
//
// Messages get lost, repeated and reordered, nodes stop and come back, disks are slow. step() never fails and never
// blocks; messages that are stale or impossible are ignored and counted. Invariants of our own state are CHECKed after
// every step, in every build.
//
// Pure: no clock (time comes in with each event), no randomness but a seed, no input or output. The same events give
// the same effects on every machine. Source: Ongaro, Consensus: Bridging Theory and Practice (2014), by section.
//
// The methods are grouped by the file they stand in, one for each chapter of the protocol. The state of a chapter,
// beside the log, is an object with a header of its own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "raft/abstention.h"
#include "raft/admin_rules.h"
#include "raft/disk_space.h"
#include "raft/effects.h"
#include "raft/election_timer.h"
#include "raft/event.h"
#include "raft/followers.h"
#include "raft/forwarded_reads.h"
#include "raft/known_leader.h"
#include "raft/lease.h"
#include "raft/log.h"
#include "raft/membership.h"
#include "raft/own_process.h"
#include "raft/progress.h"
#include "raft/promises.h"
#include "raft/reads.h"
#include "raft/save_queue.h"
#include "raft/status.h"
#include "raft/transfer.h"
#include "raft/types.h"

namespace skiff::raft {

struct Config {
  NodeId id = 0;
  Configuration founders;  // the members if there is no snapshot; empty: this node waits to be added
  Time heartbeat_interval = 50_ms;
  // A follower campaigns after one to two of these without a leader; a leader steps down after one without a majority.
  Time election_timeout = 500_ms;
  uint64_t seed = 1;
  // How long the news of a commit may wait for entries to carry it to a follower, if no client waits there. 0: told at
  // once.
  Time commit_notice_delay;

  // The contents of the disk; the entries move into the log. Requires: decode_configuration() accepts the
  // configurations in the mark and in the entries.
  HardState hard_state;
  SnapshotMark snapshot;  // index 0: none
  std::vector<Entry> entries;
  // The number of this process: random, so that no two starts of a node have the same, whatever its disk says. Not 0.
  uint64_t start = 1;
  // The same number if the disk has lost something that this node may have promised, else 0.
  uint64_t recovering = 0;

  // Reads from a lease (6.4.1): a leader answers without a round as long as a majority has promised to elect no other
  // node. Relies on clocks that run at the same speed, within this bound; the leader measures them, and does not count
  // a follower whose clock is off by more. Must be the same at all members.
  bool lease_reads = false;
  uint64_t clock_drift_percent_max = 10;

  // Bounds. One AppendEntries holds at least one entry, and no second one beyond these:
  uint64_t append_bytes_max = 1 << 20;
  uint64_t append_entries_max = 4096;
  Progress::Window window = {.entries_max = 1 << 16, .bytes_max = 16 << 20};  // sent to one follower, unacknowledged
  uint64_t uncommitted_bytes_max = 64 << 20;  // a leader with more than this refuses proposals
  uint64_t uncommitted_entries_max = 1 << 18;
  size_t waiting_reads_max = 1 << 16;
  // Of the space that a full disk has left, commands leave this much to votes, no-ops and configurations.
  uint64_t space_kept_bytes = 1 << 20;
};

class Raft {
 public:
  Raft(Config config, Time now);

  // `now` never goes back.
  void step(Time now, const Event& event);
  // Frees at most `count_max` of the forgotten entries; returns whether there are more. Every step frees some, too.
  bool free_forgotten(size_t count_max) { return log_.free_forgotten(count_max); }
  Effects take_effects();
  // When to step with TimePassed, unless another event comes first.
  Time next_deadline() const;

  Status status() const;
  bool is_leader() const { return std::holds_alternative<Leader>(role_); }
  bool is_recovering() const { return process_.is_recovering(); }
  // Whether a leader has judged this process, or it was elected (raft/starts.cc). Until then its disk may be an old
  // one.
  bool is_admitted() const { return process_.is_admitted(); }
  NodeId leader() const { return leader_.id(); }
  Term term() const { return hard_state_.term; }
  const Log& log() const { return log_; }
  // In force now, committed or not.
  const Configuration& configuration() const { return membership_.latest(); }
  Index configuration_index() const { return membership_.latest_index(); }
  bool is_configuration_committed() const { return configuration_index() <= log_.committed(); }
  // In force at `index`, for a snapshot. Requires: log().base().index <= index <= log().last().index.
  const Configuration& configuration_at(Index index) const { return membership_.at(index); }
  const SnapshotMark& snapshot() const { return snapshot_; }
  // Whether our disk is full.
  bool is_full() const { return disk_space_.is_full(); }
  // Whether the leader takes writes, as far as this node knows: too many disks may be full.
  bool takes_writes() const;
  // How many messages were stale, for another node, or not for this role.
  uint64_t ignored() const { return ignored_; }
  // The invariants that take a walk along the log, for tests.
  void check_log() const { log_.check_invariants(); }

 private:
  struct Follower {};
  struct PreCandidate {
    std::set<NodeId> granted;
  };
  struct Candidate {
    std::set<NodeId> granted;
    bool by_transfer = false;
  };
  struct Leader {
    Followers followers;
    Index first_of_term = 0;  // our no-op: until it is committed, we do not know all that is
    Time heartbeat_due;
    ReadRounds reads;
    std::optional<uint64_t> change;  // the operator's request under way
    Lease lease;
    bool takes_writes = true;  // enough disks have space for them
  };
  using Role = std::variant<Follower, PreCandidate, Candidate, Leader>;  // in the order of RoleName

  // raft.cc
  void on(const TimePassed&);
  void on(const Received& received);
  void on(const Persisted& persisted);
  void on(const PeerGone& gone);
  bool may_receive(const Message& message);
  void answer_older_term(const Message& message);
  void tell_removed(const Message& message);
  void on(const Message& message, const Removed&);
  void forget_leader();
  void become(Role role);
  void become_follower(Term term, NodeId leader);
  void set_hard_state(HardState hard_state);
  void send(NodeId to, MessageBody body);
  void send_once_durable(NodeId to, MessageBody body);
  Progress* progress_of(NodeId node);
  Leader* as_leader() { return std::get_if<Leader>(&role_); }
  const Leader* as_leader() const { return std::get_if<Leader>(&role_); }
  void collect_save();
  void check_invariants();

  // election.cc
  void campaign_or_wait();
  void campaign();
  void ask_for_votes(bool by_transfer);
  void count_votes();
  void become_leader();
  Time quorum_heard_at(const Leader& leader) const;
  bool hears_leader() const;
  void on(const Message& message, const PreVoteRequest& request);
  void on(const Message& message, const PreVoteReply& reply);
  void on(const Message& message, const VoteRequest& request);
  void on(const Message& message, const VoteReply& reply);

  // leadership_transfer.cc
  void on(const TransferAsked& asked);
  void on(const Message& message, const TransferRequest& request);
  void on(const Message& message, const TimeoutNow&);
  void drive_transfer(Leader& leader);
  Followers::SuccessorRules successor_rules() const;

  // replication.cc
  void on(const Proposed& proposed);
  void forward(const Proposed& proposed);
  void on(const Message& message, const ForwardProposals& forwarded);
  bool may_append(uint64_t bytes, uint64_t share) const;
  void append_own(EntryKind kind, Payload payload);
  void send_what_is_due(Leader& leader);
  void send_append(NodeId to, Progress& progress, bool with_entries);
  void send_heartbeats(Leader& leader);
  Heartbeat heartbeat_to(NodeId node, const Progress& progress, Index commit) const;
  void ask_what_was_lost(NodeId node, Progress& progress);
  void advance_commit();
  void on(const Message& message, const AppendEntries& append);
  void follow(NodeId leader);
  size_t replicate(const std::vector<Entry>& entries);
  void acknowledge(NodeId leader, Index match);
  void append(Entry entry);
  void on(const Message& message, const AppendReply& reply);
  void on(const Message& message, const Heartbeat& heartbeat);
  void on(const Message& message, const HeartbeatReply& reply);

  // snapshot.cc
  void on(const SnapshotTaken& taken);
  void on(const SnapshotArrived& arrived);
  void on(const Message& message, const InstallSnapshot& install);
  void offer_snapshot(NodeId to, Progress& progress);

  // reconfigure.cc
  void on(const ChangeAsked& asked);
  AdminRules admin_rules(const Leader& leader) const;
  void reconfigure(Leader& leader);
  void step_down(Leader& leader);
  void use_configuration();
  void update_followers(Leader& leader);

  // full_disk.cc
  void on(const SpaceReported& reported);
  void note_disk_space(Leader& leader);

  // recovering.cc
  void hear_recovering(Progress& progress, uint64_t start);
  void conclude_recoveries(Leader& leader);
  uint64_t recovered(const Leader& leader, const Progress& progress) const;
  bool is_fenced(const Leader& leader, Index fence) const;
  void complete_recovery();

  // starts.cc
  void begin_process(bool is_new, bool is_alone);
  void admit();
  bool counts(NodeId node, Progress& progress, const AppendReply& reply);
  bool counts(NodeId node, Progress& progress, const HeartbeatReply& reply);
  void judge_start(NodeId node, Progress& progress, const HeartbeatReply& reply);
  void hear_verdict(const Heartbeat& heartbeat);
  void on(const WentBack&);

  // read_index.cc
  void on(const ReadAsked& asked);
  void on(const Message& message, const ReadIndexRequest& request);
  void on(const Message& message, const ReadIndexReply& reply);
  void start_read_round(Leader& leader);
  void confirm_reads(Leader& leader);
  void confirm_read(const ReadRounds::Reader& reader, Index index);
  void refuse_reads();
  bool has_lease(const Leader& leader) const;

  Config config_;  // its entries have moved into the log
  Time now_;

  // The node itself, and its disk.
  HardState hard_state_;
  Log log_;
  SnapshotMark snapshot_;  // the newest on our disk
  Membership membership_;
  SaveQueue saves_;
  DiskSpace disk_space_;
  OwnProcess process_;

  // Leadership.
  Role role_ = Follower{};
  KnownLeader leader_;
  ElectionTimer election_timer_;
  Abstention abstention_;
  Transfer transfer_;
  Promises promises_;
  uint64_t campaign_round_ = 0;  // our pre-votes so far

  ForwardedReads forwarded_reads_;
  uint64_t read_round_ = 1;  // the newest of any term in which we led; 0 means that no answer is wanted

  Effects effects_;  // since they were last taken
  uint64_t ignored_ = 0;

  // As of the last step: neither goes back.
  struct Checked {
    HardState hard_state;
    Index commit = 0;
  };
  Checked checked_;
};

}  // namespace skiff::raft

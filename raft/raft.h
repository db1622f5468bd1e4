// Raft: the rules by which a few machines agree on one log. Events in, effects out.
//
// On a good day a leader takes proposals, appends them, and in one take_effects() asks for two things at once: that its
// followers be sent them, and that its own disk make them durable. Its own disk is one more follower: an entry is
// committed when a majority of all disks has it, whichever they are.
//
// What goes wrong: messages get lost, repeated and reordered, nodes stop and come back, the disk is slow. step() never
// fails and never blocks; what is stale or cannot be is ignored (and counted). What our own state must never be is
// CHECKed after every step, in every build.
//
// Pure: no clock (time comes in with each event), no randomness but a seed, nothing of the outside. The same events
// give the same effects on every machine. Source: Ongaro, Consensus: Bridging Theory and Practice (2014), by section.
//
// The methods are grouped by the file they stand in: raft.cc, election.cc, transfer.cc, replication.cc, snapshot.cc,
// read_index.cc, reconfigure.cc, recovering.cc, starts.cc, space.cc.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "raft/effects.h"
#include "raft/event.h"
#include "raft/lease.h"
#include "raft/log.h"
#include "raft/membership.h"
#include "raft/progress.h"
#include "raft/random.h"
#include "raft/reads.h"
#include "raft/status.h"
#include "raft/types.h"

namespace skiff::raft {

struct Config {
  NodeId id = 0;
  Configuration founders;  // who the members are where there is no snapshot; nobody: this node waits to be added
  Time heartbeat_interval = 50 * kMillisecond;
  // A follower campaigns after one to two of these without a leader; a leader steps down after one without a majority.
  Time election_timeout = 500 * kMillisecond;
  uint64_t seed = 1;
  // How long a commit may wait for entries that carry the news to a follower where nobody waits for it. 0: told at
  // once.
  Time commit_notice_delay = 0;

  // What the disk held. The entries move into the log. Requires: configurations, in the mark and in entries, that
  // decode_configuration() accepts.
  HardState hard_state;
  SnapshotMark snapshot;  // index 0: none
  std::vector<Entry> entries;
  // Names this process: a random number, so that no two starts of a node have the same, whatever its disk says. Not 0.
  uint64_t start = 1;
  // The same number, if the disk has lost something that this node may have promised; else 0.
  uint64_t recovering = 0;

  // Reads from a lease (6.4.1): a leader answers without asking as long as the followers that made it one have promised
  // to elect nobody else. Stands on clocks that run at the same speed, give or take; the leader measures that, and
  // uses no lease that rests on a clock that is off by more. Must be the same at all members.
  bool lease_reads = false;
  uint64_t clock_drift_percent_max = 10;

  // Bounds. One AppendEntries holds at least one entry, and no second one beyond these:
  uint64_t append_bytes_max = 1 << 20;
  uint64_t append_entries_max = 4096;
  Progress::Window window = {.entries_max = 1 << 16, .bytes_max = 16 << 20};  // sent to one follower, unacknowledged
  uint64_t uncommitted_bytes_max = 64 << 20;  // a leader with more than this refuses proposals
  uint64_t uncommitted_entries_max = 1 << 18;
  size_t waiting_reads_max = 1 << 16;
  // Of the room that a full disk has left, commands leave this to votes, no-ops and configurations.
  uint64_t space_kept_bytes = 1 << 20;
};

class Raft {
 public:
  Raft(Config config, Time now);

  // `now` never goes back.
  void step(Time now, const Event& event);
  // Frees at most so many of the entries that were forgotten; whether there are more. Every step frees some, too.
  bool free_forgotten(size_t count_max) { return log_.free_forgotten(count_max); }
  Effects take_effects();
  // When to step with TimePassed, if nothing happens before.
  Time next_deadline() const;

  Status status() const;
  bool is_leader() const { return std::holds_alternative<Leader>(role_); }
  bool is_recovering() const { return recovering_ != 0; }
  // Whether a leader has judged this process, or it was elected (raft/starts.cc): until then its disk may be an old
  // one.
  bool is_admitted() const { return is_admitted_; }
  NodeId leader() const { return leader_; }
  Term term() const { return hard_state_.term; }
  const Log& log() const { return log_; }
  // In force now, committed or not.
  const Configuration& configuration() const { return membership_.latest(); }
  Index configuration_index() const { return membership_.latest_index(); }
  bool is_configuration_committed() const { return configuration_index() <= log_.committed(); }
  // In force at `index`, for a snapshot. Requires: log().base().index <= index <= log().last().index.
  const Configuration& configuration_at(Index index) const { return membership_.at(index); }
  const SnapshotMark& snapshot() const { return snapshot_; }
  // Whether our disk is full; and whether, as far as we know, whoever leads takes writes: too many disks may be full.
  bool is_full() const { return space_left_.has_value(); }
  bool takes_writes() const;
  // Messages that were stale, for another node, or not for this role.
  uint64_t ignored() const { return ignored_; }
  // Invariants that take a walk along the log, for tests.
  void check_whole() const { log_.check_whole(); }

 private:
  struct Follower {};
  struct PreCandidate {
    std::set<NodeId> granted;
  };
  struct Candidate {
    std::set<NodeId> granted;
    bool by_transfer = false;
  };
  // Leadership is being handed over; no proposals meanwhile.
  struct Transfer {
    NodeId to = 0;
    Time give_up_at = 0;
    bool was_told = false;
  };
  struct Leader {
    std::map<NodeId, Progress> followers;  // everybody but ourselves
    Index first_of_term = 0;               // our no-op: what is committed before it may not be all that is
    Time heartbeat_due = 0;
    ReadRounds reads;
    std::optional<Transfer> transfer;
    std::optional<uint64_t> change;  // the order under way
    Lease lease;
    bool takes_writes = true;  // there is room for them
  };
  using Role = std::variant<Follower, PreCandidate, Candidate, Leader>;  // in the order of RoleName

  // Why an order cannot be carried out; empty if it can. Some reasons pass by themselves.
  struct WhyNot {
    std::string reason;
    bool is_transient = false;
  };

  // A process of a follower has acknowledged our log to that index, when we led in that term.
  struct Promise {
    uint64_t start = 0;
    LogPosition acknowledged;
  };

  // A save handed out with take_effects() and not yet confirmed.
  struct Save {
    uint64_t number;
    HardState hard_state;
    Time handed_at;
    uint64_t bytes;  // that it uses at most
  };

  // raft.cc
  void recover(std::vector<Entry> entries);
  void on(const TimePassed&);
  void on(const Received& received);
  void on(const Persisted& persisted);
  void on(const PeerGone& gone);
  bool may_receive(const Message& message);
  void answer_older_term(const Message& message);
  bool is_removed(NodeId node) const;
  void tell_removed(const Message& message);
  void on(const Message& message, const Removed&);
  void forget_leader();
  void become(Role role);
  void become_follower(Term term, NodeId leader);
  void set_hard_state(HardState hard_state);
  void send(NodeId to, MessageBody body);
  void send_once_durable(NodeId to, MessageBody body);
  bool is_voter(NodeId node) const { return membership_.voters().contain(node); }
  Progress* progress_of(NodeId node);
  Leader* as_leader() { return std::get_if<Leader>(&role_); }
  const Leader* as_leader() const { return std::get_if<Leader>(&role_); }
  RoleName role_name() const { return static_cast<RoleName>(role_.index()); }
  void collect_saves();
  void check_invariants();

  // election.cc
  void campaign_or_wait();
  bool is_electable() const;
  void campaign();
  void ask_for_votes(bool by_transfer);
  void count_votes();
  void become_leader();
  void check_quorum(Leader& leader);
  Time quorum_heard_at(const Leader& leader) const;
  bool hears_leader() const;
  Time patience();
  Time campaign_patience();
  void promise_to_elect_nobody();
  Time may_elect_at() const;
  bool may_elect() const { return now_ >= may_elect_at(); }
  void on(const Message& message, const PreVoteRequest& request);
  void on(const Message& message, const PreVoteReply& reply);
  void on(const Message& message, const VoteRequest& request);
  void on(const Message& message, const VoteReply& reply);

  // transfer.cc
  void on(const TransferAsked& asked);
  void on(const Message& message, const TransferRequest& request);
  void on(const Message& message, const TimeoutNow&);
  void start_transfer(Leader& leader, NodeId to);
  void drive_transfer(Leader& leader);
  void end_late_transfer(Leader& leader);
  void end_transfer(NodeId new_leader);
  NodeId best_successor(const Leader& leader) const;
  WhyNot why_not_transfer(const Leader& leader, NodeId to) const;
  enum class Room { said, unless_denied, any };
  NodeId furthest_follower(const Leader& leader, Room room) const;
  bool is_disk_stalled() const;

  // replication.cc
  void on(const Proposed& proposed);
  void on(const Message& message, const ForwardProposals& forwarded);
  void forward(const Proposed& proposed);
  bool has_room_for(uint64_t bytes, uint64_t share) const;
  void append_own(EntryKind kind, Payload payload);
  void send_what_is_due(Leader& leader);
  void tell_commit(NodeId node, Progress& progress);
  void send_append(NodeId to, Progress& progress, bool with_entries);
  void send_heartbeats(Leader& leader);
  Heartbeat heartbeat_to(NodeId node, const Progress& progress, Index commit) const;
  void ask_what_was_lost(NodeId node, Progress& progress);
  void advance_commit();
  void on(const Message& message, const AppendEntries& append);
  static bool is_possible(const AppendEntries& append, Term term);
  void follow(NodeId leader);
  size_t take_in(const std::vector<Entry>& entries);
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
  WhyNot why_not_change(const Leader& leader, const std::vector<Change>& changes) const;
  void reconfigure(Leader& leader);
  void step_aside(Leader& leader);
  void sync_followers(Leader& leader);
  void use_configuration();
  void end_change();
  void end_admin_request(uint64_t id, AdminResult::Kind kind, std::string reason = {});
  void refuse_admin_request(uint64_t id, WhyNot why);

  // space.cc
  void on(const DiskSpace& space);
  void use_space(uint64_t bytes);
  static uint64_t bytes_of_save(const std::vector<Entry>& entries);
  bool has_space_for(const Entry& entry) const;
  void note_unsaved(const Entry& entry);
  void note_space(Leader& leader);

  // recovering.cc
  void hear_recovering(Progress& progress, uint64_t start);
  void conclude_recoveries(Leader& leader);
  uint64_t recovered(const Leader& leader, const Progress& progress) const;
  bool is_fenced(const Leader& leader, Index fence) const;
  void vote_for_who_leads();
  void complete_recovery();
  bool leaves_enough(const Leader& leader, const Configuration& next) const;

  // starts.cc
  void start_as(bool is_new, bool is_alone);
  bool counts(NodeId node, Progress& progress, const AppendReply& reply);
  bool counts(NodeId node, Progress& progress, const HeartbeatReply& reply);
  void judge_start(NodeId node, Progress& progress, const HeartbeatReply& reply);
  std::optional<Promise> broken_promise(NodeId node, const Progress& progress, const HeartbeatReply& reply) const;
  Promise promise_of(NodeId node) const;
  void remember_promises(const Leader& leader);
  void hear_verdict(const Heartbeat& heartbeat);
  void admit();
  void on(const WentBack&);

  // read_index.cc
  void on(const ReadAsked& asked);
  void on(const Message& message, const ReadIndexRequest& request);
  void on(const Message& message, const ReadIndexReply& reply);
  void start_read_round(Leader& leader);
  void confirm_reads(Leader& leader);
  void confirm_read(const ReadRounds::Reader& reader, Index index);
  void refuse_reads();
  void refuse_lost_reads();
  bool has_lease(const Leader& leader) const;

  Config config_;  // its entries have moved into the log
  Random random_;
  Time now_;
  HardState hard_state_;
  bool hard_state_unsaved_ = false;
  Log log_;
  SnapshotMark snapshot_;  // the newest on our disk
  Membership membership_;
  std::optional<LogPosition> restart_;  // not yet handed to the disk
  uint64_t recovering_;                 // as it was configured; 0: our log lacks nothing
  Role role_ = Follower{};
  NodeId leader_ = 0;                    // who leads this term, as far as we know
  std::optional<Time> heard_leader_at_;  // nothing: not since the start, or its process is gone
  Time elects_nobody_until_ = 0;         // promised to the leader that we heard, or before our last start
  Time silent_until_ = 0;                // no votes before that, unless a leader has judged this process
  Found found_;
  bool is_admitted_ = false;
  std::map<NodeId, Promise> promises_;                       // made to us when we led
  Time election_deadline_ = kNever;                          // of all but a leader
  std::optional<std::pair<uint64_t, NodeId>> handing_over_;  // the order under way, and to whom
  uint64_t campaign_round_ = 0;                              // pre-votes of ours so far
  uint64_t read_round_ = 1;                    // the newest of any term in which we led; 0 means no answer is wanted
  std::map<RequestId, Time> reads_forwarded_;  // asked of the leader and when, not answered yet
  uint64_t save_number_ = 0;
  std::vector<Save> saves_;  // under way, oldest first
  HardState durable_hard_state_;
  std::optional<uint64_t> space_left_;  // of a full disk, behind what it was handed
  uint64_t unsaved_bytes_ = 0;          // of what it was not handed yet
  bool has_left_out_ = false;           // something that was sent to us, for want of room
  bool leader_takes_writes_ = true;     // as it said last
  Effects effects_;
  uint64_t ignored_ = 0;

  HardState checked_hard_state_;  // as of the last step: neither goes back
  Index checked_commit_ = 0;
};

}  // namespace skiff::raft

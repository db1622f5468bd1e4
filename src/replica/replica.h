// Replica: main street. One node's Raft, its store, and the requests that wait; replica.cc reads from top to bottom as
// the life of a write. It knows no socket, no thread and no clock, so tests run it unchanged, on messages and disks of
// their own.
//
// Every call comes from one loop, carries the time, and ends with all effects of the core handed to Environment. The
// queue of proposals ends in propose(), and that of the disk in persisted(); the commit queue wakes apply_some().
//
// A request is a write or a barrier (src/replica/request.h). It ends in one of three ways, always by Requester: done,
// refused (it never takes effect), or unknown. A write that was submitted to a log or a wire is never refused.
//
// Always: time does not go back; every request is answered exactly once; a barrier is answered `done` only when
// everything up to its confirmed index is applied.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "raft/raft.h"
#include "src/base/metrics.h"
#include "src/base/result.h"
#include "src/replica/admin_requests.h"
#include "src/replica/backups.h"
#include "src/replica/digests.h"
#include "src/replica/environment.h"
#include "src/replica/history.h"
#include "src/replica/request.h"
#include "src/replica/resubmit_schedule.h"
#include "src/replica/snapshots.h"
#include "src/replica/waiting.h"
#include "store/state/command.h"
#include "store/state/kv.h"

namespace skiff {

struct ReplicaConfig {
  raft::Config raft;
  SnapshotConfig snapshots;
  HistoryConfig history;
  uint64_t digest_every = 0;  // entries: then states are compared; 0: never
  uint64_t incarnation = 0;   // how often this node has started
  raft::Time request_timeout = 5_s;
  // Bytes of this node's own writes that are submitted and not applied. Must be below a link's outbox limit, or writes
  // would be dropped in transit. The leader's own writes skip the link and may use a larger window.
  uint64_t forward_window_bytes = 0;
  uint64_t leader_window_bytes = 0;
  uint64_t waiting_writes_max = 0;
  uint64_t waiting_write_bytes_max = 0;
  uint64_t waiting_barriers_max = 0;
  size_t barriers_answered_max = ~size_t{0};  // of those that are confirmed, before the next tick
  size_t applied_max = 1'000;                 // entries a page
  size_t backups_max = 0;
  // A member that was added and that the leader has not heard of for so long is withdrawn. 0: never.
  raft::Time join_timeout;
  size_t members_max = 0;
};

AdminConfig admin_config(const ReplicaConfig& config);

class Replica {
 public:
  struct Counters {
    uint64_t waiting_writes = 0;
    uint64_t waiting_barriers = 0;

    template <class Visitor>
    void visit_metrics(Visitor&& visitor) const {
      visitor(Metric::gauge("waiting_writes", "Writes of this node's clients that are not applied yet."),
              waiting_writes);
      visitor(Metric::gauge("waiting_reads", "Reads that wait for their confirmation."), waiting_barriers);
    }
  };

  // `kv` is the map of the snapshot in the configuration.
  Replica(ReplicaConfig config, store::Kv kv, raft::Time now, Environment& environment, Requester& requester);
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  void propose(raft::Time now, std::vector<Request> batch);
  void received(raft::Time now, PeerMessage message);
  void persisted(raft::Time now, uint64_t save);
  // Applies a page of committed entries. A page at a time, so that a long log holds up nothing else: while
  // has_unapplied(), call it again in the next turn of the loop.
  void apply_some(raft::Time now);
  bool has_unapplied() const { return !unapplied_.empty(); }

  void peer_connected(raft::Time now, raft::NodeId node);
  void peer_gone(raft::Time now, raft::NodeId node);
  void tick(raft::Time now);
  // The disk is full but for so many bytes of log, as of the last save that it did; nothing: it is not full. Repeated
  // while it is full.
  void disk_space(raft::Time now, std::optional<uint64_t> bytes_left);

  // The ends of Environment::write_snapshot() and read_snapshot().
  void snapshot_written(raft::Time now, SnapshotWritten written);
  void snapshot_read(raft::Time now, raft::NodeId for_node, SnapshotPiece piece);
  // Something on the disk is damaged, and a snapshot as of this index or later takes its place. Repeated while it is
  // so.
  void replace_damaged(raft::Time now, raft::Index at);

  // A backup of the map as it is now. Error::Code::unavailable: not now, and why.
  Result<uint64_t> begin_backup() { return backups_.begin(raft_); }
  ReplicaBackups& backups() { return backups_; }
  const ReplicaBackups& backups() const { return backups_; }

  // An operator's request, at any node. Ends by Environment::admin_answered().
  void ask_admin(raft::Time now, const Ticket& ticket, AdminRequest request);
  // Changes of the shell's, done by this node or not at all. They end by Environment::admin_ended(), with the same id,
  // unique per process.
  void change_members(raft::Time now, uint64_t id, std::vector<raft::Change> changes);
  void hand_over(raft::Time now, uint64_t id, raft::NodeId to);

  // Little has been applied for a while: replaces a long log by a snapshot. Returns whether one is under way.
  bool shorten_log(raft::Time now);
  // Frees at most so many forgotten entries and versions. Returns whether there are more.
  bool free_some(size_t count_max);

  // When to tick, if nothing happens before.
  raft::Time next_deadline() const;

  // From now on every new request is refused; those that wait are still answered.
  void stop_taking() { is_stopping_ = true; }
  bool has_waiting() const { return writes_.size() + barriers_.size() > 0 || admin_.has_waiting(); }

  const store::Kv& kv() const { return kv_; }
  const raft::Raft& raft() const { return raft_; }
  const ReplicaSnapshots::Counts& snapshots() const { return snapshots_.counts(); }
  const std::deque<Withdrawn>& withdrawn() const { return admin_.withdrawn(); }
  Counters counters() const { return {.waiting_writes = writes_.size(), .waiting_barriers = barriers_.size()}; }
  uint64_t waiting_writes() const { return writes_.size(); }
  uint64_t waiting_barriers() const { return barriers_.size(); }
  // Commands from peers that this version cannot decode, or that claim to be another node's.
  uint64_t refused_commands() const { return refused_commands_; }

 private:
  void set_now(raft::Time now);
  void step(raft::Time now, const raft::Event& event);
  void apply_effects();
  const char* why_not_now() const;
  void accept(const Write& write);
  void accept(const Barrier& barrier, WaitingBarriers::Batch& batch);
  void add_write(WaitingWrite write, const store::OperationView& operation);
  void cut_history();
  void note_refusals(const raft::Effects& effects);
  void note_confirmations(const raft::Effects& effects);
  void drain_admin_requests(const raft::Effects& effects);
  void note_forgetfulness(const raft::Effects& effects);
  void drive_admin_requests();
  void end_what_waits();
  void submit();
  void refuse_where_disks_are_full();
  void submit_barriers();
  void resubmit_if_leader_changed();
  void resubmit(raft::Time barriers_until);
  void resubmit_if_stuck();
  raft::Time stuck_at() const;
  void note_progress() { resubmit_schedule_.note_progress(now_); }
  // The core's messages: the commands in two of them are checked first.
  void on(const PeerMessage& message, raft::ForwardProposals&& forward);
  void on(const PeerMessage& message, raft::AppendEntries&& append);
  template <class CoreBody>
  void on(const PeerMessage& message, CoreBody&& body) {
    step_received(message, std::move(body));
  }
  void step_received(const PeerMessage& message, raft::MessageBody&& body);
  // The replica's own messages.
  void on(const PeerMessage& message, SnapshotAsk&& ask);
  void on(const PeerMessage& message, SnapshotPiece&& piece);
  void on(const PeerMessage& message, StateDigest&& state);
  void on(const PeerMessage& message, AdminAttempt&& attempt);
  void on(const PeerMessage& message, AdminReply&& reply);
  void become_snapshot(raft::LogPosition position);
  void keep_committed(std::vector<raft::Entry>&& entries);
  std::vector<raft::Entry> next_page();
  void decode(const std::vector<raft::Entry>& page);
  void apply(const raft::Entry& entry, const store::Command& command);
  void apply_command(const raft::Entry& entry, const store::Command& command);
  bool is_of_another_process(const store::Origin& origin) const;
  void answer_ready_barriers();
  void answer_expired();
  const char* why_not_submitted() const;
  static constexpr char kDiskFull[] = "the disk is full, here or at too many of the members";
  void answer(const WaitingWrite& write, const store::Applied& applied);
  void answer(const WaitingWrite& write, Answer::Outcome outcome, const char* reason);
  void answer(const WaitingBarrier& barrier, Answer::Outcome outcome, const char* reason = "");
  void refuse(const Write& write, const char* reason);
  void refuse(const Barrier& barrier, const char* reason);

  ReplicaConfig config_;  // without the entries, which the core has
  Environment& environment_;
  Requester& requester_;
  raft::Raft raft_;
  store::Kv kv_;
  std::optional<store::Kv> arrived_;  // the map of a fetched snapshot, which kv_ becomes when the core begins anew
  ReplicaSnapshots snapshots_;
  ReplicaBackups backups_;
  AdminRequests admin_;
  ReplicaHistory history_;
  ReplicaDigests digests_;
  WaitingWrites writes_;
  WaitingBarriers barriers_;

  struct OnceDurable {
    uint64_t save;
    std::vector<raft::Message> messages;
  };
  std::vector<store::Command> decoded_;   // of the page that is being applied
  std::deque<raft::Entry> unapplied_;     // committed
  std::deque<OnceDurable> once_durable_;  // votes and acks that must not leave before their save

  raft::Time now_;
  uint64_t barrier_number_ = 0;  // of the last ReadAsked
  ResubmitSchedule resubmit_schedule_;
  bool has_more_ready_ = false;  // confirmed barriers, which the next tick answers
  bool is_stopping_ = false;
  bool is_removed_ = false;
  uint64_t refused_commands_ = 0;
};

}  // namespace skiff

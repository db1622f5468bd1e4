// Node: the shell. It gives a replica its loop, queues, timers, threads, sockets and clients, and wires them together.
// It decides nothing: policy is in src/replica, where the simulator runs it, too.
//
// Start: the data directory is opened and read back (its lock keeps a second process out), then the peers' port and the
// clients' port are bound, then the replica begins. Before a directory is founded, both ports are probed.
//
// Stop (src/replica/stop_sequence.h): no new connections, new requests are refused with 503, those under way are
// answered up to a deadline. Then sockets and threads are let go, and the loop runs until no handle is left in it.
//
// Failures: before the start, a Result that says why. Later, when the machine fails (a write or a sync), the
// process ends at once with one line, because nothing can be trusted after a failed sync.
//
// Always: every callback of the loop that touches the replica ends with after_step().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "raft/time.h"
#include "src/api/api.h"
#include "src/base/log.h"
#include "src/config/options.h"
#include "src/node/deadline_timer.h"
#include "src/node/disk_thread.h"
#include "src/node/free_pages.h"
#include "src/node/node_times.h"
#include "src/node/peer_connections.h"
#include "src/node/snapshot_thread.h"
#include "src/replica/environment.h"
#include "src/replica/housekeeping.h"
#include "src/replica/replica.h"
#include "src/replica/role_log.h"
#include "src/replica/stop_sequence.h"
#include "store/directory/storage.h"
#include "transport/http/server.h"
#include "transport/loop/async_queue.h"
#include "transport/loop/async_signal.h"
#include "transport/loop/loop.h"

namespace skiff {

class Node final : private Environment, private ApiHost, private HousekeepingActions, private PeerConnections::Host {
 public:
  // `joined` is the identity that a joining node was told (src/node/joining.h); null: it founds its cluster, or comes
  // back. `stopped` is called once a clean stop is done; whatever else keeps the loop alive is then to be let go.
  // Requires: `loop` outlives the node, and `handoff` every call of end_turn().
  static Result<std::unique_ptr<Node>> start(transport::Loop& loop, LoopRelease& handoff, const Options& options,
                                             const store::Identity* joined, std::function<void()> stopped);
  ~Node() override;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // After each turn of the loop: makes the inline batch durable. False if another thread has taken the loop over: then
  // nothing of the loop may be touched.
  bool end_turn();

  // Whether the node is to be started again, now that it has stopped: its disk has gone back to an older state.
  bool starts_again() const { return stop_.restarts(); }

  // Begins a clean stop. A second call cuts it short: requests under way are not waited for.
  void stop();

 private:
  Node(transport::Loop& loop, const Options& options, NodeIdentity self, std::function<void()> stopped);
  Result<> begin(LoopRelease& handoff, store::Opened opened, store::DataDirIds known);
  Result<> open_client_port();
  Result<> start_threads(LoopRelease& handoff, store::Opened& opened);
  SnapshotThread::Events snapshot_events();
  void open_queues();
  void begin_replica(store::Recovered& recovered);

  // Environment
  void send(PeerMessage&& message) override;
  void persist(uint64_t save, std::optional<raft::HardState> hard_state, std::optional<raft::LogPosition> restart,
               bool is_intact, std::vector<raft::Entry> entries) override;
  void committed() override { commits_->raise_here(); }
  void block_begins() override;
  void write_snapshot(SnapshotBytes bytes) override;
  void read_snapshot(raft::NodeId for_node, raft::LogPosition position, uint64_t offset) override;
  void drop(store::Kv kv) override;
  void admin_ended(const raft::AdminResult& end) override;
  void admin_answered(const Ticket& ticket, AdminAnswer answer) override;
  void withdrawn(const Withdrawn& member) override;
  void members_changed() override;
  void state_differs(raft::NodeId other, raft::Index index, bool is_outvoted) override;
  void removed() override;
  void peer_forgot(const raft::ForgetfulPeer& peer) override;
  void forgot(const raft::Forgotten& forgotten) override;

  // ApiHost
  bool propose(Request request) override;
  void respond(const Ticket& ticket, transport::Response&& response) override;
  void took_effect(const Ticket& ticket) override;
  bool ask_admin(const Ticket& ticket, AdminRequest request) override;
  const store::Kv& kv() const override { return replica_->kv(); }
  NodeReport report() const override;
  NodeReport::Groups metrics() const;
  std::string conflict() const override { return connections_->conflict(); }
  Result<std::unique_ptr<transport::BodySource>> backup() override;

  // HousekeepingActions
  bool has_spare() const override { return disk_->spare().is_there(); }
  void make_spare() override;
  void retry_save() override { disk_->retry(); }
  void disk_full(const std::string& error, bool is_news) override;
  void disk_has_space() override;
  void scrub(const ScrubSchedule::Task& task) override;
  void damage_found(const store::Damage& damage) override;
  void damage_removed(const store::Damage& damage) override;
  void replace_damaged(raft::Index at) override;
  uint64_t applied() const override { return kv().applied(); }
  bool shorten_log() override;
  bool free_some(size_t count_max) override;
  bool give_pages_back() override { return free_pages_.step(); }
  void stop_taking_pages() override { free_pages_.stop_taking(); }

  // PeerConnections::Host
  const raft::Raft& raft() const override { return replica_->raft(); }
  void received(PeerMessage&& message) override;
  void peer_connected(raft::NodeId node) override;
  void peer_gone(raft::NodeId node) override;
  void removed_by(raft::NodeId node) override;
  void remember(const store::DataDirIds& data_dir_ids) override;
  void wake() override;
  void order_move(AdminRequest order) override;

  // The ticket of orders that the node itself gives.
  static constexpr Ticket kNodeItself{.connection = ~uint64_t{0}};
  struct ClientAdminRequest {
    Ticket ticket;
    AdminRequest request;
  };
  void give(std::vector<Request>&& batch);
  void give(std::vector<ClientAdminRequest>&& batch);
  void saved(uint64_t save, raft::Time took);
  void snapshot_written(SnapshotWriteResult&& result);
  void snapshot_read(raft::NodeId for_node, SnapshotReadResult&& result);
  void spare_made(const std::string& error);
  void scrubbed(const store::Snapshots::Scrubbed* result);
  void apply();
  void tick();
  void after_step();
  void begin_stop();
  void stop_when_idle();

  transport::Loop& loop_;
  const Options options_;
  const NodeIdentity self_;

  std::unique_ptr<Replica> replica_;  // outlives what answers from its map
  std::unique_ptr<PeerConnections> connections_;
  std::unique_ptr<transport::HttpServer> http_;
  std::unique_ptr<DiskThread> disk_;
  std::unique_ptr<SnapshotThread> snapshots_;  // let go before the disk, which holds the lock of the directory
  std::optional<transport::AsyncQueue<Request>> proposals_;
  std::optional<transport::AsyncSignal> commits_;
  std::optional<transport::AsyncQueue<ClientAdminRequest>> orders_;
  std::optional<DeadlineTimer> timer_;
  std::optional<transport::Timer> stop_timer_;

  Api api_;
  std::optional<Housekeeping> housekeeping_;
  StopSequence stop_;
  RoleLog role_log_;
  FreePages free_pages_;
  Pace backup_pace_;  // of all backups together
  NodeTimes times_;
  log::Limit strange_commands_{10_s};
  std::function<void()> stopped_;
};

}  // namespace skiff

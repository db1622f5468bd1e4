// Node: the shell. Gives a replica its loop, its queues, its links, its disk and its clients; starts and stops them in
// order. The only file outside transport/ that knows libuv.
//
// Starting: the data directory is opened and read back (that is also the lock against a second process), then the
// peers' port and the clients' port are bound, then the replica begins. Before a directory is founded, both ports are
// tried.
//
// Stopping: no new connections, new requests are refused with 503, those under way are answered, as far as that takes
// no longer than limits::kStopDeadlineMs: the connections of those that are left are closed without an answer, which
// says as much as a 504. Then links and disk are let go, and the loop is run until nothing is left in it.
//
// What goes wrong: before the start, a Result that says what. After it, when the machine fails (a write or a sync), the
// process ends at once with one line: nothing that happens after a failed sync can be trusted.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "src/api/api.h"
#include "src/base/block_times.h"
#include "src/base/log.h"
#include "src/config/options.h"
#include "src/node/data_dir_conflicts.h"
#include "src/node/disk_thread.h"
#include "src/node/idle_memory.h"
#include "src/node/moved_members.h"
#include "src/node/second_process.h"
#include "src/node/snapshot_thread.h"
#include "src/replica/environment.h"
#include "src/replica/replica.h"
#include "src/replica/scrubbing.h"
#include "store/directory/storage.h"
#include "store/files/files.h"
#include "transport/http/server.h"
#include "transport/loop/async_queue.h"
#include "transport/loop/async_signal.h"
#include "transport/loop/loop.h"
#include "transport/peers/peers.h"

namespace skiff {

ScrubConfig scrub_config(const Options& options);

class Node final : private Environment, private ApiHost {
 public:
  // `stopped` is called once a clean stop is done; whatever else keeps the loop alive is then to be let go.
  // `joined` is what a node that is being added was told (src/joining); null: it founds its cluster, or comes back.
  static Result<std::unique_ptr<Node>> start(transport::Loop& loop, const Options& options,
                                             const store::Identity* joined, std::function<void()> stopped);
  ~Node() override;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // After each turn of the loop: makes durable what was saved in it. False as by step_aside.
  bool end_turn(const DiskThread::StepAside& step_aside);

  // Whether the node is to be started again, now that it has stopped: its disk has gone back to an older state.
  bool starts_again() const { return starts_again_; }

  // Begins a clean stop. A second call cuts it short: requests under way are not waited for.
  void stop();

 private:
  Node(transport::Loop& loop, const Options& options, const store::Recovered& recovered, std::function<void()> stopped);
  transport::Peers::Events peer_events();
  Result<> open_ports(const store::Recovered& recovered);
  Result<> open_client_port();
  Result<> begin(store::Opened opened);

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
  std::string conflict() const override;
  Result<std::unique_ptr<transport::BodySource>> backup() override;

  // The ticket of orders that the node gives itself.
  static constexpr Ticket kNodeItself{.connection = ~uint64_t{0}};
  struct ClientAdminRequest {
    Ticket ticket;
    AdminRequest request;
  };
  void received(PeerMessage&& message);
  void give(std::vector<Request>&& batch);
  void give(std::vector<ClientAdminRequest>&& batch);
  void told_removed(raft::NodeId by);
  void discovered(const transport::PeerMember& member);
  void saved(uint64_t save, uint64_t took_ns);
  void snapshot_written(SnapshotWritten written, const std::string& error);
  void ensure_spare_segment();
  void found_no_room(const std::string& error);
  void found_room();
  void scrub_if_due();
  void arm_scrub_timer();
  void scrubbed(const store::Snapshots::Scrubbed* scrubbed);
  void on_damage_found(const store::Snapshots::Scrubbed& news);
  void replace_damaged(const store::Snapshots::Scrubbed& scrubbed, std::optional<raft::Index> at);
  void look_after_memory();
  void apply();
  void tick();
  void after_step();
  void log_role();
  void arm_timer();
  void begin_stop();
  void stop_when_idle();
  void update_connections();
  void warn_if_unreachable(const std::vector<transport::PeerMember>& members);
  void wake();
  void compared(raft::NodeId peer, const transport::DataDirMatch& match);
  DataDirConflicts::Judgement judge_data_dirs() const;
  bool is_second() const { return second_process_.has_heard() && second_process_.is_second(loop_.now_ns()); }
  void look_for_moved();
  void told_of_moved(const AdminAnswer& answer);
  void runs_twice(raft::NodeId peer, const std::string& address);

  transport::Loop& loop_;
  const Options options_;
  const store::Identity identity_;
  const uint64_t incarnation_;
  uint64_t data_dir_id_ = 0;

  std::unique_ptr<Replica> replica_;  // outlives what answers from its map
  std::optional<transport::KnownPeers> known_;
  std::unique_ptr<transport::Peers> peers_;
  std::unique_ptr<transport::HttpServer> http_;
  std::unique_ptr<DiskThread> disk_;
  std::unique_ptr<SnapshotThread> snapshots_;  // let go before the disk, which holds the lock of the directory
  std::optional<transport::AsyncQueue<Request>> proposals_;
  std::optional<transport::AsyncSignal> commits_;
  Pace backup_pace_{limits::kSnapshotBytesPerS};  // of all backups together
  std::optional<transport::AsyncQueue<ClientAdminRequest>> orders_;
  std::optional<transport::Timer> timer_;
  std::optional<transport::Timer> stop_timer_;
  std::optional<transport::Timer> room_timer_;
  std::optional<transport::Timer> scrub_timer_;
  std::optional<transport::Timer> moved_timer_;
  std::optional<transport::Timer> memory_timer_;
  std::optional<IdleMemory> idle_memory_;
  Api api_;

  raft::Time armed_for_ = raft::kNever;
  raft::NodeId logged_leader_ = 0;
  raft::Term logged_term_ = 0;
  uint64_t slowest_sync_ns_ = 0;
  Scrubbing scrubbing_;
  BlockTimes block_times_;
  uint64_t block_began_ns_ = 0;
  log::Limit slow_disk_{10'000};
  log::Limit strange_commands_{10'000};
  log::Limit unidentified_{10'000};
  DataDirConflicts data_dir_conflicts_;
  SecondProcess second_process_;
  MovedMembers moved_members_;
  std::string greeted_address_;  // where its greetings say it is; empty: where the members say
  log::Limit twice_told_{60'000};
  std::string conflict_told_;  // the last line about them
  raft::Time conflict_told_at_ = 0;
  std::vector<transport::PeerMember> discovered_;  // who came by, and is in no configuration yet
  raft::Index connected_index_ = 0;  // of the configuration that the links follow, and whether it was committed then
  bool connected_committed_ = false;
  bool has_warned_unreachable_ = false;
  bool has_discovered_ = false;  // somebody, since then
  uint64_t inputs_ = 0;          // requests; at a leader, messages too
  uint64_t inputs_at_save_ = 0;
  bool is_making_spare_ = false;
  bool has_save_without_room_ = false;
  bool is_removed_ = false;
  bool has_forgotten_ = false;  // that is noted on disk: nothing that this process hears or says counts any more
  bool starts_again_ = false;
  bool is_stopping_ = false;
  bool is_handing_over_ = false;
  raft::Time stop_by_ = 0;
  std::function<void()> stopped_;
};

}  // namespace skiff

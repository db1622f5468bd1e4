// Machine: a simulated host with one node: the real Replica, Housekeeping and StopSequence over the real Storage, on a
// simulated disk and with a clock of its own. It replaces the shell (src/node), which holds no policy: everything that
// a node decides is the shipped code.
//
// A machine keeps its disk. It has a process from start() until that is killed, stops by itself, or is stopped. An
// event for a process that is paused is held back until the process goes on.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "src/replica/housekeeping.h"
#include "src/replica/inline_save_policy.h"
#include "src/replica/replica.h"
#include "src/replica/stop_sequence.h"
#include "store/directory/storage.h"
#include "tests/sim/client_request.h"
#include "tests/sim/world.h"
#include "tests/support/memory_files.h"

namespace skiff::sim {

class Checker;

constexpr char kDirectory[] = "data";  // of every machine
constexpr uint64_t kCluster = 7;

class Machine final : private Environment, private Requester, private HousekeepingActions {
 public:
  struct Events {
    std::function<void(PeerMessage&&)> send;
    std::function<void(const Ticket&, const ClientAnswer&)> answered;
    std::function<void(const raft::AdminResult&)> admin_ended;
    std::function<void(const Ticket&, const AdminAnswer&)> admin_answered;
    std::function<void(raft::NodeId)> stopped;  // the process has ended, by itself or as it was told
    std::function<void(raft::NodeId)> starts_again;
    std::function<bool(const PeerMessage&)> may_leave;
    std::function<void(raft::NodeId)> stepped;
  };
  // `founders` is empty for a node that waits to be added.
  Machine(World& world, Checker& checker, raft::NodeId id, std::vector<raft::NodeId> founders, Events events);

  raft::NodeId id() const { return id_; }
  bool is_up() const { return replica_ != nullptr; }
  bool is_paused() const { return is_paused_; }
  // Why it does not start: it found its disk damaged. Empty while it may still start.
  const std::optional<std::string>& refusal() const { return refusal_; }
  bool was_removed() const { return was_removed_; }
  // Damage has taken something from it in a way that it cannot notice.
  bool has_forgotten() const { return has_forgotten_; }
  // As it knew last. It may be down.
  bool is_recovering() const { return is_recovering_; }
  bool is_stopping() const { return stop_ && stop_->is_stopping(); }
  const Replica& replica() const { return *replica_; }
  testing::MemoryFiles& disk() { return files_; }
  uint64_t incarnation() const { return incarnation_; }
  uint64_t life() const { return life_; }
  Time up_for() const { return world_.now() - started_at_; }

  void start();
  void kill();                                       // the process; at any time
  void lose_power(testing::MemoryFiles::Loss loss);  // the machine
  void lose_power_in_next_save() { dies_in_save_ = true; }
  void stop();  // as by SIGTERM: requests under way are answered first
  void pause();
  void go_on();
  void stall_disk_until(Time until) { stalled_until_ = until; }
  void fill_disk_until(Time until) { full_until_ = until; }

  // Events from outside, ignored by a machine that is not up.
  void ask(ClientRequest request);
  void receive(PeerMessage&& message);
  void connected(raft::NodeId peer);
  void gone(raft::NodeId peer);
  void change_members(uint64_t order, std::vector<raft::Change> changes);
  void hand_over(uint64_t order, raft::NodeId to);
  void order(uint64_t name, AdminRequest order);

 private:
  // Environment
  void send(PeerMessage&& message) override;
  void persist(uint64_t save, std::optional<raft::HardState> hard_state, std::optional<raft::LogPosition> restart,
               bool is_intact, std::vector<raft::Entry> entries) override;
  void committed() override;
  // Requester
  void answered(const Ticket& ticket, Answer&& answer) override;
  void ended(const Ticket&) override {}
  void write_snapshot(SnapshotBytes bytes) override;
  void read_snapshot(raft::NodeId for_node, raft::LogPosition position, uint64_t offset) override;
  void drop(store::Kv) override {}
  void admin_ended(const raft::AdminResult& end) override;
  void admin_answered(const Ticket& ticket, AdminAnswer answer) override;
  void withdrawn(const Withdrawn& member) override;
  void members_changed() override {}
  void state_differs(raft::NodeId other, raft::Index index, bool is_outvoted) override;
  void removed() override;
  void peer_forgot(const raft::ForgetfulPeer& peer) override;
  void forgot(const raft::Forgotten& forgotten) override;

  // HousekeepingActions
  bool has_spare() const override { return storage_->spare().is_there(); }
  void make_spare() override;
  void retry_save() override;
  void disk_full(const std::string& error, bool is_news) override;
  void disk_has_space() override;
  void scrub(const ScrubSchedule::Task& task) override;
  void damage_found(const store::Damage& damage) override;
  void damage_removed(const store::Damage& damage) override;
  void replace_damaged(raft::Index at) override;
  uint64_t applied() const override { return replica_->kv().applied(); }
  bool shorten_log() override;
  bool free_some(size_t count_max) override;
  bool give_pages_back() override { return false; }
  void stop_taking_pages() override {}

  // Runs the task now, or when the process goes on; never in a later process of this machine.
  void in_process(std::function<void()> task);
  void later(Time delay, std::function<void()> task);
  void step(std::function<void(Replica&)> call);
  Request to_request(const ClientRequest& asked);
  void stop_when_idle();
  void trace(const std::function<std::string()>& line);
  void start_saving(bool is_inline);
  void finish_saving();
  void prepare_disk_faults(uint64_t operations_left);
  // Stops the machine or the process, if the operation that has just ended calls for it. True if it did.
  bool died_of(const Result<>& done);
  void finish_snapshot_write();
  void note_disk_news();
  void apply_page();
  void arm_timer();
  void tick();
  void begin_process(store::Opened opened);
  void end_process();
  ReplicaConfig config(store::Recovered& recovered);
  Time local_now() const { return clock_offset_ + world_.now() / 1'000 * clock_permille_; }

  World& world_;
  Checker& checker_;
  const raft::NodeId id_;
  const std::vector<raft::NodeId> founders_;
  Events events_;
  testing::MemoryFiles files_;
  const Time clock_offset_;
  const uint64_t clock_permille_;

  std::unique_ptr<store::Storage> storage_;
  std::unique_ptr<store::Snapshots> snapshots_;
  std::unique_ptr<Replica> replica_;
  std::map<uint64_t, std::string> keys_read_;  // of the gets that wait for their confirmation, by request
  uint64_t life_ = 0;                          // counts processes, and their ends
  Time started_at_;
  uint64_t incarnation_ = 0;
  std::optional<std::string> refusal_;
  bool is_paused_ = false;
  bool was_removed_ = false;
  bool is_recovering_ = false;
  bool has_forgotten_ = false;
  bool is_in_step_ = false;
  std::deque<std::function<void()>> held_;  // while the process is paused

  std::vector<store::Batch> waiting_;  // for the disk
  std::vector<store::Batch> saving_;
  uint64_t last_save_ = 0;
  uint64_t saving_up_to_ = 0;
  Time save_takes_;  // the one under way
  bool is_save_blocked_ = false;
  bool dies_in_save_ = false;
  Time stalled_until_;
  Time full_until_;

  std::deque<SnapshotBytes> snapshot_waiting_;
  std::optional<Housekeeping> housekeeping_;
  std::optional<StopSequence> stop_;
  std::optional<InlineSavePolicy> inline_saves_;
  bool is_applying_ = false;
  Time armed_for_ = raft::kNever;
};

}  // namespace skiff::sim

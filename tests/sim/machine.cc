#include "tests/sim/machine.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "raft/describe.h"
#include "src/replica/can_repair.h"
#include "src/replica/replica_config.h"
#include "src/replica/snapshot_work.h"
#include "tests/sim/checker.h"

namespace skiff::sim {
namespace {

constexpr size_t kHeldMax = 20'000;  // events that the sockets of a paused process hold
// Small enough that a run fills many.
store::WalOptions wal_options(const Weather& weather) {
  return {.segment_bytes = weather.has_small_limits ? 8 * 1024u : 64 * 1024u};
}

void make_small(ReplicaConfig& config) {
  config.raft.append_bytes_max = 400;
  config.raft.append_entries_max = 8;
  config.raft.window = {.entries_max = 16, .bytes_max = 2'000};
  config.raft.uncommitted_bytes_max = 4'000;
  config.raft.uncommitted_entries_max = 60;
  config.raft.waiting_reads_max = 20;
  config.history.revisions_per_cut = 3;
  config.history.bytes_per_cut = 200;
  config.forward_window_bytes = 500;
  config.leader_window_bytes = 2'000;
  config.waiting_writes_max = 40;
  config.waiting_write_bytes_max = 20'000;
  config.waiting_barriers_max = 40;
  config.applied_max = 3;
}

}  // namespace

Machine::Machine(World& world, Checker& checker, raft::NodeId id, std::vector<raft::NodeId> founders, Events events)
    : world_(world),
      checker_(checker),
      id_(id),
      founders_(std::move(founders)),
      events_(std::move(events)),
      files_(world.random.next()),
      clock_offset_(world.between(1_ns, 1'000_s)),
      clock_permille_(
          world.between(1'000 - world.weather.drift_permille / 2, 1'000 + world.weather.drift_permille / 2)) {
  if (clock_permille_ != 1'000) world_.count(Fault::drift);
}

// ---- the process: start and end

void Machine::start() {
  if (is_up() || refusal_) return;
  ++life_;
  store::Identity wanted{.cluster = kCluster, .node = id_, .founders = {}};
  for (raft::NodeId founder : founders_) wanted.founders.push_back({.id = founder, .address = std::to_string(founder)});
  files_.set_full(full_until_ > world_.now());
  auto opened = store::Storage::open(files_, kDirectory, wanted, wal_options(world_.weather), can_repair);
  if (!opened) {
    world_.trace([&] { return std::to_string(id_) + " cannot start: " + opened.error().what; });
    if (opened.error().code != Error::Code::no_space) checker_.refused_to_start(id_, opened.error());
    bool is_damaged = opened.error().code == Error::Code::corrupt || opened.error().code == Error::Code::invalid;
    if (is_damaged) refusal_ = opened.error().what;
    files_.restart();
    return;
  }
  begin_process(std::move(*opened));
}

void Machine::begin_process(store::Opened opened) {
  store::Recovered& recovered = opened.recovered;
  trace([&] {
    return " starts, " + raft::describe(recovered.hard_state) + ", " +
           (recovered.snapshot.position.index == 0 ? std::string()
                                                   : "snapshot " + raft::describe(recovered.snapshot.position) + ", ") +
           std::to_string(recovered.entries.size()) + " entries" +
           (recovered.damage ? ", recovering: " + *recovered.damage : "");
  });
  is_recovering_ = recovered.damage.has_value();
  if (!checker_.started(id_, recovered)) has_forgotten_ = true;
  incarnation_ = recovered.incarnation;
  started_at_ = world_.now();
  storage_ = std::move(opened.storage);
  snapshots_ = std::move(opened.snapshots);
  const Weather& weather = world_.weather;
  const ScrubConfig scrub{.every = weather.scrub_every,
                          .first = weather.scrub_every,
                          .piece_bytes = weather.scrub_piece_bytes,
                          .pause = weather.scrub_every / 4,
                          .replace_again = weather.scrub_every};
  HousekeepingActions& actions = *this;
  housekeeping_.emplace(scrub, local_now(), actions);
  stop_.emplace(weather.request_timeout + 1_s);
  inline_saves_.emplace();
  Environment& environment = *this;
  Requester& requester = *this;
  store::Kv kv = std::move(recovered.kv);
  replica_ = std::make_unique<Replica>(config(recovered), std::move(kv), local_now(), environment, requester);
  housekeeping_->space().ensure_spare();
  arm_timer();
}

// As of a node, but with the sizes and times of the weather.
ReplicaConfig Machine::config(store::Recovered& recovered) {
  const Weather& weather = world_.weather;
  const ReplicaSettings settings{.heartbeat_interval = weather.heartbeat,
                                 .election_timeout = weather.election_timeout,
                                 .request_timeout = weather.request_timeout,
                                 .join_timeout = 5_s,
                                 .snapshot_log_bytes = weather.snapshot_every * 100,
                                 .history = {.revisions = weather.history_revisions,
                                             .bytes = weather.history_revisions * 100,
                                             .age = weather.history_age}};
  const uint64_t start = world_.random.next() | 1;
  ReplicaConfig config = replica_config(settings, recovered, start, world_.random.next());
  config.raft.commit_notice_delay = weather.heartbeat / 25;  // 2 of 50 ms, as in the program
  config.raft.lease_reads = weather.has_lease;
  config.raft.space_kept_bytes = wal_options(weather).segment_bytes / 8;
  config.snapshots.every_entries = weather.snapshot_every;
  config.snapshots.size_percent = 0;
  config.snapshots.trailing_percent = weather.snapshot_trailing_percent;
  config.snapshots.rest_bytes = weather.snapshot_every * 50;
  config.snapshots.rest_trailing_bytes = weather.snapshot_every * 10;
  config.snapshots.block_bytes = weather.snapshot_piece_bytes / 2;
  config.snapshots.bytes_per_s = weather.snapshot_bytes_per_s;
  config.digest_every = 16;
  config.applied_max = 100;
  config.history.revisions_per_cut = 100;
  config.history.bytes_per_cut = 10'000;
  if (weather.has_small_limits) make_small(config);
  return config;
}

void Machine::end_process() {
  if (!is_up()) return;
  CHECK(!is_in_step_);
  checker_.ended(id_);
  world_.snapshots.resumed += replica_->snapshots().resumed;
  ++life_;
  replica_.reset();
  housekeeping_.reset();
  stop_.reset();
  inline_saves_.reset();
  snapshots_.reset();
  storage_.reset();
  is_paused_ = is_applying_ = is_save_blocked_ = false;
  held_.clear();
  keys_read_.clear();
  waiting_.clear();
  saving_.clear();
  snapshot_waiting_.clear();
  armed_for_ = raft::kNever;
  last_save_ = saving_up_to_ = 0;
  events_.stopped(id_);
}

void Machine::kill() {
  if (!is_up()) return;
  world_.trace([&] { return std::to_string(id_) + " is killed"; });
  end_process();
  files_.restart();
}

void Machine::lose_power(testing::MemoryFiles::Loss loss) {
  world_.trace([&] { return std::to_string(id_) + " loses power"; });
  end_process();
  files_.crash(loss);
  dies_in_save_ = false;
}

void Machine::stop() {
  if (!is_up() || is_stopping()) return;
  trace([] { return " is asked to stop"; });
  stop_->request();
  step([this](Replica& replica) { stop_->begin(local_now(), replica); });
  stop_when_idle();
}

void Machine::stop_when_idle() {
  const bool is_drained = saving_.empty();
  if (!stop_->may_end(local_now(), *replica_, is_drained)) return later(5_ms, [this] { stop_when_idle(); });
  trace([] { return " has stopped"; });
  end_process();
  files_.restart();
}

void Machine::pause() {
  if (!is_up() || is_paused_) return;
  world_.trace([&] { return std::to_string(id_) + " stands still"; });
  is_paused_ = true;
}

void Machine::go_on() {
  if (!is_paused_) return;
  world_.trace([&] { return std::to_string(id_) + " goes on"; });
  is_paused_ = false;
  while (!held_.empty() && is_up()) {
    std::function<void()> task = std::move(held_.front());
    held_.pop_front();
    in_process(std::move(task));
  }
}

void Machine::in_process(std::function<void()> task) {
  if (!is_up()) return;
  if (is_paused_) {
    if (held_.size() < kHeldMax) held_.push_back(std::move(task));
    return;
  }
  task();
  if (is_up()) arm_timer();
}

void Machine::later(Time delay, std::function<void()> task) {
  world_.after(delay, [this, life = life_, task = std::move(task)] {
    if (life == life_) in_process(task);
  });
}

void Machine::step(std::function<void(Replica&)> call) {
  CHECK(!is_in_step_);
  is_in_step_ = true;
  call(*replica_);
  is_in_step_ = false;
  checker_.stepped(id_, *replica_);
  events_.stepped(id_);
}

void Machine::trace(const std::function<std::string()>& line) {
  world_.trace([&] { return std::to_string(id_) + line(); });
}

// ---- events

void Machine::ask(ClientRequest asked) {
  in_process([this, asked = std::move(asked)] {
    inline_saves_->note_request();
    step([&](Replica& replica) { replica.propose(local_now(), {to_request(asked)}); });
  });
}

Request Machine::to_request(const ClientRequest& asked) {
  if (asked.kind == linearizable::Operation::Kind::get) {
    keys_read_[asked.ticket.request] = asked.key;
    return Barrier{.ticket = asked.ticket, .timeout = world_.weather.request_timeout};
  }
  if (asked.kind == linearizable::Operation::Kind::put) {
    return Write{.ticket = asked.ticket,
                 .operation = store::Put{.key = asked.key, .value = asked.value, .condition = asked.demand.encode()}};
  }
  return Write{.ticket = asked.ticket, .operation = store::DeleteRange{.key = asked.key, .end = {}}};
}

void Machine::receive(PeerMessage&& message) {
  in_process([this, message = std::move(message)]() mutable {
    if (stop_->is_cut_off()) return;
    world_.trace([&] { return describe(message); });
    inline_saves_->note_message(replica_->raft().is_leader());
    step([&](Replica& replica) { replica.received(local_now(), std::move(message)); });
  });
}

void Machine::connected(raft::NodeId peer) {
  in_process([this, peer] { step([&](Replica& replica) { replica.peer_connected(local_now(), peer); }); });
}

void Machine::gone(raft::NodeId peer) {
  in_process([this, peer] { step([&](Replica& replica) { replica.peer_gone(local_now(), peer); }); });
}

void Machine::change_members(uint64_t order, std::vector<raft::Change> changes) {
  in_process([this, order, changes = std::move(changes)] {
    step([&](Replica& replica) { replica.change_members(local_now(), order, changes); });
  });
}

void Machine::hand_over(uint64_t order, raft::NodeId to) {
  in_process([this, order, to] { step([&](Replica& replica) { replica.hand_over(local_now(), order, to); }); });
}

void Machine::order(uint64_t name, AdminRequest order) {
  in_process([this, name, order = std::move(order)] {
    step([&](Replica& replica) { replica.ask_admin(local_now(), {.request = name}, order); });
  });
}

void Machine::arm_timer() {
  const Time deadline = std::min(replica_->next_deadline(), housekeeping_->next_deadline());
  if (deadline >= armed_for_ || deadline == raft::kNever) return;
  armed_for_ = deadline;
  const Time now = local_now();
  const Time delay = deadline > now ? (deadline - now) / clock_permille_ * 1'000 + 1_us : 0_s;
  later(delay, [this] { tick(); });
}

void Machine::tick() {
  armed_for_ = raft::kNever;
  step([&](Replica& replica) { replica.tick(local_now()); });
  housekeeping_->tick(local_now());
}

// ---- what the replica asks for

void Machine::send(PeerMessage&& message) {
  if (stop_->is_cut_off()) return;
  if (!events_.may_leave(message)) return;
  checker_.leaves(message);
  events_.send(std::move(message));
}

void Machine::persist(uint64_t save, std::optional<raft::HardState> hard_state,
                      std::optional<raft::LogPosition> restart, bool is_intact, std::vector<raft::Entry> entries) {
  CHECK(save > last_save_);
  last_save_ = save;
  const InlineSavePolicy::Save next{.is_leader = replica_->raft().is_leader(),
                                    .entries = entries.size(),
                                    .bytes = InlineSavePolicy::bytes_of(entries)};
  const bool is_inline = inline_saves_->allows(next) && world_.weather.has_inline_saves;
  waiting_.push_back(
      {.hard_state = hard_state, .entries = std::move(entries), .restart = restart, .is_intact = is_intact});
  if (saving_.empty()) start_saving(is_inline);
}

// ---- snapshots

void Machine::write_snapshot(SnapshotBytes bytes) {
  snapshot_waiting_.push_back(std::move(bytes));
  if (snapshot_waiting_.size() > 1) return;
  later(world_.about(world_.weather.sync / 4 + 1_us), [this] { finish_snapshot_write(); });
}

void Machine::finish_snapshot_write() {
  SnapshotBytes bytes = std::move(snapshot_waiting_.front());
  snapshot_waiting_.pop_front();
  if (!snapshot_waiting_.empty()) later(world_.about(world_.weather.sync), [this] { finish_snapshot_write(); });
  prepare_disk_faults(8);
  auto done = skiff::write_snapshot(*snapshots_, std::move(bytes));
  if (died_of(done ? Result<>() : tl::unexpected(done.error()))) return;
  SnapshotWritten& written = done->written;
  if (written.is_last || written.has_failed) {
    trace([&] {
      return (written.has_failed ? " gives up snapshot " : " has snapshot ") + raft::describe(written.mark.position);
    });
    if (!written.has_failed) ++(written.is_fetched ? world_.snapshots.fetched : world_.snapshots.made);
  }
  step([&](Replica& replica) { replica.snapshot_written(local_now(), std::move(written)); });
  checker_.applied(id_, replica_->kv());
  note_disk_news();
}

void Machine::read_snapshot(raft::NodeId for_node, raft::LogPosition position, uint64_t offset) {
  later(world_.about(world_.weather.sync / 4 + 1_us), [=, this] {
    auto done = skiff::read_snapshot(*snapshots_, position, offset, world_.weather.snapshot_piece_bytes);
    step([&](Replica& replica) { replica.snapshot_read(local_now(), for_node, std::move(done.piece)); });
    note_disk_news();
  });
}

// ---- commits, answers

void Machine::committed() {
  if (std::exchange(is_applying_, true)) return;
  later(world_.between(1_us, 100_us), [this] { apply_page(); });
}

void Machine::apply_page() {
  step([&](Replica& replica) { replica.apply_some(local_now()); });
  checker_.applied(id_, replica_->kv());
  is_applying_ = replica_->has_unapplied();
  if (is_applying_) later(world_.between(1_us, 100_us), [this] { apply_page(); });
}

}  // namespace skiff::sim

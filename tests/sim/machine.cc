#include "tests/sim/machine.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "raft/describe.h"
#include "src/replica/can_repair.h"
#include "tests/sim/checker.h"

namespace skiff::sim {
namespace {

constexpr uint64_t kLastOrder = ~uint64_t{0};
constexpr size_t kHeldMax = 20'000;  // what a process that stands still can have waiting in its sockets
// Small enough that a day fills many.
store::WalOptions wal_options(const Weather& weather) {
  return {.segment_bytes = weather.has_small_limits ? 8 * 1024u : 64 * 1024u};
}

}  // namespace

Machine::Machine(World& world, Checker& checker, raft::NodeId id, std::vector<raft::NodeId> founders, Events events)
    : world_(world),
      checker_(checker),
      id_(id),
      founders_(std::move(founders)),
      events_(std::move(events)),
      files_(world.random.next()),
      clock_offset_(world.between(1, 1'000 * kSecond)),
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
  world_.trace([&] {
    return std::to_string(id_) + " starts, " + raft::describe(opened->recovered.hard_state) + ", " +
           (opened->recovered.snapshot.position.index == 0
                ? std::string()
                : "snapshot " + raft::describe(opened->recovered.snapshot.position) + ", ") +
           std::to_string(opened->recovered.entries.size()) + " entries" +
           (opened->recovered.damage ? ", to be mended: " + *opened->recovered.damage : "");
  });
  is_recovering_ = opened->recovered.damage.has_value();
  if (!checker_.started(id_, opened->recovered)) has_forgotten_ = true;
  incarnation_ = opened->recovered.incarnation;
  started_at_ = world_.now();
  storage_ = std::move(opened->storage);
  snapshots_ = std::move(opened->snapshots);
  Environment& environment = *this;
  Requester& requester = *this;
  store::Kv kv = std::move(opened->recovered.kv);
  replica_ = std::make_unique<Replica>(config(std::move(opened->recovered)), std::move(kv), local_now(), environment,
                                       requester);
  scrubbing_.emplace(scrub_config(world_.weather), world_.now());
  arm_scrub();
  arm_timer();
  ensure_spare_segment();
}

ReplicaConfig Machine::config(store::Recovered recovered) {
  const Weather& weather = world_.weather;
  const uint64_t start = world_.random.next() | 1;
  uint64_t scale = weather.has_small_limits ? 1 : 1'000;
  ReplicaConfig config{.raft = {.id = id_,
                                .founders = raft::founded_by(founders_),
                                .heartbeat_interval = weather.heartbeat,
                                .election_timeout = weather.election_timeout,
                                .seed = world_.random.next(),
                                .commit_notice_delay = weather.heartbeat / 25,  // 2 of 50 ms, as in the program
                                .hard_state = recovered.hard_state,
                                .snapshot = std::move(recovered.snapshot),
                                .entries = std::move(recovered.entries),
                                .start = start,
                                .recovering = recovered.damage ? start : 0,
                                .lease_reads = weather.has_lease,
                                .append_bytes_max = 400 * scale,
                                .append_entries_max = 8 * scale,
                                .window = {.entries_max = 16 * scale, .bytes_max = 2'000 * scale},
                                .uncommitted_bytes_max = 4'000 * scale,
                                .uncommitted_entries_max = 60 * scale,
                                .waiting_reads_max = 20 * scale,
                                .space_kept_bytes = wal_options(weather).segment_bytes / 8},
                       .snapshots = {.cluster = kCluster,
                                     .every_entries = weather.snapshot_every,
                                     .every_bytes = weather.snapshot_every * 100,
                                     .trailing_percent = weather.snapshot_trailing_percent,
                                     .block_bytes = weather.snapshot_piece_bytes / 2,
                                     .retry_after = weather.election_timeout,
                                     .bytes_per_s = weather.snapshot_bytes_per_s,
                                     .begun = std::move(recovered.begun)},
                       .history = {.revisions = weather.history_revisions,
                                   .bytes = weather.history_revisions * 100,
                                   .age = weather.history_age,
                                   .revisions_per_cut = weather.has_small_limits ? 3u : 100u,
                                   .bytes_per_cut = weather.has_small_limits ? 200u : 10'000u},
                       .digest_every = 16,
                       .incarnation = recovered.incarnation,
                       .request_timeout = weather.request_timeout,
                       .forward_window_bytes = 500 * scale,
                       .leader_window_bytes = 2'000 * scale,
                       .waiting_writes_max = 40 * scale,
                       .waiting_write_bytes_max = 20'000 * scale,
                       .waiting_barriers_max = 40 * scale,
                       .applied_max = weather.has_small_limits ? 3u : 100u,
                       .join_timeout = 5 * kSecond,
                       .members_max = 7};
  return config;
}

void Machine::end_process() {
  if (!is_up()) return;
  CHECK(!is_in_step_);
  checker_.ended(id_);
  world_.snapshots.resumed += replica_->snapshots().resumed;
  ++life_;
  replica_.reset();
  snapshots_.reset();
  storage_.reset();
  is_paused_ = is_stopping_ = is_applying_ = has_save_without_room_ = is_making_spare_ = false;
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
  if (!is_up() || is_stopping_) return;
  world_.trace([&] { return std::to_string(id_) + " is asked to stop"; });
  is_stopping_ = true;
  step([this](Replica& replica) {
    replica.stop_taking();
    if (replica.raft().is_leader()) replica.hand_over(local_now(), kLastOrder, 0);
  });
  stop_when_idle(world_.now() + world_.weather.request_timeout + kSecond);
}

void Machine::stop_when_idle(Time at_latest) {
  bool is_idle = !replica_->has_waiting() && saving_.empty();
  if (!is_idle && world_.now() < at_latest) return later(5 * kMillisecond, [=, this] { stop_when_idle(at_latest); });
  world_.trace([&] { return std::to_string(id_) + " has stopped"; });
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
    std::function<void()> what = std::move(held_.front());
    held_.pop_front();
    what();
  }
}

void Machine::in_process(std::function<void()> what) {
  if (!is_up()) return;
  if (!is_paused_) return what();
  if (held_.size() < kHeldMax) held_.push_back(std::move(what));
}

void Machine::later(Time delay, std::function<void()> what) {
  world_.after(delay, [this, life = life_, what = std::move(what)] {
    if (life == life_) in_process(what);
  });
}

void Machine::step(std::function<void(Replica&)> what) {
  is_in_step_ = true;
  what(*replica_);
  is_in_step_ = false;
  checker_.stepped(id_, *replica_);
  events_.stepped(id_);
  arm_timer();
}

// ---- what happens to it

void Machine::ask(ClientRequest asked) {
  in_process([this, asked = std::move(asked)] {
    step([&](Replica& replica) { replica.propose(local_now(), {to_request(asked)}); });
  });
}

Request Machine::to_request(const ClientRequest& asked) {
  if (asked.kind == linearizable::Operation::Kind::get) {
    keys_read_[asked.ticket.request] = asked.key;
    return Barrier{.ticket = asked.ticket, .timeout = world_.weather.request_timeout};
  }
  const bool is_put = asked.kind == linearizable::Operation::Kind::put;
  return Write{
      .ticket = asked.ticket,
      .operation = {.verb = is_put ? store::Verb::put : store::Verb::remove, .key = asked.key, .value = asked.value}};
}

void Machine::receive(PeerMessage&& message) {
  in_process([this, message = std::move(message)]() mutable {
    world_.trace([&] { return describe(message); });
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
  Time deadline = replica_->next_deadline();
  if (deadline >= armed_for_ || deadline == raft::kNever) return;
  armed_for_ = deadline;
  Time now = local_now();
  Time delay = deadline > now ? (deadline - now) / clock_permille_ * 1'000 + 1'000 : 0;
  later(delay, [this] {
    armed_for_ = raft::kNever;
    step([&](Replica& replica) { replica.tick(local_now()); });
  });
}

// ---- what it wants done

void Machine::send(PeerMessage&& message) {
  if (!events_.may_leave(message)) return;
  checker_.leaves(message);
  events_.send(std::move(message));
}

void Machine::persist(uint64_t save, std::optional<raft::HardState> hard_state,
                      std::optional<raft::LogPosition> restart, bool is_intact, std::vector<raft::Entry> entries) {
  CHECK(save > last_save_);
  last_save_ = save;
  waiting_.push_back(
      {.hard_state = hard_state, .entries = std::move(entries), .restart = restart, .is_intact = is_intact});
  if (saving_.empty()) start_saving();
}

// ---- snapshots

void Machine::write_snapshot(SnapshotBytes bytes) {
  snapshot_waiting_.push_back(std::move(bytes));
  if (snapshot_waiting_.size() == 1) {
    later(world_.about(world_.weather.sync / 4 + 1'000), [this] { write_waiting_snapshot(); });
  }
}

void Machine::write_waiting_snapshot() {
  SnapshotBytes now = std::move(snapshot_waiting_.front());
  snapshot_waiting_.pop_front();
  if (!snapshot_waiting_.empty()) later(world_.about(world_.weather.sync), [this] { write_waiting_snapshot(); });
  prepare_disk_faults(8);
  SnapshotWritten written{
      .mark = now.mark, .end = now.offset + now.bytes->size(), .is_last = now.is_last, .is_fetched = now.is_fetched};
  auto done = snapshots_->write({.mark = now.mark,
                                 .offset = now.offset,
                                 .bytes = *now.bytes,
                                 .is_last = now.is_last,
                                 .is_fetched = now.is_fetched});
  if (dies_in_save_) return lose_power(testing::MemoryFiles::Loss::random);
  if (!done && done.error().code == Error::Code::io) {
    world_.trace([&] { return std::to_string(id_) + " stops: " + done.error().what; });
    return kill();
  }
  written.has_failed = !done;
  if (done) written.loaded = std::move(*done);
  wrote_snapshot(std::move(written));
}

void Machine::wrote_snapshot(SnapshotWritten written) {
  if (written.is_last || written.has_failed) {
    world_.trace([&] {
      return std::to_string(id_) + (written.has_failed ? " gives up snapshot " : " has snapshot ") +
             raft::describe(written.mark.position);
    });
    if (!written.has_failed) ++(written.is_fetched ? world_.snapshots.fetched : world_.snapshots.made);
  }
  step([&](Replica& replica) { replica.snapshot_written(local_now(), std::move(written)); });
  checker_.applied(id_, replica_->kv());
  note_damage_found();
}

void Machine::read_snapshot(raft::NodeId for_node, raft::LogPosition position, uint64_t offset) {
  later(world_.about(world_.weather.sync / 4 + 1'000), [=, this] {
    auto piece = snapshots_->read(position.index, offset, world_.weather.snapshot_piece_bytes);
    SnapshotPiece answer{.position = position, .offset = offset};
    if (piece) {
      answer.is_last = piece->is_last;
      answer.bytes = std::make_shared<const std::string>(std::move(piece->bytes));
    }
    step([&](Replica& replica) { replica.snapshot_read(local_now(), for_node, std::move(answer)); });
    note_damage_found();
  });
}

// ---- commits, answers

void Machine::committed() {
  if (std::exchange(is_applying_, true)) return;
  later(world_.between(1'000, 100'000), [this] { apply_page(); });
}

void Machine::apply_page() {
  step([&](Replica& replica) { replica.apply_some(local_now()); });
  checker_.applied(id_, replica_->kv());
  is_applying_ = replica_->has_unapplied();
  if (is_applying_) later(world_.between(1'000, 100'000), [this] { apply_page(); });
}

}  // namespace skiff::sim

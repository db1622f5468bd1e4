#include "src/node/node.h"

#include <fmt/format.h>

#include <utility>

#include "raft/check.h"
#include "raft/describe.h"
#include "src/base/try.h"
#include "src/config/limits.h"
#include "src/node/setup.h"

namespace skiff {

// ---- start

Result<std::unique_ptr<Node>> Node::start(transport::Loop& loop, LoopRelease& handoff, const Options& options,
                                          const store::Identity* joined, std::function<void()> stopped) {
  TRY(OpenedDirectory directory, open_directory(options, joined));
  const store::Recovered& recovered = directory.opened.recovered;
  NodeIdentity self{
      .identity = recovered.identity, .incarnation = recovered.incarnation, .data_dir_id = directory.data_dir_id};
  std::unique_ptr<Node> node(new Node(loop, options, std::move(self), std::move(stopped)));
  TRY(node->begin(handoff, std::move(directory.opened), std::move(directory.known)));
  return node;
}

Node::Node(transport::Loop& loop, const Options& options, NodeIdentity self, std::function<void()> stopped)
    : loop_(loop),
      options_(options),
      self_(std::move(self)),
      api_(api_config(options), *this),
      stop_(limits::kStopDeadline),
      backup_pace_(limits::kSnapshotBytesPerS),
      times_(options.heartbeat * 2),
      stopped_(std::move(stopped)) {
  CHECK(self_.identity.node == options_.id);
  CHECK(self_.incarnation > 0);
}

Node::~Node() { loop_.before_wait({}); }

// No callback comes before the loop runs, so the replica is there in time.
Result<> Node::begin(LoopRelease& handoff, store::Opened opened, store::DataDirIds known) {
  PeerConnections::Host& host = *this;
  TRY(connections_, PeerConnections::open(loop_, options_, self_, opened.recovered, std::move(known), host));
  TRY(open_client_port());
  TRY(start_threads(handoff, opened));
  open_queues();
  const store::Recovered& recovered = opened.recovered;
  log::info(fmt::format("start {} of cluster {:016x}, {} keys and {} entries in {}; clients at {}, peers at {}",
                        self_.incarnation, self_.identity.cluster, recovered.kv.keys(), recovered.entries.size(),
                        options_.data_dir, transport::to_url({.host = options_.listen, .port = http_->port()}),
                        transport::to_url(connections_->address())));
  begin_replica(opened.recovered);
  return {};
}

static void stop_for(const Error& error) {
  log::die(to_text(error) +
           "; this node stops. Look for the cause, then start it again: it reads back what is on its disk");
}

Result<> Node::start_threads(LoopRelease& handoff, store::Opened& opened) {
  disk_ = std::make_unique<DiskThread>(
      loop_, handoff, std::move(opened.storage),
      DiskThread::Events{.saved = [this](uint64_t save, raft::Time took) { saved(save, took); },
                         .failed = stop_for,
                         .disk_full =
                             [this](const Error& error) {
                               housekeeping_->space().save_blocked(loop_.now(), to_text(error));
                               after_step();
                             }});
  TRY(Result<>(disk_->started()));
  loop_.before_wait([this] {
    if (disk_) disk_->flush_to_thread();
  });
  snapshots_ = std::make_unique<SnapshotThread>(loop_, std::move(opened.snapshots), snapshot_events());
  return snapshots_->started();
}

SnapshotThread::Events Node::snapshot_events() {
  return {.written = [this](SnapshotWriteResult&& result) { snapshot_written(std::move(result)); },
          .read = [this](raft::NodeId for_node,
                         SnapshotReadResult&& result) { snapshot_read(for_node, std::move(result)); },
          .spare_made = [this](const std::string& error) { spare_made(error); },
          .scrubbed = [this](const store::Snapshots::Scrubbed* result) { scrubbed(result); },
          .noted =
              [this](const store::Snapshots::Scrubbed& news) {
                housekeeping_->scrub().noted(loop_.now(), news);
                after_step();
              },
          .failed = stop_for};
}

void Node::open_queues() {
  commits_.emplace(loop_, [this] { apply(); });
  timer_.emplace(loop_, [this] { tick(); });
}

void Node::begin_replica(store::Recovered& recovered) {
  Environment& environment = *this;
  HousekeepingActions& actions = *this;
  store::Kv kv = std::move(recovered.kv);
  const uint64_t start = random_seed() | 1;  // anything but 0
  ReplicaConfig config = replica_config(replica_settings(options_), recovered, start, random_seed());
  replica_ = std::make_unique<Replica>(std::move(config), std::move(kv), loop_.now(), environment, api_);
  housekeeping_.emplace(scrub_config(options_), loop_.now(), actions);
  housekeeping_->space().ensure_spare();
  connections_->update();
  after_step();
}

// ---- what the replica asks for

void Node::send(PeerMessage&& message) {
  if (!stop_.is_cut_off()) connections_->send(message);
}

void Node::persist(uint64_t save, std::optional<raft::HardState> hard_state, std::optional<raft::LogPosition> restart,
                   bool is_intact, std::vector<raft::Entry> entries) {
  if (is_intact) log::info("the other members have sent what was lost: this node is intact again");
  disk_->save(save,
              {.hard_state = hard_state, .entries = std::move(entries), .restart = restart, .is_intact = is_intact},
              replica_->raft().is_leader());
}

void Node::block_begins() { times_.block_begins(); }

void Node::write_snapshot(SnapshotBytes bytes) {
  if (!bytes.is_fetched) times_.block_ends(bytes.offset == 0);
  snapshots_->write(std::move(bytes));
}

void Node::read_snapshot(raft::NodeId for_node, raft::LogPosition position, uint64_t offset) {
  snapshots_->read(for_node, position, offset, limits::kSnapshotPieceBytes);
}

void Node::drop(store::Kv kv) { snapshots_->drop(std::move(kv)); }

void Node::admin_ended(const raft::AdminResult& end) {
  log::info("hands leadership over: " + raft::describe(end));
  stop_.hand_over_ended(end.id);
}

void Node::wake() {
  if (timer_) timer_->expire_soon();
}

// ---- events

void Node::received(PeerMessage&& message) {
  if (stop_.is_cut_off()) return;
  disk_->inline_policy().note_message(replica_->raft().is_leader());
  const raft::NodeId from = message.from;
  const uint64_t refused_before = replica_->refused_commands();
  replica_->received(loop_.now(), std::move(message));
  if (replica_->refused_commands() != refused_before) {
    strange_commands_.warn(loop_.cached_now(),
                           fmt::format("node {} sent a command that this version cannot read; it was "
                                       "not taken. Do both run the same version?",
                                       from));
  }
  after_step();
}

void Node::peer_connected(raft::NodeId node) {
  replica_->peer_connected(loop_.now(), node);
  after_step();
}

void Node::peer_gone(raft::NodeId node) {
  replica_->peer_gone(loop_.now(), node);
  after_step();
}

// Another member has turned this node away. The replica is told as a leader would tell it.
void Node::removed_by(raft::NodeId node) {
  CHECK(node != options_.id);
  replica_->received(loop_.now(),
                     {.from = node, .to = options_.id, .term = replica_->raft().term(), .body = raft::Removed{}});
  after_step();
}

void Node::remember(const store::DataDirIds& data_dir_ids) { disk_->remember(data_dir_ids); }

void Node::order_move(AdminRequest order) {
  CHECK(order.kind == AdminRequest::Kind::move);
  replica_->ask_admin(loop_.now(), kNodeItself, std::move(order));
  after_step();
}

void Node::saved(uint64_t save, raft::Time took) {
  times_.note_save(loop_.cached_now(), took);
  if (save != 0) replica_->persisted(loop_.now(), save);  // 0: data directory ids alone have been saved yet
  housekeeping_->space().saved();
  after_step();
}

// One save may lead to another. Further ones wait until sockets and timers have had their turn.
bool Node::end_turn() {
  for (int round = 0; round < limits::kSavesInATurn && disk_ && disk_->has_inline_batch(); ++round) {
    if (!disk_->save_inline()) return false;
    loop_.settle();
  }
  if (disk_) disk_->flush_to_thread();
  return true;
}

void Node::snapshot_written(SnapshotWriteResult&& result) {
  SnapshotWritten& written = result.written;
  if (written.has_failed) {
    log::warn("gives up a snapshot: " + result.error);
  } else if (written.is_last && written.is_fetched) {
    log::info(fmt::format("has fetched a snapshot of index {}, {} bytes", written.mark.position.index, written.end));
  } else if (written.is_last) {
    log::info(fmt::format("has made a snapshot of index {}, {} bytes; the longest block took {} us",
                          written.mark.position.index, written.end, times_.blocks().longest_of_last.us()));
  }
  replica_->snapshot_written(loop_.now(), std::move(written));
  after_step();
}

void Node::snapshot_read(raft::NodeId for_node, SnapshotReadResult&& result) {
  if (!result.error.empty()) log::warn("cannot give a snapshot to a node that needs it: " + result.error);
  replica_->snapshot_read(loop_.now(), for_node, std::move(result.piece));
  after_step();
}

// A page each turn, so that a long log, after a start, keeps no heartbeat waiting.
void Node::apply() {
  if (!replica_->has_unapplied()) return;
  replica_->apply_some(loop_.now());
  if (replica_->has_unapplied()) commits_->raise();
  after_step();
}

void Node::tick() {
  if (connections_->needs_update()) connections_->update();
  if (stop_.has_to_begin()) begin_stop();
  replica_->tick(loop_.now());
  housekeeping_->tick(loop_.now());
  after_step();
}

void Node::after_step() {
  CHECK(replica_ != nullptr);
  if (const auto line = role_log_.update(replica_->raft())) {
    line->is_warning ? log::warn(line->text) : log::info(line->text);
  }
  if (!timer_) return;
  if (connections_->needs_update() || stop_.has_to_begin()) return timer_->expire_soon();
  timer_->arm(std::min(replica_->next_deadline(), housekeeping_->next_deadline()));
}

}  // namespace skiff

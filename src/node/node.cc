#include "src/node/node.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "raft/check.h"
#include "raft/describe.h"
#include "src/config/limits.h"
#include "src/node/setup.h"
#include "src/replica/can_repair.h"

namespace skiff {
// ---- start

Result<std::unique_ptr<Node>> Node::start(transport::Loop& loop, const Options& options, const store::Identity* joined,
                                          std::function<void()> stopped) {
  static const std::unique_ptr<store::Files> kFiles = store::posix_files();
  store::Identity wanted = joined == nullptr ? wanted_identity(options) : *joined;
  if (auto may_found = check_founding(*kFiles, options, wanted, joined != nullptr); !may_found) {
    return tl::unexpected(may_found.error());
  }
  auto opened = store::Storage::open(*kFiles, options.data_dir, wanted, {}, can_repair);
  if (!opened) return tl::unexpected(opened.error());
  for (const std::string& note : opened->recovered.notes) log::warn(note);
  if (const auto& damage = opened->recovered.damage) {
    log::error(*damage +
               ". What this node may have lost with it, it fetches from the others; until then it votes for "
               "nobody and confirms nothing");
  }
  const store::Identity& found = opened->recovered.identity;
  if (options.cluster_given && found.cluster != wanted.cluster && is_founder(found)) {
    log::warn("--cluster differs from what " + options.data_dir +
              " was founded with; the data directory's members rule");
  }
  if (auto readable = check_recovered(opened->recovered, options.data_dir); !readable) {
    return tl::unexpected(readable.error());
  }
  auto data_dir_id = store::own_data_dir_id(*kFiles, options.data_dir, random_seed());
  if (!data_dir_id) return tl::unexpected(data_dir_id.error());
  auto known = store::known_data_dir_ids(*kFiles, options.data_dir);
  if (!known) return tl::unexpected(known.error());
  if (!known->note.empty()) log::warn(known->note);
  std::unique_ptr<Node> node(new Node(loop, options, opened->recovered, std::move(stopped)));
  node->data_dir_id_ = *data_dir_id;
  node->known_.emplace(std::move(known->data_dir_ids), [node = node.get()](const store::DataDirIds& data_dir_ids) {
    node->disk_->remember(data_dir_ids);
  });
  if (auto ports = node->open_ports(opened->recovered); !ports) return tl::unexpected(ports.error());
  if (auto begun = node->begin(std::move(*opened)); !begun) return tl::unexpected(begun.error());
  return node;
}

Node::Node(transport::Loop& loop, const Options& options, const store::Recovered& recovered,
           std::function<void()> stopped)
    : loop_(loop),
      options_(options),
      identity_(recovered.identity),
      incarnation_(recovered.incarnation),
      api_(api_config(options), *this),
      scrubbing_(scrub_config(options), loop.now_ns()),
      stopped_(std::move(stopped)) {}

Node::~Node() { loop_.before_wait({}); }

Result<> Node::open_ports(const store::Recovered& recovered) {
  auto own = listening_address(options_, recovered);
  if (!own) return tl::unexpected(own.error());
  greeted_address_ = greeted_address(options_, recovered);
  auto peers = transport::Peers::open(loop_,
                                      {.cluster = identity_.cluster,
                                       .self = options_.id,
                                       .incarnation = incarnation_,
                                       .data_dir_id = data_dir_id_,
                                       .address = greeted_address_,
                                       .known = &*known_,
                                       .process = random_seed(),
                                       .configured = configured_addresses(options_)},
                                      *own, {}, random_seed(), peer_events());
  if (!peers) return tl::unexpected(peers.error());
  peers_ = std::move(*peers);
  return open_client_port();
}

static void stop_for(const Error& error) {
  log::die(to_text(error) +
           "; this node stops. Look after the cause, then start it again: it reads back what is there");
}

// Nothing above calls back before the loop runs, so the replica is there in time.
Result<> Node::begin(store::Opened opened) {
  disk_ = std::make_unique<DiskThread>(
      loop_, std::move(opened.storage),
      DiskThread::Events{.saved = [this](uint64_t save, uint64_t took_ns) { saved(save, took_ns); },
                         .failed = stop_for,
                         .no_room =
                             [this](const Error& error) {
                               has_save_without_room_ = true;
                               found_no_room(to_text(error));
                             }});
  if (!disk_->started()) return disk_->started();
  loop_.before_wait([this] {
    if (disk_) disk_->give_over();
  });
  snapshots_ = std::make_unique<SnapshotThread>(
      loop_, std::move(opened.snapshots),
      SnapshotThread::Events{
          .written = [this](SnapshotWritten written,
                            const std::string& error) { snapshot_written(std::move(written), error); },
          .read =
              [this](raft::NodeId for_node, SnapshotPiece piece, const std::string& error) {
                if (!error.empty()) log::warn("cannot give a snapshot to a node that needs it: " + error);
                replica_->snapshot_read(loop_.now_ns(), for_node, std::move(piece));
                after_step();
              },
          .spare_made =
              [this](const std::string& error) {
                is_making_spare_ = false;
                error.empty() ? found_room() : found_no_room(error);
              },
          .scrubbed = [this](const store::Snapshots::Scrubbed* what) { scrubbed(what); },
          .noted = [this](const store::Snapshots::Scrubbed& news) { on_damage_found(news); },
          .failed = stop_for});
  if (!snapshots_->started()) return snapshots_->started();
  commits_.emplace(loop_, [this] { apply(); });
  timer_.emplace(loop_, [this] { tick(); });
  room_timer_.emplace(loop_, [this] { ensure_spare_segment(); });
  moved_timer_.emplace(loop_, [this] { look_for_moved(); });
  scrub_timer_.emplace(loop_, [this] { scrub_if_due(); });
  store::Recovered& recovered = opened.recovered;
  log::info(fmt::format("start {} of cluster {:016x}, {} keys and {} entries in {}; clients at {}, peers at {}",
                        incarnation_, identity_.cluster, recovered.kv.keys(), recovered.entries.size(),
                        options_.data_dir, transport::to_url({.host = options_.listen, .port = http_->port()}),
                        transport::to_url(peers_->address())));
  Environment& environment = *this;
  store::Kv kv = std::move(recovered.kv);
  replica_ =
      std::make_unique<Replica>(replica_config(options_, recovered), std::move(kv), loop_.now_ns(), environment, api_);
  update_connections();
  arm_timer();
  arm_scrub_timer();
  ensure_spare_segment();
  look_after_memory();
  return {};
}

// ---- what the replica asks for

void Node::send(PeerMessage&& message) {
  if (log::is_on(log::Level::debug)) log::debug(describe(message));
  if (!is_second() && !has_forgotten_) peers_->send(message);
}

void Node::persist(uint64_t save, std::optional<raft::HardState> hard_state, std::optional<raft::LogPosition> restart,
                   bool is_intact, std::vector<raft::Entry> entries) {
  if (is_intact) log::info("the others have given back what was lost: this node is whole again");
  const uint64_t inputs = inputs_ - std::exchange(inputs_at_save_, inputs_);
  const bool is_small = !replica_->raft().is_leader() || entries.size() <= limits::kEntriesOfAQuietLeader;
  const bool may_be_here = is_small && inputs <= limits::kInputsOfAQuietNode;
  disk_->save(save,
              {.hard_state = hard_state, .entries = std::move(entries), .restart = restart, .is_intact = is_intact},
              may_be_here);
}

// Of this thread: what others take of the processor meanwhile is not its doing.
static uint64_t processor_ns() {
  timespec used{};
  CHECK(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0);
  return static_cast<uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(used.tv_nsec);
}

void Node::block_begins() { block_began_ns_ = processor_ns(); }

void Node::write_snapshot(SnapshotBytes bytes) {
  if (!bytes.is_fetched) block_times_.add(bytes.offset == 0, processor_ns() - block_began_ns_);
  snapshots_->write(std::move(bytes));
}

void Node::read_snapshot(raft::NodeId for_node, raft::LogPosition position, uint64_t offset) {
  snapshots_->read(for_node, position, offset, limits::kSnapshotPieceBytes);
}

void Node::drop(store::Kv kv) { snapshots_->drop(std::move(kv)); }

void Node::admin_ended(const raft::AdminResult& end) {
  log::info("hands leadership over: " + raft::describe(end));
  is_handing_over_ = false;
}

void Node::wake() {
  if (!timer_) return;
  armed_for_ = 0;
  timer_->start_ns(0);
}

// ---- what happens to it

void Node::received(PeerMessage&& message) {
  if (log::is_on(log::Level::debug)) log::debug(describe(message));
  if (is_second() || has_forgotten_) return;
  if (replica_->raft().is_leader()) ++inputs_;
  raft::NodeId from = message.from;
  uint64_t refused_before = replica_->refused_commands();
  replica_->received(loop_.now_ns(), std::move(message));
  if (replica_->refused_commands() != refused_before) {
    strange_commands_.warn(loop_.now_ms(), fmt::format("node {} sent a command that this version cannot read; it was "
                                                       "not taken. Do both run the same version?",
                                                       from));
  }
  after_step();
}

void Node::saved(uint64_t save, uint64_t took_ns) {
  slowest_sync_ns_ = std::max(slowest_sync_ns_, took_ns);
  if (took_ns >= options_.heartbeat_ns * 2) {
    slow_disk_.warn(loop_.now_ms(), fmt::format("the disk is slow: a write and sync took {} ms", took_ns / 1'000'000));
  }
  has_save_without_room_ = false;
  replica_->persisted(loop_.now_ns(), save);
  after_step();
  ensure_spare_segment();
}

// What comes of one save may be another. Where there are more, sockets and timers are looked after in between.
bool Node::end_turn(const DiskThread::StepAside& step_aside) {
  for (int round = 0; round < limits::kSavesInATurn && disk_ && disk_->has_any_here(); ++round) {
    if (!disk_->save_here(step_aside)) return false;
    loop_.settle();
  }
  if (disk_) disk_->give_over();
  return true;
}

void Node::snapshot_written(SnapshotWritten written, const std::string& error) {
  if (written.has_failed) {
    log::warn("gives a snapshot up: " + error);
  } else if (written.is_last && written.is_fetched) {
    log::info(fmt::format("has fetched a snapshot of index {}, {} bytes", written.mark.position.index, written.end));
  } else if (written.is_last) {
    log::info(fmt::format("has made a snapshot of index {}, {} bytes; the longest block took {} us",
                          written.mark.position.index, written.end, block_times_.longest_of_last_ns / 1'000));
  }
  replica_->snapshot_written(loop_.now_ns(), std::move(written));
  after_step();
}

// A page each turn, so that a long log, after a start, keeps no heartbeat waiting.
void Node::apply() {
  if (!replica_->has_unapplied()) return;
  replica_->apply_some(loop_.now_ns());
  if (replica_->has_unapplied()) commits_->raise();
  after_step();
}

void Node::tick() {
  armed_for_ = raft::kNever;
  const raft::Raft& raft = replica_->raft();
  const bool has_changed =
      raft.configuration_index() != connected_index_ || raft.is_configuration_committed() != connected_committed_;
  if (has_changed || std::exchange(has_discovered_, false)) update_connections();
  if (std::exchange(is_removed_, false) && !is_stopping_) {
    log::info("is no member of the cluster any more");
    stop();
  }
  if (starts_again_ && !is_stopping_) {
    begin_stop();
    stop_by_ = 0;  // it waits for nobody
  }
  replica_->tick(loop_.now_ns());
  after_step();
}

void Node::after_step() {
  log_role();
  if (!connected_committed_ && replica_->raft().is_configuration_committed()) wake();
  arm_timer();
}

// Deadlines mostly move away, heartbeat by heartbeat. A timer that fires too early costs less than setting it each
// time.
void Node::arm_timer() {
  raft::Time deadline = replica_->next_deadline();
  if (deadline >= armed_for_ || !timer_) return;
  armed_for_ = deadline;
  raft::Time now = loop_.now_ns();
  timer_->start_ns(deadline > now ? deadline - now : 0);
}

void Node::log_role() {
  const raft::Raft& raft = replica_->raft();
  bool is_news = raft.leader() != logged_leader_ || raft.term() != logged_term_;
  if (!is_news || (raft.leader() == 0 && logged_leader_ == 0)) return;
  if (raft.is_leader()) {
    log::info(fmt::format("leads at term {}", raft.term()));
  } else if (raft.leader() != 0) {
    log::info(fmt::format("follows node {} at term {}", raft.leader(), raft.term()));
  } else {
    log::warn(fmt::format("has no leader at term {}{}", raft.term(),
                          raft.is_recovering() ? ": a majority of the members must be whole without this one" : ""));
  }
  logged_leader_ = raft.leader();
  logged_term_ = raft.term();
}

}  // namespace skiff

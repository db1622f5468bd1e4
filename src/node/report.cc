// What a node gives away of itself: /status and /members, and all it holds, at /snapshot.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "src/base/try.h"
#include "src/config/limits.h"
#include "src/node/node.h"
#include "src/node/setup.h"

namespace skiff {

NodeReport Node::report() const {
  NodeReport report{.cluster = identity_.cluster,
                    .members = {},
                    .raft = replica_->raft().status(),
                    .incarnation = incarnation_,
                    .applied = kv().applied(),
                    .revision = kv().revision(),
                    .compacted = kv().compacted(),
                    .versions = kv().versions(),
                    .history_bytes = kv().history_bytes(),
                    .keys = kv().keys(),
                    .digest = kv().digest(),
                    .value_bytes_max = options_.value_bytes_max,
                    .now_ns = loop_.now_ns(),
                    .peers = {},
                    .disk = {},
                    .snapshots = {},
                    .scrub = {},
                    .block_times = {},
                    .clients = {}};
  const raft::Raft& raft = replica_->raft();
  const raft::Configuration& configuration = raft.configuration();
  for (const raft::Member& member : configuration.members) {
    report.members.push_back({.id = member.id, .address = member.address, .role = member.role});
  }
  for (const raft::Member& member : configuration.outgoing) {
    if (configuration.find(member.id) != nullptr) continue;
    report.members.push_back({.id = member.id, .address = member.address, .role = member.role, .is_leaving = true});
  }
  report.conflict = conflict();
  report.is_changing = configuration.is_joint() || !raft.is_configuration_committed();
  for (const Withdrawn& gone : replica_->withdrawn()) {
    report.withdrawn.push_back({.id = gone.node, .address = gone.address, .reason = why_withdrawn(options_)});
  }
  for (const transport::Peers::Status& peer : peers_->status()) {
    report.peers.push_back(
        {.id = peer.id, .is_connected = peer.is_connected, .sent = peer.sent, .dropped = peer.dropped});
  }
  const store::WalCounters& disk = disk_->counters();
  report.disk = {.entries = disk.entries,
                 .bytes = disk.bytes,
                 .syncs = disk.syncs,
                 .saved_here = disk_->saved_here(),
                 .left_behind = disk_->left_behind(),
                 .slowest_sync_ns = slowest_sync_ns_,
                 .room = disk.room};
  report.block_times = block_times_;
  report.snapshots = {.log_first = replica_->raft().log().base().index + 1,
                      .made = replica_->snapshots().made,
                      .fetched = replica_->snapshots().fetched,
                      .resumed = replica_->snapshots().resumed,
                      .backups = replica_->backups().running()};
  const Scrubbing::Counts& scrub = scrubbing_.counts();
  report.scrub = {.is_under_way = scrub.is_under_way,
                  .passes = scrub.passes,
                  .files = scrub.files,
                  .bytes = scrub.bytes,
                  .last_ended_ns = scrub.last_ended_ns,
                  .found = scrub.found,
                  .recovered = scrub.recovered,
                  .is_damaged = scrub.is_damaged};
  report.clients = {.connections = http_->connections_open(),
                    .requests = http_->counters().requests,
                    .body_bytes = http_->counters().bodies_bytes,
                    .waiting_writes = replica_->waiting_writes(),
                    .waiting_reads = replica_->waiting_barriers()};
  return report;
}

namespace {

// Blocks of a backup, as its client takes them.
class BackupBlocks final : public transport::BodySource {
 public:
  BackupBlocks(const transport::Loop& loop, ReplicaBackups& backups, Pace& pace, uint64_t number)
      : loop_(loop), backups_(backups), pace_(pace), number_(number) {}
  ~BackupBlocks() override { backups_.end(number_); }

  std::optional<Piece> next() override {
    auto block = backups_.next(number_, limits::kSnapshotBlockBytes);
    if (!block) return std::nullopt;
    const raft::Time now = loop_.now_ns();
    pace_.spend(now, block->bytes.size());
    const raft::Time wait = pace_.ready_at() - std::min(now, pace_.ready_at());
    return Piece{.bytes = std::move(block->bytes), .is_last = block->is_last, .wait_ns = wait};
  }

 private:
  const transport::Loop& loop_;
  ReplicaBackups& backups_;
  Pace& pace_;
  const uint64_t number_;
};

}  // namespace

Result<std::unique_ptr<transport::BodySource>> Node::backup() {
  TRY(const auto number, replica_->begin_backup());
  return std::make_unique<BackupBlocks>(loop_, replica_->backups(), backup_pace_, number);
}

}  // namespace skiff

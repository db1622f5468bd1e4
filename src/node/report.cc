// A node's reports about itself: /status and /members, and its whole map as a backup, at /snapshot.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "raft/check.h"
#include "src/base/try.h"
#include "src/config/limits.h"
#include "src/node/node.h"
#include "src/node/setup.h"

namespace skiff {

namespace {

std::vector<NodeReport::Member> members_of(const raft::Configuration& configuration) {
  std::vector<NodeReport::Member> members;
  for (const raft::Member& member : configuration.members) {
    members.push_back({.id = member.id, .address = member.address, .role = member.role});
  }
  for (const raft::Member& member : configuration.outgoing) {
    if (configuration.find(member.id) != nullptr) continue;
    members.push_back({.id = member.id, .address = member.address, .role = member.role, .is_leaving = true});
  }
  return members;
}

std::vector<NodeReport::Peer> peers_of(const PeerConnections& connections) {
  std::vector<NodeReport::Peer> peers;
  for (const transport::Peers::Status& peer : connections.status()) {
    peers.push_back({.id = peer.id, .is_connected = peer.is_connected, .sent = peer.sent, .dropped = peer.dropped});
  }
  return peers;
}

NodeReport::Disk disk_of(const DiskThread& disk, const NodeTimes& times) {
  const store::WalCounters& counters = disk.counters();
  CHECK(disk.loop_taken_over() <= disk.inline_saves());
  return {.entries = counters.entries,
          .bytes = counters.bytes,
          .syncs = counters.syncs,
          .saved_here = disk.inline_saves(),
          .left_behind = disk.loop_taken_over(),
          .slowest_sync = times.slowest_save(),
          .room = counters.room};
}

NodeReport::Snapshots snapshots_of(const Replica& replica) {
  return {.log_first = replica.raft().log().base().index + 1,
          .made = replica.snapshots().made,
          .fetched = replica.snapshots().fetched,
          .resumed = replica.snapshots().resumed,
          .backups = replica.backups().running()};
}

NodeReport::Scrub scrub_of(const ScrubSchedule::Counts& counts) {
  return {.is_under_way = counts.is_under_way,
          .passes = counts.passes,
          .files = counts.files,
          .bytes = counts.bytes,
          .last_ended = counts.last_ended,
          .found = counts.found,
          .recovered = counts.recovered,
          .is_damaged = counts.is_damaged};
}

}  // namespace

NodeReport Node::report() const {
  const raft::Configuration& configuration = replica_->raft().configuration();
  NodeReport report{.cluster = self_.identity.cluster,
                    .members = members_of(configuration),
                    .is_changing = configuration.is_joint() || !replica_->raft().is_configuration_committed(),
                    .conflict = conflict(),
                    .raft = replica_->raft().status(),
                    .incarnation = self_.incarnation,
                    .applied = kv().applied(),
                    .revision = kv().revision(),
                    .compacted = kv().compacted(),
                    .versions = kv().versions(),
                    .history_bytes = kv().history_bytes(),
                    .keys = kv().keys(),
                    .digest = kv().digest(),
                    .value_bytes_max = options_.value_bytes_max,
                    .now = loop_.now(),
                    .peers = peers_of(*connections_),
                    .disk = disk_of(*disk_, times_),
                    .snapshots = snapshots_of(*replica_),
                    .scrub = scrub_of(housekeeping_->scrub().counts()),
                    .block_times = times_.blocks()};
  for (const Withdrawn& member : replica_->withdrawn()) {
    report.withdrawn.push_back({.id = member.node, .address = member.address, .reason = why_withdrawn(options_)});
  }
  report.clients = {.connections = http_->connections_open(),
                    .requests = http_->counters().requests,
                    .body_bytes = http_->counters().bodies_bytes,
                    .waiting_writes = replica_->waiting_writes(),
                    .waiting_reads = replica_->waiting_barriers()};
  return report;
}

namespace {

// The blocks of a backup, at the speed of its client, but no faster than the pace of all backups together.
class BackupBlocks final : public transport::BodySource {
 public:
  BackupBlocks(const transport::Loop& loop, ReplicaBackups& backups, Pace& pace, uint64_t number)
      : loop_(loop), backups_(backups), pace_(pace), number_(number) {}
  ~BackupBlocks() override { backups_.end(number_); }

  std::optional<Piece> next() override {
    auto block = backups_.next(number_, limits::kSnapshotBlockBytes);
    if (!block) return std::nullopt;
    CHECK(!block->bytes.empty());
    const raft::Time now = loop_.now();
    pace_.spend(now, block->bytes.size());
    const raft::Time wait = pace_.ready_at() - std::min(now, pace_.ready_at());
    return Piece{.bytes = std::move(block->bytes), .is_last = block->is_last, .wait = wait};
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

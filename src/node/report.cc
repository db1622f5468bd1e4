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
#include "store/state/kv_counters.h"

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
    NodeReport::Peer& copy = peers.emplace_back(NodeReport::Peer{.id = peer.id, .is_connected = peer.is_connected});
    peer.counters.visit_metrics(copy.metrics);
  }
  return peers;
}

}  // namespace

NodeReport Node::report() const {
  const raft::Configuration& configuration = replica_->raft().configuration();
  NodeReport report{.cluster = self_.identity.cluster,
                    .members = members_of(configuration),
                    .is_changing = configuration.is_joint() || !replica_->raft().is_configuration_committed(),
                    .conflict = conflict(),
                    .raft = replica_->raft().status(),
                    .log_first = replica_->raft().log().base().index + 1,
                    .incarnation = self_.incarnation,
                    .digest = kv().digest(),
                    .value_bytes_max = options_.value_bytes_max,
                    .now = loop_.now(),
                    .peers = peers_of(*connections_),
                    .groups = metrics()};
  const ScrubSchedule::Counts& scrub = housekeeping_->scrub().counts();
  if (scrub.passes > 0) report.scrub_ended = scrub.last_ended;
  for (const Withdrawn& member : replica_->withdrawn()) {
    report.withdrawn.push_back({.id = member.node, .address = member.address, .reason = why_withdrawn(options_)});
  }
  return report;
}

NodeReport::Groups Node::metrics() const {
  NodeReport::Groups groups;
  store::counters_of(kv()).visit_metrics(groups.store);
  disk_->counters().visit_metrics(groups.disk);
  replica_->snapshots().visit_metrics(groups.snapshot);
  times_.blocks().visit_metrics(groups.snapshot);
  replica_->backups().counters().visit_metrics(groups.snapshot);
  housekeeping_->scrub().counts().visit_metrics(groups.scrub);
  http_->counters().visit_metrics(groups.clients);
  replica_->counters().visit_metrics(groups.clients);
  return groups;
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

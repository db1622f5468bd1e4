// A replica's map as a whole: snapshots that the log is cut behind, that bring up who is too far behind for it, and
// that take the map's place here; and backups.
#include <optional>
#include <utility>

#include "raft/check.h"
#include "src/replica/replica.h"

namespace skiff {

void Replica::on(const PeerMessage& message, SnapshotAsk&& ask) { snapshots_.asked(message.from, ask); }

void Replica::on(const PeerMessage& message, SnapshotPiece&& piece) { snapshots_.received(now_, message.from, piece); }

void Replica::on(const PeerMessage& message, StateDigest&& state) {
  digests_.compare(environment_, raft_, message.from, state);
}

void Replica::snapshot_written(raft::Time now, SnapshotWritten written) {
  now_ = now;
  std::optional<raft::Event> event = snapshots_.written(now, written, raft_);
  if (!event) return;
  arrived_ = std::move(written.loaded);
  step(now, *event);
  apply_effects();
  if (arrived_) environment_.drop(*std::exchange(arrived_, std::nullopt));
  snapshots_.make_if_due(now, raft_);
}

void Replica::replace_damaged(raft::Time now, raft::Index at) {
  now_ = now;
  snapshots_.replace_damaged(at);
  snapshots_.make_if_due(now, raft_);
}

void Replica::snapshot_read(raft::Time now, raft::NodeId for_node, SnapshotPiece piece) {
  now_ = now;
  snapshots_.read(raft_, for_node, std::move(piece));
  snapshots_.make_if_due(now, raft_);
}

// What was to be applied up to there is in it. Whether a write of ours is among it, nobody can tell: it is handed out
// again, and drops out as repeated.
void Replica::become_snapshot(raft::LogPosition position) {
  CHECK(arrived_ && arrived_->applied() == position.index);
  snapshots_.stop_making();
  backups_.break_off_all();
  std::swap(kv_, *arrived_);
  environment_.drop(std::move(*arrived_));
  arrived_.reset();
  resubmit(now_);
}

}  // namespace skiff

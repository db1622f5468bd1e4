// The replica's side of snapshots (src/replica/snapshots.h), and the moment in which a fetched snapshot takes the place
// of the map.
#include <optional>
#include <utility>

#include "raft/check.h"
#include "src/replica/replica.h"

namespace skiff {

void Replica::on(const PeerMessage& message, SnapshotAsk&& ask) { snapshots_.asked(message.from, ask); }

void Replica::on(const PeerMessage& message, SnapshotPiece&& piece) { snapshots_.received(now_, message.from, piece); }

void Replica::snapshot_written(raft::Time now, SnapshotWritten written) {
  set_now(now);
  std::optional<raft::Event> event = snapshots_.written(now, written, raft_);
  if (!event) return;
  CHECK(!arrived_);
  arrived_ = std::move(written.loaded);
  step(now, *event);
  apply_effects();
  if (arrived_) environment_.drop(*std::exchange(arrived_, std::nullopt));
  snapshots_.make_if_due(now, raft_);
}

void Replica::replace_damaged(raft::Time now, raft::Index at) {
  set_now(now);
  snapshots_.replace_damaged(at);
  snapshots_.make_if_due(now, raft_);
}

void Replica::snapshot_read(raft::Time now, raft::NodeId for_node, SnapshotPiece piece) {
  set_now(now);
  CHECK(for_node != 0);
  snapshots_.read(raft_, for_node, std::move(piece));
  snapshots_.make_if_due(now, raft_);
}

// Entries up to there are in the snapshot. It does not tell which writes of this node are among them, so those that
// wait are submitted again; the store drops the repeated ones.
void Replica::become_snapshot(raft::LogPosition position) {
  CHECK(arrived_.has_value());
  CHECK(arrived_->applied() == position.index);
  snapshots_.stop_making();
  backups_.break_off_all();
  std::swap(kv_, *arrived_);
  environment_.drop(std::move(*arrived_));
  arrived_.reset();
  CHECK(kv_.applied() == position.index);
  CHECK(backups_.running() == 0);
  resubmit(now_);
}

bool Replica::shorten_log(raft::Time now) {
  set_now(now);
  return snapshots_.make_at_rest(now, raft_);
}

bool Replica::free_some(size_t count_max) {
  const bool has_entries = raft_.free_forgotten(count_max);
  const bool has_versions = kv_.free_cut(count_max);
  return has_entries || has_versions;
}

}  // namespace skiff

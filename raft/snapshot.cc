// Snapshots: forgetting the log behind one of our own, offering it to a follower that lacks forgotten entries, and
// replacing our log by one that was fetched (thesis 5).
//
// The core only says which snapshot is wanted from which node. Its bytes travel beside the log, as fast as the follower
// asks for them. The offer is repeated with the heartbeats until an entry behind the snapshot is acknowledged, so
// nothing that is lost on the way is lost for good.
#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"
#include "raft/raft.h"

namespace skiff::raft {

void Raft::on(const SnapshotTaken& taken) {
  CHECK(taken.index <= log_.committed());
  CHECK(taken.forget_to <= taken.index);
  if (taken.index <= snapshot_.position.index) return;  // a fetched snapshot has overtaken it
  snapshot_ = {.position = {.term = log_.term_at(taken.index), .index = taken.index},
               .configuration = Payload::of(encode(membership_.at(taken.index)))};
  log_.forget_to(taken.forget_to);
  membership_.forget_before(log_.base().index);
}

void Raft::offer_snapshot(NodeId to, Progress& progress) {
  CHECK(snapshot_.position.index >= log_.base().index);
  progress.asked_at = now_;
  progress.offered_snapshot(snapshot_.position.index);
  send(to, InstallSnapshot{.snapshot = snapshot_});
}

// The leader has everything that we have committed, so it may go on from there.
void Raft::on(const Message& message, const InstallSnapshot& install) {
  const auto& [position, configuration] = install.snapshot;
  bool is_possible = position.term > 0 && position.term <= message.term && position.index > 0 && configuration &&
                     decode_configuration(*configuration);
  if (!is_possible) {
    ++ignored_;
    return;
  }
  follow(message.from);
  if (position.index > log_.committed() && log_.has(position)) log_.commit_to(position.index);
  if (position.index > log_.committed()) {
    effects_.fetch = Fetch{.from = message.from, .snapshot = install.snapshot};
  } else {
    acknowledge(message.from, log_.committed());
  }
}

// The sender may not lead any more. The snapshot holds committed entries alone, so any leader has them.
void Raft::on(const SnapshotArrived& arrived) {
  LogPosition position = arrived.snapshot.position;
  std::optional<Configuration> configuration = decode_configuration(*arrived.snapshot.configuration);
  CHECK(configuration.has_value());
  if (position.index > log_.committed() && log_.has(position)) log_.commit_to(position.index);
  const bool is_taken_anyway = MUTANT(snapshot_at_the_commit_index) && log_.has(position);
  if (position.index <= log_.committed() && !is_taken_anyway) {
    // The log has these entries already, and the snapshot is one of ours now.
    if (position.index > snapshot_.position.index) snapshot_ = arrived.snapshot;
    return;
  }
  CHECK(!is_leader());  // a leader has all committed entries
  log_.start_anew(position);
  membership_.start_anew(position.index, std::move(*configuration));
  use_configuration();
  snapshot_ = arrived.snapshot;
  saves_.add_restart(position);
  if (leader_.is_known()) acknowledge(leader_.id(), position.index);
}

}  // namespace skiff::raft

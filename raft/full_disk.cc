// Full disks: a full node takes in little, leads only if no other node can, and says so.
//
// The space that a full disk has left (raft/disk_space.h) is for votes, terms, no-ops and changes of members; and, down
// to a rest that is kept for those, for entries that were on their way. An entry that does not fit is neither taken in
// nor acknowledged, as if it had never arrived.
//
// A full leader hands over to a follower that has said, in answer to a heartbeat, that it is not full, and until then
// takes no writes. Where too few disks have space for a majority, no leader takes writes, and tells its followers so:
// they need not forward writes that would be refused. Reads need no space, and go on.
//
// A recovering node (raft/recovering.cc) does not count toward a majority, so a full node cannot wait for it: the entry
// that ends the recovery would queue behind the writes that do not fit.
#include <set>
#include <utility>

#include "raft/quorum.h"
#include "raft/raft.h"

namespace skiff::raft {

void Raft::on(const SpaceReported& reported) {
  disk_space_.reported(reported.bytes_left, saves_.bytes_under_way());
  if (Leader* leader = as_leader()) note_disk_space(*leader);
}

// A follower that had to leave entries out would not see its clients' writes applied.
bool Raft::takes_writes() const {
  if (const Leader* leader = as_leader()) return transfer_.is_under_way() || leader->takes_writes;
  return !leader_.is_known() || (leader_.takes_writes() && disk_space_.takes_writes());
}

// Whenever a disk may have become full, or have space again.
void Raft::note_disk_space(Leader& leader) {
  const bool is_any_full = is_full() || leader.followers.is_any_full();
  leader.takes_writes = true;
  if (is_any_full) {
    std::set<NodeId> with_space = leader.followers.with_disk_space();
    if (!is_full()) with_space.insert(config_.id);
    leader.takes_writes = !is_full() && quorum::is_majority(membership_.voters(), with_space);
  }
  if (!is_full() || transfer_.is_under_way()) return;
  const NodeId successor = leader.followers.furthest(successor_rules(), Followers::SuccessorDisk::said_not_full);
  transfer_.start({.to = successor, .now = now_});
}

}  // namespace skiff::raft

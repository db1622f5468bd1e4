// Full disks: who has no room left takes in little, leads only if nobody else can, and says so.
//
// A node is full when its disk has room for a bounded number of bytes only, and it is told how many. They are for what
// must go on without clients: votes, terms, no-ops, changes of members; and, down to a rest that is kept for those, for
// entries that were on their way. What does not fit is not taken in, and not acknowledged, as if it had never arrived.
//
// A full leader hands over to whoever has said, in answer to a heartbeat, that it is not full, and until then takes no
// writes. Where too few for a majority could take them, no leader takes any, and tells its followers so: they need not
// forward what nobody would keep. Reads need no room, and go on.
//
// A node that is being mended (raft/recovering.cc) counts for no majority, so none that is full can lean on it: what it
// waits for stands in the log behind those writes, and would wait for room with them.
#include <algorithm>
#include <set>

#include "raft/quorum.h"
#include "raft/raft.h"

namespace skiff::raft {
namespace {

// No more than this is used by an entry, and by a save around its entries, whatever the log on disk looks like.
uint64_t bytes_used_by(const Entry& entry) { return entry.bytes() + entry.bytes() / 8 + 128; }
constexpr uint64_t kBytesUsedBySave = 256;

}  // namespace

// As of the last save that is on disk: those under way come out of it.
void Raft::on(const DiskSpace& space) {
  space_left_ = space.bytes_left;
  if (!is_full()) has_left_out_ = false;
  for (const Save& save : saves_) use_space(save.bytes);
  if (Leader* leader = as_leader()) note_space(*leader);
}

void Raft::use_space(uint64_t bytes) {
  if (space_left_) *space_left_ -= std::min(*space_left_, bytes);
}

uint64_t Raft::bytes_of_save(const std::vector<Entry>& entries) {
  uint64_t bytes = kBytesUsedBySave;
  for (const Entry& entry : entries) bytes += bytes_used_by(entry);
  return bytes;
}

bool Raft::has_space_for(const Entry& entry) const {
  if (!space_left_) return true;
  const uint64_t kept = entry.kind == EntryKind::command ? config_.space_kept_bytes : 0;
  return *space_left_ >= unsaved_bytes_ + bytes_used_by(entry) + kept;
}

// What will have to be saved and was not handed to the disk yet. Its rest is used up with the save.
void Raft::note_unsaved(const Entry& entry) {
  if (space_left_) unsaved_bytes_ += bytes_used_by(entry);
}

// Who falls behind for want of room would not see them done.
bool Raft::takes_writes() const {
  if (const Leader* leader = as_leader()) return leader->transfer || leader->takes_writes;
  const bool has_room = !is_full() || (!has_left_out_ && *space_left_ > config_.space_kept_bytes);
  return leader_ == 0 || (leader_takes_writes_ && has_room);
}

// Whenever a disk may have become full, or have room again.
void Raft::note_space(Leader& leader) {
  std::set<NodeId> roomy;
  bool is_any_full = is_full();
  if (!is_full()) roomy.insert(config_.id);
  for (const auto& [node, progress] : leader.followers) {
    const bool is_full = progress.is_full.value_or(false);
    is_any_full |= is_full;
    if (!is_full && progress.recovering() == 0) roomy.insert(node);
  }
  leader.takes_writes = !is_any_full || (!is_full() && quorum::is_majority(membership_.voters(), roomy));
  if (is_full() && !leader.transfer) start_transfer(leader, furthest_follower(leader, Room::said));
}

}  // namespace skiff::raft

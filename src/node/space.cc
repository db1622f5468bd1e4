// What a node does about a disk that is full.
//
// The next segment of the log is made ahead, by the snapshots' thread. Where there is no room for it, the node is full:
// the replica is told how much room is left in the segment in use, and does what it can with that. Every second the
// node looks whether there is room again, and then all is as before: nobody need start it anew.
#include <fmt/format.h>

#include "src/config/limits.h"
#include "src/node/node.h"

namespace skiff {

void Node::ensure_spare_segment() {
  if (is_making_spare_) return;
  if (disk_->spare().is_there()) return found_room();
  is_making_spare_ = true;
  snapshots_->make_spare(disk_->spare());
}

void Node::found_no_room(const std::string& error) {
  if (!replica_->raft().is_full()) {
    log::warn(
        fmt::format("the disk is full, so this node takes no more writes than have room in its log ({} bytes), "
                    "until there is more: {}",
                    disk_->counters().room, error));
  }
  replica_->disk_space(loop_.now_ns(), disk_->counters().room);
  after_step();
  room_timer_->start_ns(limits::kLookForRoomNs);
}

// What is larger than a segment may have found none all the same.
void Node::found_room() {
  if (has_save_without_room_) {
    disk_->try_again();
  } else if (replica_->raft().is_full()) {
    log::info("the disk has room again");
    replica_->disk_space(loop_.now_ns(), std::nullopt);
    after_step();
  }
}

}  // namespace skiff

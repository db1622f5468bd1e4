// The node's part of Housekeeping (src/replica/housekeeping.h): the work that it asks for, and the lines about it.
#include <fmt/format.h>

#include "raft/check.h"
#include "src/node/node.h"

namespace skiff {

// ---- space on the disk

void Node::make_spare() { snapshots_->make_spare(disk_->spare()); }

void Node::spare_made(const std::string& error) {
  if (error.empty()) {
    housekeeping_->space().spare_made();
  } else {
    housekeeping_->space().spare_failed(loop_.now(), error);
  }
  after_step();
}

void Node::disk_full(const std::string& error, bool is_news) {
  CHECK(is_news == !replica_->raft().is_full());
  const uint64_t bytes_left = disk_->counters().log.room;
  if (is_news) {
    log::warn(
        fmt::format("the disk is full, so this node takes no more writes than have room in its log ({} bytes), "
                    "until there is more: {}",
                    bytes_left, error));
  }
  replica_->disk_space(loop_.now(), bytes_left);
}

void Node::disk_has_space() {
  CHECK(replica_->raft().is_full());
  log::info("the disk has room again");
  replica_->disk_space(loop_.now(), std::nullopt);
}

// ---- damage at rest

void Node::scrub(const ScrubSchedule::Task& task) { snapshots_->scrub(task); }

void Node::scrubbed(const store::Snapshots::Scrubbed* result) {
  if (result == nullptr) {
    housekeeping_->scrub().put_off(loop_.now());
  } else {
    if (!result->error.empty()) log::warn("cannot look for damage at rest: " + result->error);
    housekeeping_->scrub().scrubbed(loop_.now(), *result);
  }
  after_step();
}

void Node::damage_found(const store::Damage& damage) {
  log::error(
      fmt::format("damage at rest: {}. The same data in memory is intact: this node makes a snapshot of that, and then "
                  "removes {}",
                  damage.what, damage.name));
}

void Node::damage_removed(const store::Damage& damage) {
  log::info(fmt::format("damage at rest is replaced: nothing depends on the damaged {} any more, and it is gone",
                        damage.name));
}

void Node::replace_damaged(raft::Index at) { replica_->replace_damaged(loop_.now(), at); }

// ---- memory

bool Node::shorten_log() { return replica_->shorten_log(loop_.now()); }

bool Node::free_some(size_t count_max) {
  const bool has_more = replica_->free_some(count_max);
  sort_freed_blocks();
  return has_more;
}

}  // namespace skiff

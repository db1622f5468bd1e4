// A node gives memory back that it does not need any more: see src/node/idle_memory.h.
#include "src/node/node.h"

namespace skiff {

void Node::look_after_memory() {
  if (!idle_memory_) {
    idle_memory_.emplace(
        IdleMemory::Work{.applied = [this] { return replica_->kv().applied(); },
                         .shorten_log = [this] { return replica_->shorten_log(loop_.now_ns()); },
                         .free_some = [this](size_t count_max) { return replica_->free_some(count_max); }});
    memory_timer_.emplace(loop_, [this] { look_after_memory(); });
  }
  memory_timer_->start_ns(idle_memory_->turn());
}

}  // namespace skiff

// How a node stops: requests under way are answered first, then links and disk are let go.
#include <utility>

#include "src/config/limits.h"
#include "src/node/node.h"

namespace skiff {

void Node::stop() {
  starts_again_ = false;
  if (is_stopping_) {
    stop_by_ = 0;
    return;
  }
  log::info("stops: requests under way are answered first");
  begin_stop();
}

void Node::begin_stop() {
  is_stopping_ = true;
  replica_->stop_taking();
  if (replica_->raft().is_leader() && replica_->raft().configuration().everybody().size() > 1) {
    is_handing_over_ = true;
    replica_->hand_over(loop_.now_ns(), 1, 0);
    after_step();
  }
  http_->drain();
  stop_by_ = loop_.now_ns() + limits::kStopDeadlineMs * raft::kMillisecond;
  stop_timer_.emplace(loop_, [this] { stop_when_idle(); });
  stop_timer_->repeat_ms(limits::kStopPollMs);
}

// From a timer of its own, because here everything that calls back is let go.
void Node::stop_when_idle() {
  bool is_idle = !replica_->has_waiting() && http_->is_drained() && !is_handing_over_;
  if (!is_idle && loop_.now_ns() < stop_by_) return;
  http_.reset();
  peers_.reset();
  snapshots_.reset();
  loop_.before_wait({});
  disk_.reset();  // what it was given is made durable first
  timer_.reset();
  room_timer_.reset();
  scrub_timer_.reset();
  moved_timer_.reset();
  memory_timer_.reset();
  proposals_.reset();
  commits_.reset();
  orders_.reset();
  log::info("has stopped");
  auto stopped = std::move(stopped_);
  stop_timer_.reset();
  stopped();
}

}  // namespace skiff

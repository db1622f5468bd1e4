// The node's part of StopSequence (src/replica/stop_sequence.h): sockets and threads.
#include <utility>

#include "raft/check.h"
#include "src/config/limits.h"
#include "src/node/node.h"

namespace skiff {

void Node::stop() {
  const bool is_first = !stop_.is_stopping();
  stop_.request();
  if (!is_first) return;
  log::info("stops: requests under way are answered first");
  begin_stop();
}

void Node::begin_stop() {
  CHECK(!stop_timer_);
  stop_.begin(loop_.now(), *replica_);
  after_step();
  http_->drain();
  stop_timer_.emplace(loop_, [this] { stop_when_idle(); });
  stop_timer_->repeat(limits::kStopPoll);
}

// On a timer of its own, because everything else that calls back is destroyed here.
void Node::stop_when_idle() {
  CHECK(stop_.is_stopping());
  if (!stop_.may_end(loop_.now(), *replica_, http_->is_drained())) return;
  http_.reset();
  connections_.reset();
  snapshots_.reset();
  loop_.before_wait({});
  disk_.reset();  // the batches that it was given are made durable first
  timer_.reset();
  proposals_.reset();
  commits_.reset();
  orders_.reset();
  log::info("has stopped");
  auto stopped = std::move(stopped_);
  stop_timer_.reset();
  stopped();
}

}  // namespace skiff

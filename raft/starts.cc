// Starts: how a cluster notices that a node comes back with an older disk than it had.
//
// When a directory was put back from a copy, a machine was set back to a snapshot of it, or a disk lost its last
// sector, the log is in order but ends too early, and nothing on that disk tells. A leader, however, knows what the
// node had acknowledged. Each process of a node draws a number and says it with every reply; with its replies to
// heartbeats it also says what it found on its disk. A leader that hears another number than before judges that process
// before it counts any of its replies. If the process lacks entries that the node had acknowledged to this leader, in
// this term or in an older one in which it led (raft/promises.h), then the node has forgotten, perhaps votes too, and
// must recover like a node with a damaged log (raft/recovering.cc). The leader treats it as recovering until a process
// of the node says by itself that it is.
//
// A node cannot know that its disk is an old one. A process that is not the first of its node therefore gives no vote
// before a leader has judged it, or before an election timeout has passed in which any leader would have been heard. It
// submits no writes before it is judged, because an older process may have given writes the same names.
//
// Replies may arrive late, from a process that has ended. A reply of another process counts only if it answers a
// heartbeat that was sent after the known process was last heard.
//
// If no leader is left that had the acknowledgement, the loss is not noticed.
#include <algorithm>
#include <optional>

#include "raft/check.h"
#include "raft/mutant.h"
#include "raft/raft.h"

namespace skiff::raft {

void Raft::begin_process(bool is_new, bool is_alone) {
  process_.set_found({.term = hard_state_.term, .last = log_.last()});
  if (is_new) process_.admit();
  if (is_new || is_alone || MUTANT(votes_right_after_a_start)) return;
  abstention_.wait_for_verdict(now_ + config_.election_timeout);
}

void Raft::admit() {
  process_.admit();
  abstention_.judged();
}

// ---- the leader's half

// Whether the reply counts. An acknowledgement says nothing about the disk of its process, so one of another process
// must wait until that process is judged.
bool Raft::counts(NodeId node, Progress& progress, const AppendReply& reply) {
  const uint64_t promised_by = promises_.of(node).start;
  const bool is_first = progress.start() == 0 && (promised_by == 0 || promised_by == reply.start);
  if (reply.start == 0) return false;
  if (!is_first && reply.start != progress.start() && !MUTANT(counts_before_it_is_judged)) return false;
  progress.heard_start(reply.start, now_);
  hear_recovering(progress, progress.is_forgetful() ? reply.start : reply.recovering);
  return true;
}

bool Raft::counts(NodeId node, Progress& progress, const HeartbeatReply& reply) {
  if (reply.start == 0) return false;
  const bool is_new = reply.start != progress.start();
  if (is_new && progress.start() != 0 && reply.sent_at <= progress.start_heard_at()) return false;
  if (is_new) judge_start(node, progress, reply);
  progress.heard_start(reply.start, now_);
  // A new process that is recovering knows it from its disk, so its successors will, too. The process that we told
  // knows it from us only; it always ends, and if it went on, it would never count again.
  if (is_new && reply.recovering != 0) progress.set_forgetful(false);
  const uint64_t recovering = progress.is_forgetful() ? reply.start : reply.recovering;
  if (recovering != 0) hear_recovering(progress, recovering);
  if (is_new) send(node, heartbeat_to(node, progress, 0));  // with the verdict
  return true;
}

void Raft::judge_start(NodeId node, Progress& progress, const HeartbeatReply& reply) {
  if (progress.start() != 0 && progress.state() == Progress::State::replicate) progress.probe_again();
  const std::optional<Promise> promise = promises_.broken_by(reply, node, progress, hard_state_.term);
  if (!promise) return;
  promises_.remember(node, *promise);
  progress.set_forgetful(!MUTANT(forgetful_counts));
  effects_.forgetful.push_back({.node = node, .acknowledged = promise->acknowledged, .found = reply.found});
}

// ---- the judged node's half

void Raft::hear_verdict(const Heartbeat& heartbeat) {
  if (heartbeat.start != process_.start() || is_recovering()) return;
  if (heartbeat.forgotten.term == 0) return admit();
  process_.has_lost_something();
  effects_.forgotten = Forgotten{.by = leader_.id(), .acknowledged = heartbeat.forgotten};
}

void Raft::on(const WentBack&) {
  if (is_recovering()) return;
  become_follower(hard_state_.term, 0);
  process_.has_lost_something();
  effects_.forgotten = Forgotten{};
}

}  // namespace skiff::raft

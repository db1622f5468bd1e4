#include "src/replica/admin_requests.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"

namespace skiff {
namespace {

// The core's ids for requests of this class begin behind it; ids of the shell's own changes are below.
constexpr uint64_t kOurs = uint64_t{1} << 62;
constexpr size_t kWithdrawnKept = 16;

}  // namespace

AdminRequests::AdminRequests(AdminConfig config, const raft::Raft& raft, Environment& environment)
    : config_(config), raft_(raft), environment_(environment) {
  CHECK(config_.self != 0);
  CHECK(config_.timeout > 0_s);
}

// ---- at the node that the operator asked

void AdminRequests::ask(raft::Time now, const Ticket& ticket, AdminRequest request) {
  Waiting waiting{.ticket = ticket,
                  .request = std::move(request),
                  .deadline = now + config_.timeout,
                  .open = {},
                  .reason = "there is no leader"};
  if (waiting_.size() >= config_.waiting_max)
    return answer(waiting, AdminAnswer::Kind::refused, "too many admin requests wait");
  waiting_.push_back(std::move(waiting));
  CHECK(waiting_.size() <= config_.waiting_max);
}

void AdminRequests::drive_waiting(raft::Time now) {
  if (raft_.leader() == 0) return;
  for (Waiting& waiting : waiting_) {
    const bool is_same_leader = waiting.asked == raft_.leader() && waiting.asked_term == raft_.term();
    const bool is_on_its_way = waiting.open.contains(waiting.last_attempt) && is_same_leader;
    if (now >= (is_on_its_way ? lost_at(waiting) : waiting.again_at)) send_attempt(now, waiting);
  }
}

// Nothing is lost on the way to this node itself.
raft::Time AdminRequests::lost_at(const Waiting& waiting) const {
  return waiting.asked == config_.self ? raft::kNever : waiting.asked_at + config_.retry_after;
}

void AdminRequests::send_attempt(raft::Time now, Waiting& waiting) {
  CHECK(raft_.leader() != 0);
  CHECK(now < waiting.deadline);
  waiting.last_attempt = ++attempts_;
  waiting.open.insert(waiting.last_attempt);
  waiting.asked = raft_.leader();
  waiting.asked_term = raft_.term();
  waiting.asked_at = now;
  AdminAttempt attempt{.id = {.incarnation = config_.incarnation, .number = waiting.last_attempt},
                       .request = waiting.request};
  if (waiting.asked == config_.self) return received(now, config_.self, attempt);
  environment_.send({.from = config_.self, .to = waiting.asked, .term = raft_.term(), .body = std::move(attempt)});
}

// A request that was not begun is asked again. So is one that may have been begun, and then its first attempt stays
// open.
void AdminRequests::answered(raft::Time now, const AdminReply& reply) {
  if (reply.id.incarnation != config_.incarnation) return;
  for (Running& running : running_) {
    if (running.leave_asked == reply.id.number) running.again_at = running.leave_until = now;
  }
  auto waiting = std::find_if(waiting_.begin(), waiting_.end(),
                              [&](const Waiting& one) { return one.open.contains(reply.id.number); });
  if (waiting == waiting_.end()) return;
  if (reply.outcome != Outcome::unknown) waiting->open.erase(reply.id.number);
  waiting->reason = reply.reason;
  waiting->again_at = now + config_.pause;
  if (reply.id.number == waiting->last_attempt) waiting->asked = 0;
  const bool is_wrong = reply.outcome == Outcome::not_found || reply.outcome == Outcome::conflict;
  if (reply.outcome == Outcome::done) {
    answer(*waiting, AdminAnswer::Kind::done);
  } else if (is_wrong && waiting->open.empty()) {
    const bool is_missing = reply.outcome == Outcome::not_found;
    answer(*waiting, is_missing ? AdminAnswer::Kind::not_found : AdminAnswer::Kind::conflict, reply.reason);
  } else {
    return;
  }
  waiting_.erase(waiting);
}

void AdminRequests::expire(raft::Time now) {
  for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
    if (now < waiting->deadline) {
      ++waiting;
      continue;
    }
    if (waiting->open.empty()) {
      answer(*waiting, AdminAnswer::Kind::refused, waiting->reason);
    } else {
      answer(*waiting, AdminAnswer::Kind::unknown,
             "no answer in time; it may still come true. Asking for the same again does no harm");
    }
    waiting = waiting_.erase(waiting);
  }
}

void AdminRequests::removed() {
  for (const Waiting& waiting : waiting_) {
    const bool is_it = waiting.request.kind == AdminRequest::Kind::remove && waiting.request.node == config_.self;
    const auto otherwise = waiting.open.empty() ? AdminAnswer::Kind::refused : AdminAnswer::Kind::unknown;
    answer(waiting, is_it ? AdminAnswer::Kind::done : otherwise, is_it ? "" : "this node is no member any more");
  }
  waiting_.clear();
  CHECK(!has_waiting());
}

void AdminRequests::answer(const Waiting& waiting, AdminAnswer::Kind kind, std::string reason) {
  environment_.admin_answered(waiting.ticket, {.kind = kind, .request = waiting.request, .reason = std::move(reason)});
}

// ---- at the leader

// The leader gives up before the node that asked does, so that it can still say how the attempt ended.
void AdminRequests::received(raft::Time now, raft::NodeId by, const AdminAttempt& attempt) {
  if (attempt.id <= newest_[by]) return;
  newest_[by] = attempt.id;
  if (attempt.request.kind == AdminRequest::Kind::leave) {
    if (attempt.request.node != config_.self) return;
    leaving_ = Leaving{.leader = by, .asked_as = attempt.id, .until = now + config_.timeout};
    return;
  }
  Running running{.by = by,
                  .attempt = attempt.id,
                  .request = attempt.request,
                  .give_up_at = now + config_.timeout - config_.timeout / 4,
                  .reason = {}};
  if (!raft_.is_leader()) return end(running, Outcome::not_now, "this node does not lead");
  if (running_.size() >= config_.waiting_max) return end(running, Outcome::not_now, "too many admin requests wait");
  CHECK(running.asked_as == 0);
  running_.push_back(std::move(running));
}

void AdminRequests::drive_running(raft::Time now, std::vector<raft::Event>& events) {
  for (auto running = running_.begin(); running != running_.end();) {
    running = drive_one(now, *running, events) ? std::next(running) : running_.erase(running);
  }
}

bool AdminRequests::drive_one(raft::Time now, Running& running, std::vector<raft::Event>& events) {
  const bool is_late = now >= running.give_up_at;
  if (running.asked_as != 0) {  // the core will say
    if (is_late) end(running, Outcome::unknown, "no majority confirmed it in time");
    return !is_late;
  }
  if (is_late || !raft_.is_leader()) {
    end(running, Outcome::not_now, is_late ? running.reason : "this node does not lead any more");
    return false;
  }
  if (now < running.again_at) return true;
  CHECK(raft_.is_leader());
  Verdict verdict = judge(raft_, now, config_.rules, running.request);
  if (verdict.kind == Verdict::Kind::end) {
    end(running, verdict.outcome, std::move(verdict.reason));
    return false;
  }
  running.reason = std::move(verdict.reason);
  if (verdict.kind == Verdict::Kind::let_leave && !let_leave(now, running)) return true;
  running.again_at = now + config_.pause;
  if (verdict.kind == Verdict::Kind::wait) return true;
  running.asked_as = kOurs + ++asked_of_core_;
  CHECK(running.asked_as > kOurs);
  running.steps_aside = verdict.kind == Verdict::Kind::step_aside;
  if (running.steps_aside || running.request.kind == AdminRequest::Kind::lead) {
    const raft::NodeId to = running.steps_aside ? 0 : running.request.node;
    events.push_back(raft::TransferAsked{.id = running.asked_as, .to = to});
  } else {
    events.push_back(raft::ChangeAsked{.id = running.asked_as, .changes = {change_of(running.request)}});
  }
  return true;
}

bool AdminRequests::let_leave(raft::Time now, Running& running) {
  CHECK(running.request.kind == AdminRequest::Kind::remove);
  CHECK(running.request.node != config_.self);
  if (running.leave_until != 0_s) return now >= running.leave_until;
  running.leave_asked = ++attempts_;
  running.again_at = running.leave_until = now + config_.retry_after;
  environment_.send({.from = config_.self,
                     .to = running.request.node,
                     .term = raft_.term(),
                     .body = AdminAttempt{
                         .id = {.incarnation = config_.incarnation, .number = running.leave_asked},
                         .request = {.kind = AdminRequest::Kind::leave, .node = running.request.node, .address = {}}}});
  return false;
}

// This node is about to be removed: it tells the leader once no client waits here any more.
void AdminRequests::say_left(raft::Time now, bool is_idle) {
  CHECK(leaving_.has_value());
  if (!is_leaving(now) || leaving_->has_told || !is_idle) return;
  leaving_->has_told = true;
  environment_.send({.from = config_.self,
                     .to = leaving_->leader,
                     .term = raft_.term(),
                     .body = AdminReply{.id = leaving_->asked_as, .outcome = Outcome::done, .reason = {}}});
}

// Where a removal begins with handing leadership over, that is all that has been done.
bool AdminRequests::ended(raft::Time now, const raft::AdminResult& core) {
  if (core.id <= kOurs || core.id > kOurs + asked_of_core_) return false;
  auto running =
      std::find_if(running_.begin(), running_.end(), [&](const Running& one) { return one.asked_as == core.id; });
  if (running == running_.end()) return true;  // given up
  const bool is_refused = core.kind == raft::AdminResult::Kind::refused;
  if (is_refused && core.is_transient) {
    running->asked_as = 0;
    running->reason = core.reason;
    running->again_at = now + config_.pause;
    return true;
  }
  if (running->steps_aside) {
    end(*running, Outcome::not_now, is_refused ? core.reason : "this node has handed leadership over first");
  } else if (core.kind == raft::AdminResult::Kind::done) {
    end(*running, Outcome::done);
  } else if (is_refused) {
    const bool is_lead = running->request.kind == AdminRequest::Kind::lead;
    end(*running, is_lead ? Outcome::not_now : Outcome::conflict, core.reason);
  } else {
    end(*running, Outcome::unknown, core.reason);
  }
  running_.erase(running);
  return true;
}

void AdminRequests::end(const Running& running, Outcome outcome, std::string reason) {
  replies_.push_back({.by = running.by,
                      .reply = {.id = running.attempt, .outcome = outcome, .reason = std::move(reason)},
                      .request = running.request});
}

void AdminRequests::send_replies(raft::Time now) {
  for (Reply& reply : std::exchange(replies_, {})) {
    if (reply.by == 0) {
      note_withdrawn(reply);
    } else if (reply.by == config_.self) {
      answered(now, reply.reply);
    } else {
      environment_.send({.from = config_.self, .to = reply.by, .term = raft_.term(), .body = std::move(reply.reply)});
    }
  }
}

std::vector<raft::Event> AdminRequests::drive(raft::Time now, bool is_idle) {
  std::vector<raft::Event> events;
  if (leaving_) say_left(now, is_idle);
  if (waiting_.empty() && running_.empty() && replies_.empty()) return events;
  send_replies(now);
  expire(now);
  drive_waiting(now);
  drive_running(now, events);
  send_replies(now);
  CHECK(replies_.empty());
  return events;
}

// ---- members that never came

void AdminRequests::withdraw_the_silent(raft::Time now) {
  const raft::Configuration& members = raft_.configuration();
  if (config_.join_timeout == 0_s || !raft_.is_leader() || members.is_joint()) return;
  for (const raft::Member& member : members.members) {
    if (member.role != raft::MemberRole::joining) continue;
    for (const raft::Status::Peer& peer : raft_.status().peers) {
      const bool is_silent = peer.node == member.id && now >= peer.heard_at + config_.join_timeout;
      auto is_it = [&](const Running& one) { return one.by == 0 && one.request.node == member.id; };
      if (!is_silent || std::any_of(running_.begin(), running_.end(), is_it)) continue;
      running_.push_back({.by = 0,
                          .attempt = {},
                          .request = {.kind = AdminRequest::Kind::remove, .node = member.id, .address = member.address},
                          .give_up_at = now + config_.timeout,
                          .reason = {}});
    }
  }
}

void AdminRequests::note_withdrawn(const Reply& reply) {
  if (reply.reply.outcome != Outcome::done) return;
  CHECK(reply.request.kind == AdminRequest::Kind::remove);
  withdrawn_.push_back({.node = reply.request.node, .address = reply.request.address});
  if (withdrawn_.size() > kWithdrawnKept) withdrawn_.pop_front();
  CHECK(withdrawn_.size() <= kWithdrawnKept);
  environment_.withdrawn(withdrawn_.back());
}

raft::Time AdminRequests::next_deadline() const {
  raft::Time next = raft::kNever;
  for (const Waiting& waiting : waiting_) {
    next = std::min(next, waiting.deadline);
    if (raft_.leader() == 0) continue;
    const bool is_on_its_way = waiting.open.contains(waiting.last_attempt) && waiting.asked == raft_.leader();
    next = std::min(next, is_on_its_way ? lost_at(waiting) : waiting.again_at);
  }
  for (const Running& running : running_) {
    next = std::min({next, running.give_up_at, running.asked_as == 0 ? running.again_at : raft::kNever});
  }
  return next;
}

}  // namespace skiff

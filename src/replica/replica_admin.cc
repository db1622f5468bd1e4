// The replica's side of an operator's requests (src/replica/admin_requests.h), and its end as a member.
#include <utility>

#include "raft/check.h"
#include "src/replica/replica.h"

namespace skiff {

AdminConfig admin_config(const ReplicaConfig& config) {
  return {.self = config.raft.id,
          .incarnation = config.raft.start,
          .rules = {.members_max = config.members_max, .silent_after = config.raft.election_timeout},
          .timeout = config.request_timeout,
          .pause = config.raft.heartbeat_interval,
          .retry_after = config.raft.election_timeout,
          .join_timeout = config.join_timeout};
}

void Replica::ask_admin(raft::Time now, const Ticket& ticket, AdminRequest request) {
  set_now(now);
  CHECK(request.node != 0);
  CHECK(request.kind != AdminRequest::Kind::leave);  // only a leader says so
  if (is_stopping_) {
    return environment_.admin_answered(
        ticket,
        {.kind = AdminAnswer::Kind::refused, .request = std::move(request), .reason = "this node is shutting down"});
  }
  admin_.ask(now, ticket, std::move(request));
  drive_admin_requests();
  apply_effects();
}

void Replica::on(const PeerMessage& message, AdminAttempt&& attempt) {
  admin_.received(now_, message.from, attempt);
  drive_admin_requests();
}

void Replica::on(const PeerMessage&, AdminReply&& reply) {
  admin_.answered(now_, reply);
  drive_admin_requests();
}

void Replica::change_members(raft::Time now, uint64_t id, std::vector<raft::Change> changes) {
  CHECK(id != 0);
  step(now, raft::ChangeAsked{.id = id, .changes = std::move(changes)});
  apply_effects();
}

void Replica::hand_over(raft::Time now, uint64_t id, raft::NodeId to) {
  CHECK(id != 0);
  step(now, raft::TransferAsked{.id = id, .to = to});
  apply_effects();
}

void Replica::drain_admin_requests(const raft::Effects& effects) {
  for (const raft::AdminResult& end : effects.admin_results) {
    if (!admin_.ended(now_, end)) environment_.admin_ended(end);
  }
  if (!effects.removed) return;
  is_removed_ = true;
  admin_.removed();
}

// A removed node is not told any more what becomes of the rest.
void Replica::end_what_waits() {
  if (!is_removed_ || kv_.applied() < raft_.log().committed()) return;
  for (const WaitingWrite& write : writes_.take_expired(raft::kNever)) {
    answer(write, write.submissions > 0 ? Answer::Outcome::unknown : Answer::Outcome::refused,
           "this node is no member any more");
  }
  for (const WaitingBarrier& barrier : barriers_.take_expired(raft::kNever)) {
    answer(barrier, Answer::Outcome::refused, "this node is no member any more");
  }
  CHECK(writes_.size() == 0);
  CHECK(barriers_.size() == 0);
}

void Replica::drive_admin_requests() {
  const bool is_idle = writes_.size() + barriers_.size() == 0;
  for (const raft::Event& event : admin_.drive(now_, is_idle)) raft_.step(now_, event);
}

}  // namespace skiff

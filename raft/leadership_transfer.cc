// Leadership transfer (thesis 3.10): the leader takes no more proposals, waits until its successor has the whole log,
// and tells it to campaign at once. If it still leads an election timeout later, it goes on leading.
#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"
#include "raft/raft.h"

namespace skiff::raft {

void Raft::on(const TransferAsked& asked) {
  Leader* leader = as_leader();
  if (leader == nullptr) {
    if (!leader_.is_known()) return effects_.admin_results.push_back(WhyNot{"there is no leader"}.refuse(asked.id));
    send(leader_.id(), TransferRequest{.to = asked.to});
    return effects_.admin_results.push_back({.id = asked.id, .kind = AdminResult::Kind::passed, .reason = {}});
  }
  const NodeId to = asked.to == 0 ? leader->followers.best_successor(successor_rules()) : asked.to;
  const WhyNot why = admin_rules(*leader).why_not_transfer(to);
  if (!why.reason.empty()) return effects_.admin_results.push_back(why.refuse(asked.id));
  transfer_.start({.to = to, .now = now_, .request = asked.id});
}

void Raft::on(const Message&, const TransferRequest& request) {
  Leader* leader = as_leader();
  NodeId to = request.to;
  if (leader != nullptr && to == 0) to = leader->followers.best_successor(successor_rules());
  if (leader == nullptr || !admin_rules(*leader).why_not_transfer(to).reason.empty()) {
    ++ignored_;
    return;
  }
  transfer_.start({.to = to, .now = now_});
}

Followers::SuccessorRules Raft::successor_rules() const {
  return {
      .members = configuration(), .match_min = log_.committed(), .now = now_, .silence_max = config_.election_timeout};
}

// With every take_effects().
void Raft::drive_transfer(Leader& leader) {
  if (!transfer_.must_tell() || leader.followers.at(transfer_.to()).match() < log_.last().index) return;
  transfer_.told();
  if (!MUTANT(lease_outlives_transfer)) leader.lease.give_up();
  send(transfer_.to(), TimeoutNow{});
}

// Followed if the leader of this very term sends it. A node whose disk is stalled could not lead.
void Raft::on(const Message& message, const TimeoutNow&) {
  const bool is_from_leader = leader_.is(message.from) || MUTANT(told_to_campaign_by_anybody);
  const bool can_lead = membership_.is_voter(config_.id) && is_admitted() && !is_recovering() &&
                        !saves_.is_older(config_.election_timeout, now_);
  if (!std::holds_alternative<Follower>(role_) || !is_from_leader || !can_lead) {
    ++ignored_;
    return;
  }
  become(PreCandidate{});
  forget_leader();
  ask_for_votes(true);
  count_votes();
}

}  // namespace skiff::raft

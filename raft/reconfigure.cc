// Changing the members (thesis 4): adding, promoting, removing; the leader's part.
//
// There is one change at a time (raft/admin_rules.h). A leader brings a change to its end by itself, even if an earlier
// leader began it: it leaves a joint configuration once that is committed, makes a joining member a voter once it has
// caught up, and steps down when it is no voter any more.
#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"
#include "raft/raft.h"

namespace skiff::raft {

void Raft::on(const ChangeAsked& asked) {
  Leader* leader = as_leader();
  if (leader == nullptr) return effects_.admin_results.push_back(WhyNot{"this node does not lead"}.refuse(asked.id));
  const WhyNot why = admin_rules(*leader).why_not_change(asked.changes);
  if (!why.reason.empty()) return effects_.admin_results.push_back(why.refuse(asked.id));
  Configuration next = plan(configuration(), asked.changes).next;
  if (next == configuration()) return effects_.admin_results.push_back({.id = asked.id, .reason = {}});
  leader->change = asked.id;
  append_own(EntryKind::configuration, Payload::of(encode(next)));
}

AdminRules Raft::admin_rules(const Leader& leader) const {
  return {.self = config_.id,
          .configuration = configuration(),
          .followers = leader.followers,
          .is_configuration_committed = is_configuration_committed(),
          .has_committed_in_term = log_.committed() >= leader.first_of_term,
          .is_transfer_under_way = transfer_.is_under_way()};
}

// With every take_effects().
void Raft::reconfigure(Leader& leader) {
  for (auto& [node, progress] : leader.followers) {
    if (!membership_.is_voter(node)) progress.note_round(log_.last().index, now_, config_.election_timeout);
  }
  if (!is_configuration_committed() && !MUTANT(joint_left_early)) return;
  if (log_.committed() < leader.first_of_term) return;
  if (configuration().is_joint()) {
    append_own(EntryKind::configuration, Payload::of(encode(leave_joint(configuration()))));
    return;
  }
  if (leader.change)
    effects_.admin_results.push_back({.id = *std::exchange(leader.change, std::nullopt), .reason = {}});
  if (!membership_.is_voter(config_.id)) return step_down(leader);
  for (const Member& member : configuration().members) {
    if (member.role != MemberRole::joining || transfer_.is_under_way()) continue;
    if (!leader.followers.at(member.id).has_caught_up() && !MUTANT(joining_member_votes_at_once)) continue;
    Planned planned = plan(configuration(), {{.kind = Change::Kind::promote, .node = member.id, .address = {}}});
    CHECK(planned.refused.empty());
    append_own(EntryKind::configuration, Payload::of(encode(planned.next)));
    return;
  }
}

// We led the change that removed our vote, without counting ourselves (4.2.2). A voter that has the whole log may go on
// at once.
void Raft::step_down(Leader& leader) {
  for (const auto& [node, progress] : leader.followers) {
    if (progress.counted() < log_.last().index || !membership_.is_voter(node)) continue;
    send(node, TimeoutNow{});
    break;
  }
  become_follower(hard_state_.term, 0);
}

// The configuration has changed: by an entry, by one that was cut off, or by a snapshot.
void Raft::use_configuration() {
  effects_.membership_changed = true;
  Leader* leader = as_leader();
  if (leader == nullptr) return;
  update_followers(*leader);
  advance_commit();
  confirm_reads(*leader);
}

void Raft::update_followers(Leader& leader) {
  const Progress fresh(log_.last().index + 1, now_, config_.window);
  leader.followers.become(configuration().everybody(), config_.id, fresh);
  leader.heartbeat_due = std::min(leader.heartbeat_due, now_ + config_.heartbeat_interval);
}

}  // namespace skiff::raft

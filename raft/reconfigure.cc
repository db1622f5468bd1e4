// Changing the members (thesis 4): adding, promoting, removing; the leader's part.
//
// There is one change at a time, and none before the leader has committed an entry of its own term: otherwise two
// leaders, each with a change that the other does not know, could decide without one another. A leader brings a change
// to its end by itself, even if an earlier leader began it: it leaves a joint configuration once that is committed,
// makes a joining member a voter once it has caught up, and steps down when it is no voter any more.
#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"
#include "raft/raft.h"

namespace skiff::raft {

void Raft::on(const ChangeAsked& asked) {
  Leader* leader = as_leader();
  if (leader == nullptr) return effects_.admin_results.push_back(WhyNot{"this node does not lead"}.refuse(asked.id));
  WhyNot why = why_not_change(*leader, asked.changes);
  if (!why.reason.empty()) return effects_.admin_results.push_back(why.refuse(asked.id));
  Configuration next = plan(configuration(), asked.changes).next;
  if (next == configuration()) return effects_.admin_results.push_back({.id = asked.id, .reason = {}});
  leader->change = asked.id;
  append_own(EntryKind::configuration, Payload::of(encode(next)));
}

Raft::WhyNot Raft::why_not_change(const Leader& leader, const std::vector<Change>& changes) const {
  const bool is_new = log_.committed() < leader.first_of_term && !MUTANT(change_before_own_commit);
  if (is_new) return {"this node has only just come to lead", true};
  const bool is_committed = is_configuration_committed() || MUTANT(two_changes_at_once);
  if (!is_committed || configuration().is_joint()) return {"another change is under way", true};
  if (transfer_.is_under_way()) return {"leadership is being handed over", true};
  for (const Change& change : changes) {
    const Progress* follower = leader.followers.find(change.node);
    const bool has_caught_up = follower != nullptr && follower->has_caught_up();
    const Member* member = configuration().find(change.node);
    const bool is_new_voter =
        change.kind == Change::Kind::promote && member != nullptr && member->role != MemberRole::voter;
    if (is_new_voter && !has_caught_up) return {"it has not caught up yet", true};
  }
  Planned planned = plan(configuration(), changes);
  if (planned.refused.empty() && !leader.followers.can_recover_under(planned.next)) {
    return {"a node is recovering, and without it there would be no majority", true};
  }
  return {planned.refused, false};
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

AdminResult Raft::WhyNot::refuse(uint64_t request) const {
  return {.id = request, .kind = AdminResult::Kind::refused, .reason = reason, .is_transient = is_transient};
}

}  // namespace skiff::raft

// Changing the members (thesis 4): adding, promoting, removing; the leader's part.
//
// One change at a time, and none before the leader has committed something in its own term: otherwise two leaders, each
// with a change the other does not know, could decide without one another. The rest a leader does by itself, whoever
// has started it: it leaves a joint configuration once that is committed, makes a joining member a voter once that has
// caught up, and steps down when it is no voter any more.
#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"
#include "raft/raft.h"

namespace skiff::raft {

void Raft::on(const ChangeAsked& asked) {
  Leader* leader = as_leader();
  if (leader == nullptr) return end_admin_request(asked.id, AdminResult::Kind::refused, "this node does not lead");
  WhyNot why = why_not_change(*leader, asked.changes);
  if (!why.reason.empty()) return refuse_admin_request(asked.id, std::move(why));
  Configuration next = plan(configuration(), asked.changes).next;
  if (next == configuration()) return end_admin_request(asked.id, AdminResult::Kind::done);
  leader->change = asked.id;
  append_own(EntryKind::configuration, std::make_shared<const std::string>(encode(next)));
}

Raft::WhyNot Raft::why_not_change(const Leader& leader, const std::vector<Change>& changes) const {
  const bool is_new = log_.committed() < leader.first_of_term && !MUTANT(change_before_own_commit);
  if (is_new) return {"this node has only just come to lead", true};
  const bool is_committed = is_configuration_committed() || MUTANT(two_changes_at_once);
  if (!is_committed || configuration().is_joint()) return {"another change is under way", true};
  if (leader.transfer) return {"leadership is being handed over", true};
  for (const Change& change : changes) {
    auto follower = leader.followers.find(change.node);
    bool has_caught_up = follower != leader.followers.end() && follower->second.has_caught_up();
    const Member* member = configuration().find(change.node);
    bool is_new_voter = change.kind == Change::Kind::promote && member != nullptr && member->role != MemberRole::voter;
    if (is_new_voter && !has_caught_up) return {"it has not caught up yet", true};
  }
  Planned planned = plan(configuration(), changes);
  if (planned.refused.empty() && !leaves_enough(leader, planned.next)) {
    return {"a node whose log was damaged is being mended, and without it there would be no majority", true};
  }
  return {planned.refused, false};
}

// With every take_effects().
void Raft::reconfigure(Leader& leader) {
  for (auto& [node, progress] : leader.followers) {
    if (!is_voter(node)) progress.note_round(log_.last().index, now_, config_.election_timeout);
  }
  if (!is_configuration_committed() && !MUTANT(joint_left_early)) return;
  if (log_.committed() < leader.first_of_term) return;
  if (configuration().is_joint()) {
    append_own(EntryKind::configuration, std::make_shared<const std::string>(encode(leave_joint(configuration()))));
    return;
  }
  if (leader.change) end_admin_request(*std::exchange(leader.change, std::nullopt), AdminResult::Kind::done);
  if (!is_voter(config_.id)) return step_aside(leader);
  for (const Member& member : configuration().members) {
    if (member.role != MemberRole::joining || leader.transfer) continue;
    if (!leader.followers.at(member.id).has_caught_up() && !MUTANT(joining_member_votes_at_once)) continue;
    Planned planned = plan(configuration(), {{.kind = Change::Kind::promote, .node = member.id, .address = {}}});
    CHECK(planned.refused.empty());
    append_own(EntryKind::configuration, std::make_shared<const std::string>(encode(planned.next)));
    return;
  }
}

// We led the change that took our vote away, without counting ourselves (4.2.2). Whoever has everything may go on at
// once.
void Raft::step_aside(Leader& leader) {
  for (const auto& [node, progress] : leader.followers) {
    if (progress.counted() < log_.last().index || !is_voter(node)) continue;
    send(node, TimeoutNow{});
    break;
  }
  become_follower(hard_state_.term, 0);
}

// Everybody in the configuration in force, and nobody else.
void Raft::sync_followers(Leader& leader) {
  std::vector<NodeId> everybody = configuration().everybody();
  std::erase_if(leader.followers, [&](const auto& follower) {
    return !std::binary_search(everybody.begin(), everybody.end(), follower.first);
  });
  for (NodeId node : everybody) {
    if (node != config_.id) leader.followers.try_emplace(node, log_.last().index + 1, now_, config_.window);
  }
  leader.heartbeat_due = std::min(leader.heartbeat_due, now_ + config_.heartbeat_interval);
}

// It has changed: by an entry, by one that was cut off, by a snapshot.
void Raft::use_configuration() {
  effects_.membership_changed = true;
  Leader* leader = as_leader();
  if (leader == nullptr) return;
  sync_followers(*leader);
  advance_commit();
  confirm_reads(*leader);
}

void Raft::end_change() {
  Leader& leader = *as_leader();
  if (!leader.change) return;
  end_admin_request(*leader.change, AdminResult::Kind::unknown, "this node does not lead any more");
  leader.change.reset();
}

void Raft::end_admin_request(uint64_t id, AdminResult::Kind kind, std::string reason) {
  effects_.orders.push_back({.id = id, .kind = kind, .reason = std::move(reason)});
}

void Raft::refuse_admin_request(uint64_t id, WhyNot why) {
  effects_.orders.push_back({.id = id,
                             .kind = AdminResult::Kind::refused,
                             .reason = std::move(why.reason),
                             .is_transient = why.is_transient});
}

}  // namespace skiff::raft

// How members come, go and change their role while everything goes wrong.
#include <algorithm>
#include <utility>

#include "tests/sim/simulation.h"

namespace skiff::sim {

void Simulation::change_members() {
  const raft::Raft* leads = leader();
  if (leads == nullptr) return;
  raft::Configuration now = leads->configuration();
  std::vector<raft::Change> changes;
  using Kind = raft::Change::Kind;
  const raft::Member& some = now.members[world_.random.below(now.members.size())];
  uint64_t dice = world_.random.below(10);
  bool has_lost = std::any_of(now.members.begin(), now.members.end(),
                              [&](const raft::Member& member) { return lost_.contains(member.id); });
  bool are_intact = std::all_of(now.members.begin(), now.members.end(),
                                [&](const raft::Member& member) { return is_intact(member.id); });
  if (dice < 4 && machines_.size() < 12 && now.members.size() < 7) {
    Machine& fresh = add_machine({});
    start(fresh);
    changes.push_back({.kind = dice == 0 ? Kind::add_learner : Kind::add, .node = fresh.id(), .address = {}});
    if (dice == 1 && are_intact) changes.push_back({.kind = Kind::remove, .node = some.id, .address = {}});
  } else if (has_lost) {
    for (const raft::Member& member : now.members) {
      if (lost_.contains(member.id)) changes.push_back({.kind = Kind::remove, .node = member.id, .address = {}});
    }
  } else if (!are_intact) {
    return;  // a recovering node needs a majority of the others
  } else if (dice < 6) {
    changes.push_back({.kind = Kind::remove, .node = some.id, .address = {}});
  } else if (dice < 7) {
    bool is_voter = some.role == raft::MemberRole::voter;
    changes.push_back({.kind = is_voter ? Kind::demote : Kind::promote, .node = some.id, .address = {}});
  } else {
    changes = change_many(leads->leader(), now);
  }
  world_.count(Fault::membership);
  raft::NodeId leader = leads->leader();
  if (!now.is_joint() && world_.is_allowed(Fault::partition) && world_.chance(500)) {
    cut_new_voters_from_old(leader, raft::plan(now, changes).next);
  }
  if (!ask_admin(changes)) machines_.at(leader)->change_members(++orders_, std::move(changes));
  if (world_.chance(500)) {  // in the middle of it
    world_.after(world_.between(0_s, 4 * (world_.weather.hop + world_.weather.sync)), [this, leader] {
      if (world_.is_healed || !world_.is_allowed(Fault::isolate)) return;
      for (const auto& [id, machine] : machines_) {
        if (id != leader && world_.chance(700)) cut_both(leader, id);
      }
    });
  }
  std::vector<raft::NodeId> everybody;
  for (const auto& [id, machine] : machines_) everybody.push_back(id);
  clients_.nodes_are(everybody);
}

// Swaps voters for learners, so that a majority of the new voters need not overlap with one of the old: only the leader
// and fewer than half of the old voters are left. Or, when there are many learners already, the other way round.
std::vector<raft::Change> Simulation::change_many(raft::NodeId leader, const raft::Configuration& now) {
  using Kind = raft::Change::Kind;
  const std::vector<raft::NodeId> voters = now.voters().incoming;
  const bool is_back = voters.size() * 2 <= now.members.size();
  size_t left_over = std::max<size_t>((voters.size() - 1) / 2, 1) - 1;  // beside the leader
  std::vector<raft::Change> changes;
  for (const raft::Member& member : now.members) {
    if (member.role != raft::MemberRole::voter) {
      if (is_back || world_.chance(700)) changes.push_back({.kind = Kind::promote, .node = member.id, .address = {}});
    } else if (member.id == leader || is_back ? world_.chance(200) : left_over == 0 || world_.chance(700)) {
      changes.push_back({.kind = Kind::demote, .node = member.id, .address = {}});
    } else if (member.id != leader && left_over > 0) {
      --left_over;
    }
  }
  return changes;
}

// Before the change begins: the leader hears the voters to be, and no other node.
void Simulation::cut_new_voters_from_old(raft::NodeId leader, const raft::Configuration& next) {
  const std::vector<raft::NodeId> next_voters = next.voters().incoming;
  auto is_inside = [&](raft::NodeId node) {
    return node == leader || std::binary_search(next_voters.begin(), next_voters.end(), node);
  };
  for (const auto& [a, machine] : machines_) {
    for (const auto& [b, other] : machines_) {
      if (is_inside(a) && !is_inside(b)) cut_both(a, b);
    }
  }
  world_.count(Fault::partition);
  world_.trace(
      [&] { return "partition between old and new voters, with " + std::to_string(leader) + " among the new"; });
}

// As an operator does it: one change, at whichever node. False: it is none that an operator can ask for.
bool Simulation::ask_admin(const std::vector<raft::Change>& changes) {
  if (changes.size() != 1 || world_.chance(400)) return false;
  const raft::Change& change = changes.front();
  Machine* some = any_up();
  const bool is_add = change.kind == raft::Change::Kind::add;
  if (some == nullptr || (!is_add && change.kind != raft::Change::Kind::remove)) return false;
  some->order(++orders_, {.kind = is_add ? AdminRequest::Kind::add : AdminRequest::Kind::remove,
                          .node = change.node,
                          .address = is_add ? "at:" + std::to_string(change.node) : ""});
  return true;
}

void Simulation::note_admin_request(const AdminAnswer& answer) {
  const bool is_done = answer.kind == AdminAnswer::Kind::done;
  const bool is_unknown = answer.kind == AdminAnswer::Kind::unknown;
  if (answer.request.kind == AdminRequest::Kind::remove && is_done) told_removed_.insert(answer.request.node);
  if (answer.request.kind == AdminRequest::Kind::add && !is_done && !is_unknown) {
    told_not_added_.insert(answer.request.node);
  }
}

void Simulation::require_what_was_answered() {
  const raft::Configuration now = members();
  for (raft::NodeId node : told_removed_) {
    world_.require(now.was_removed(node) && !now.has(node), "acknowledged",
                   "node " + std::to_string(node) + " was removed, as an operator was told, and is not");
  }
  for (raft::NodeId node : told_not_added_) {
    world_.require(!now.was_removed(node) && !now.has(node), "refused",
                   "node " + std::to_string(node) + " was never added, as an operator was told, and was");
  }
}

// Its disk is gone for good.
void Simulation::replace(raft::NodeId node) {
  if (!may_lose(node) || machines_.size() >= 12) return;
  machines_.at(node)->lose_power(Loss::random);
  lost_.insert(node);
  world_.count(Fault::replace);
  Machine& fresh = add_machine({});
  start(fresh);
  const raft::Raft* leads = leader();
  if (leads == nullptr) return;
  using Kind = raft::Change::Kind;
  machines_.at(leads->leader())
      ->change_members(++orders_, {{.kind = Kind::remove, .node = node, .address = {}},
                                   {.kind = Kind::add, .node = fresh.id(), .address = {}}});
}

}  // namespace skiff::sim

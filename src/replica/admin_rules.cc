#include "src/replica/admin_rules.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "raft/check.h"
#include "raft/quorum.h"

namespace skiff {
namespace {

using Outcome = AdminReply::Outcome;
using raft::Configuration;
using raft::Member;
using raft::NodeId;

std::string text(NodeId node) { return "node " + std::to_string(node); }

Verdict end(Outcome outcome, std::string reason = {}) { return {Verdict::Kind::end, outcome, std::move(reason)}; }

Verdict no_such_member(NodeId node) {
  return end(Outcome::not_found, "there is no member " + std::to_string(node) + "; GET /members lists those there are");
}

const Member* with_address(const Configuration& members, const AdminRequest& request) {
  auto has_it = [&](const Member& member) { return member.id != request.node && member.address == request.address; };
  auto found = std::find_if(members.members.begin(), members.members.end(), has_it);
  return found == members.members.end() ? nullptr : &*found;
}

Verdict address_taken(const Member& by, const AdminRequest& request) {
  return end(Outcome::conflict, request.address + " is the address of " + text(by.id) + ": each member needs its own");
}

NodeId unused_id(const Configuration& members) {
  NodeId highest = 0;
  for (const Member& member : members.members) highest = std::max(highest, member.id);
  for (NodeId node : members.removed) highest = std::max(highest, node);
  return highest + 1;
}

Verdict judge_add(const Configuration& members, const AdminRules& rules, const AdminRequest& request) {
  if (const Member* member = members.find(request.node)) {
    if (member->address == request.address) return end(Outcome::done);
    return end(Outcome::conflict, text(request.node) + " is a member already, at " + member->address +
                                      "; PUT /members/" + std::to_string(request.node) +
                                      " moves it to another address");
  }
  if (members.was_removed(request.node)) {
    return end(Outcome::conflict, text(request.node) + " was removed, and an id never comes back: take another, say " +
                                      std::to_string(unused_id(members)));
  }
  if (const Member* other = with_address(members, request)) return address_taken(*other, request);
  if (members.members.size() >= rules.members_max) {
    return end(Outcome::conflict, "there are " + std::to_string(members.members.size()) +
                                      " members, and no more can be: remove one first");
  }
  return {};
}

Verdict judge_move(const Configuration& members, const AdminRequest& request) {
  const Member* member = members.find(request.node);
  if (member == nullptr) return no_such_member(request.node);
  if (member->address == request.address) return end(Outcome::done);
  if (const Member* other = with_address(members, request)) return address_taken(*other, request);
  return {};
}

std::set<NodeId> those_that_answer(const raft::Raft& raft, raft::Time now, const AdminRules& rules) {
  std::set<NodeId> answering = {raft.status().id};
  for (const raft::Status::Peer& peer : raft.status().peers) {
    if (now < peer.heard_at + rules.silent_after) answering.insert(peer.node);
  }
  return answering;
}

std::string silent_among(const std::vector<NodeId>& voters, const std::set<NodeId>& answering) {
  std::string list;
  for (NodeId voter : voters) {
    if (!answering.contains(voter)) list += (list.empty() ? "" : ", ") + std::to_string(voter);
  }
  return list;
}

Verdict judge_remove(const raft::Raft& raft, raft::Time now, const AdminRules& rules, const AdminRequest& request) {
  const Configuration& members = raft.configuration();
  if (members.was_removed(request.node)) return end(Outcome::done);
  if (members.find(request.node) == nullptr) return no_such_member(request.node);
  if (!members.is_voter(request.node)) return {};
  raft::Voters left = members.voters();
  std::erase(left.incoming, request.node);
  if (left.incoming.empty()) {
    return end(Outcome::conflict, text(request.node) +
                                      " is the last voter: nothing would be left. Add another first; " +
                                      "to end the cluster, stop its nodes");
  }
  const std::set<NodeId> answering = those_that_answer(raft, now, rules);
  if (!raft::quorum::is_majority(left, answering)) {
    return end(Outcome::conflict, "those that are left would have no majority, because these do not answer: " +
                                      silent_among(left.incoming, answering) + ". Remove or start those first");
  }
  if (request.node == raft.status().id) return {.kind = Verdict::Kind::step_aside};
  return {.kind = answering.contains(request.node) ? Verdict::Kind::let_leave : Verdict::Kind::begin};
}

Verdict judge_lead(const raft::Raft& raft, raft::Time now, const AdminRules& rules, const AdminRequest& request) {
  if (request.node == raft.status().id) return end(Outcome::done);
  const Member* member = raft.configuration().find(request.node);
  if (member == nullptr) return no_such_member(request.node);
  if (member->role != raft::MemberRole::voter) {
    return end(Outcome::conflict, text(request.node) + " is a learner, and cannot lead before it has caught up");
  }
  if (!those_that_answer(raft, now, rules).contains(request.node)) {
    return end(Outcome::not_now, text(request.node) + " does not answer: does it run?");
  }
  return {};
}

}  // namespace

Verdict judge(const raft::Raft& raft, raft::Time now, const AdminRules& rules, const AdminRequest& request) {
  CHECK(raft.is_leader());
  const Configuration& members = raft.configuration();
  if (!raft.is_configuration_committed() || members.is_joint()) {
    return {.kind = Verdict::Kind::wait, .reason = "another change of the members is under way"};
  }
  switch (request.kind) {
    case AdminRequest::Kind::add: return judge_add(members, rules, request);
    case AdminRequest::Kind::move: return judge_move(members, request);
    case AdminRequest::Kind::remove: return judge_remove(raft, now, rules, request);
    case AdminRequest::Kind::lead: return judge_lead(raft, now, rules, request);
    case AdminRequest::Kind::leave: return end(Outcome::conflict, "only a leader says so");
  }
  CHECK(false);
  return {};
}

raft::Change change_of(const AdminRequest& request) {
  using Kind = raft::Change::Kind;
  CHECK(request.kind != AdminRequest::Kind::lead && request.kind != AdminRequest::Kind::leave);
  const Kind kind = request.kind == AdminRequest::Kind::add      ? Kind::add
                    : request.kind == AdminRequest::Kind::remove ? Kind::remove
                                                                 : Kind::move;
  return {.kind = kind, .node = request.node, .address = request.address};
}

}  // namespace skiff

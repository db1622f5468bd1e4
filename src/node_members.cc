// What a node does about who is a member: whom it meets, who is turned away, and when it is itself the one to go.
#include <fmt/format.h>

#include <set>
#include <utility>

#include "src/limits.h"
#include "src/node.h"
#include "src/node_setup.h"

namespace skiff {

// Whenever another configuration is in force, and once more when it is committed: only then is who was removed told so.
void Node::meet_members() {
  const raft::Raft& raft = replica_->raft();
  met_index_ = raft.configuration_index();
  met_committed_ = raft.is_configuration_committed();
  Acquaintances known = acquaintances(raft, identity_);
  std::set<raft::NodeId> named;
  for (const transport::PeerMember& member : known.members) named.insert(member.id);
  known_->learn_only(std::move(named));
  meet_too(known, raft.configuration(), met_);
  std::erase_if(met_, [&](const transport::PeerMember& member) { return !known.reception.met.contains(member.id); });
  warn_if_unreachable(known.members);
  peers_->set_members(known.members);
  peers_->set_reception(std::move(known.reception));
}

// Once: the place does not change, and the first other member is as good as any.
void Node::warn_if_unreachable(const std::vector<transport::PeerMember>& members) {
  std::vector<transport::Address> others;
  for (const transport::PeerMember& member : members) {
    if (member.id != options_.id) others.push_back(member.address);
  }
  const std::string why = why_unreachable(peers_->address(), others);
  if (!why.empty() && !std::exchange(has_warned_unreachable_, true)) log::warn(why);
}

// In the middle of its greeting: it is found on the next turn. Whom the log names, or has seen go, needs none of this.
void Node::met(const transport::PeerMember& member) {
  strangers_.warn(loop_.now_ms(), fmt::format("meets node {} at {}, of whom its log does not know yet", member.id,
                                              transport::to_url(member.address)));
  std::erase_if(met_, [&](const transport::PeerMember& other) { return other.id == member.id; });
  if (met_.size() >= limits::kMembersMax) met_.erase(met_.begin());
  met_.push_back(member);
  has_met_ = true;
  wake();
}

void Node::withdrawn(const Withdrawn& member) {
  log::warn(fmt::format("withdraws node {} at {}: {}; to add it after all, give it another id", member.node,
                        member.address, why_withdrawn(options_)));
}

// Both are said in the middle of a message from a link that may be the one to go: carried out on the next turn.
void Node::members_changed() { wake(); }

void Node::state_differs(raft::NodeId other, raft::Index index, bool is_outvoted) {
  const std::string what = fmt::format("after entry {} this node's state is not that of node {}", index, other);
  if (!is_outvoted) return log::error(what + ": one of them is wrong, and nobody can tell which; see /status at each");
  log::die(what + fmt::format(", and a majority has the other: what is in {} is not to be trusted. This node stops: "
                              "remove it from the members, and add a new one, with a new id and an empty folder",
                              options_.data_dir));
}

void Node::removed() {
  is_removed_ = true;
  wake();
}

// By the door of another member: what raft would say, had it been let in.
void Node::told_removed(raft::NodeId by) {
  replica_->received(loop_.now_ns(),
                     {.from = by, .to = options_.id, .term = replica_->raft().term(), .body = raft::Removed{}});
  after_step();
}

// It has voted, and acknowledged, and does not know: nobody may count on it any more.
void Node::stop_disowned(raft::NodeId by) {
  log::die(
      fmt::format("node {} has known node {} with another data folder than {}: this one lacks what the node has "
                  "promised. It stops, and must not come back under this id: remove node "
                  "{} from the members and add a new one, with a new id and an empty folder",
                  by, options_.id, options_.data_dir, options_.id));
}

}  // namespace skiff

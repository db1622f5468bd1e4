// What a node does about who is a member: whom it meets, who is turned away, and when it is itself the one to go.
#include <fmt/format.h>

#include <set>
#include <utility>

#include "src/config/limits.h"
#include "src/node/node.h"
#include "src/node/setup.h"

namespace skiff {

transport::Peers::Events Node::peer_events() {
  return {.received = [this](PeerMessage&& message) { received(std::move(message)); },
          .connected =
              [this](raft::NodeId node) {
                second_process_.let_in(node);
                if (moved_timer_) moved_timer_->start_ns(limits::kLookForMovedNs);
                replica_->peer_connected(loop_.now_ns(), node);
                after_step();
              },
          .compared = [this](raft::NodeId node, const transport::DataDirMatch& match) { compared(node, match); },
          .runs_twice = [this](raft::NodeId node, const std::string& address) { runs_twice(node, address); },
          .gone =
              [this](raft::NodeId node) {
                replica_->peer_gone(loop_.now_ns(), node);
                after_step();
              },
          .discovered = [this](const transport::PeerMember& member) { discovered(member); },
          .removed = [this](raft::NodeId node) { told_removed(node); }};
}

// Whenever another configuration is in force, and once more when it is committed: only then is who was removed told so.
void Node::update_connections() {
  const raft::Raft& raft = replica_->raft();
  connected_index_ = raft.configuration_index();
  connected_committed_ = raft.is_configuration_committed();
  KnownMembers known = known_members(raft, identity_);
  std::set<raft::NodeId> named;
  for (const transport::PeerMember& member : known.members) named.insert(member.id);
  known_->learn_only(std::move(named));
  add_discovered(known, raft.configuration(), discovered_);
  std::erase_if(discovered_,
                [&](const transport::PeerMember& member) { return !known.admission.discovered.contains(member.id); });
  warn_if_unreachable(known.members);
  peers_->set_members(known.members);
  peers_->set_admission_rules(std::move(known.admission));
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
void Node::discovered(const transport::PeerMember& member) {
  unidentified_.warn(loop_.now_ms(), fmt::format("meets node {} at {}, of whom its log does not know yet", member.id,
                                                 transport::to_url(member.address)));
  std::erase_if(discovered_, [&](const transport::PeerMember& other) { return other.id == member.id; });
  if (discovered_.size() >= limits::kMembersMax) discovered_.erase(discovered_.begin());
  discovered_.push_back(member);
  has_discovered_ = true;
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
                              "remove it from the members, and add a new one, with a new id and an empty directory",
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

// In the middle of a greeting. What a member says again and again is told once, and now and then.
void Node::compared(raft::NodeId peer, const transport::DataDirMatch& match) {
  const raft::Time now = loop_.now_ns();
  data_dir_conflicts_.heard(now, peer, match);
  if (match.is_match()) return;
  const DataDirConflicts::Judgement judgement = judge_data_dirs();
  const raft::Configuration& configuration = replica_->raft().configuration();
  DataDirNames names{.self = options_.id,
                     .members = configuration.everybody().size(),
                     .directory = options_.data_dir,
                     .addresses = {}};
  for (const raft::Member& member : configuration.members) names.addresses[member.id] = member.address;
  const std::string line = describe(judgement, names);
  if (judgement.verdict == DataDirConflicts::Verdict::stop) log::die(line);
  const bool is_news = line != conflict_told_ || now >= conflict_told_at_ + limits::kConflictToldEveryNs;
  if (line.empty() || !is_news) return;
  log::error(line);
  conflict_told_ = line;
  conflict_told_at_ = now;
}

DataDirConflicts::Judgement Node::judge_data_dirs() const {
  const raft::Raft& raft = replica_->raft();
  std::vector<raft::NodeId> members = raft.configuration_at(raft.log().committed()).everybody();
  if (members.empty()) members = raft.configuration().everybody();  // it has joined, and was sent little so far
  return data_dir_conflicts_.judge(loop_.now_ns(), members, raft.log().last().index > 0);
}

// While a member is connected elsewhere than the log says.
void Node::look_for_moved() {
  std::vector<MovedMembers::Found> found;
  for (const transport::Peers::Status& peer : peers_->status()) {
    if (!peer.moved_to) continue;
    found.push_back({.node = peer.id,
                     .address = transport::to_url(*peer.moved_to),
                     .since = peer.connected_since_ms * raft::kMillisecond});
  }
  if (found.empty()) return;
  moved_timer_->start_ns(limits::kLookForMovedNs);
  const raft::NodeId leader = replica_->raft().leader();
  for (AdminRequest& order : moved_members_.due(loop_.now_ns(), options_.id, leader, found)) {
    log::info(fmt::format("node {} is connected at {}, not at its address in the log: asks the leader to enter that",
                          order.node, order.address));
    replica_->ask_admin(loop_.now_ns(), kNodeItself, std::move(order));
  }
  after_step();
}

void Node::told_of_moved(const AdminAnswer& answer) {
  const std::string what = fmt::format("node {} at {}", answer.request.node, answer.request.address);
  if (answer.kind == AdminAnswer::Kind::done) return log::info("the members know " + what);
  log::warn(fmt::format("the members could not be told of {}: {}", what, answer.reason));
}

// A member is connected to another process with this data directory.
void Node::runs_twice(raft::NodeId peer, const std::string& address) {
  const raft::Time now = loop_.now_ns();
  const raft::Member* self = replica_->raft().configuration().find(options_.id);
  const std::string in_log = self == nullptr ? "" : self->address;
  const std::string own = greeted_address_.empty() ? in_log : greeted_address_;
  const std::string other = address.empty() ? "an address that it does not know" : address;
  const std::string line =
      fmt::format("node {} is connected to another process with this data directory's number, at {}", peer, other);
  if (is_first_by_address(own, address, in_log)) {
    return twice_told_.warn(loop_.now_ms(), line + ": stop that one, for writes that it answers are lost");
  }
  if (!is_second()) peers_->tell_first_process(address);
  second_process_.turned_away(now, peer);
  twice_told_.warn(loop_.now_ms(), line +
                                       ". This one takes part in nothing, and stops if the other is still there in "
                                       "15 s. A data directory must be used by one process alone");
  if (!second_process_.gives_up(now)) return;
  log::die(fmt::format(
      "node {} runs already, at {}, as node {} says, with the same data directory as {}. This process stops. If this "
      "directory is a copy, remove it, and add this machine as a new member (POST /members/<a new id>, then --join); "
      "if "
      "node {} is to run here, stop the other process first",
      options_.id, other, peer, options_.data_dir, options_.id));
}

std::string Node::conflict() const {
  if (is_second()) return "another process with this data directory is connected already";
  return summarize(judge_data_dirs());
}

}  // namespace skiff

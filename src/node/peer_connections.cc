#include "src/node/peer_connections.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "raft/check.h"
#include "src/base/try.h"
#include "src/config/limits.h"
#include "src/node/setup.h"

namespace skiff {

Result<std::unique_ptr<PeerConnections>> PeerConnections::open(transport::Loop& loop, const Options& options,
                                                               const NodeIdentity& self,
                                                               const store::Recovered& recovered,
                                                               store::DataDirIds known, Host& host) {
  CHECK(self.data_dir_id != 0);
  TRY(const auto own, listening_address(options, recovered));
  std::unique_ptr<PeerConnections> connections(
      new PeerConnections(loop, options, self, std::move(known), greeted_address(options, recovered), host));
  TRY(connections->peers_, transport::Peers::open(loop,
                                                  {.cluster = self.identity.cluster,
                                                   .self = options.id,
                                                   .incarnation = self.incarnation,
                                                   .data_dir_id = self.data_dir_id,
                                                   .address = connections->greeted_address_,
                                                   .known = &connections->known_,
                                                   .process = random_seed(),
                                                   .configured = configured_addresses(options)},
                                                  own, {}, random_seed(), connections->events()));
  return connections;
}

PeerConnections::PeerConnections(transport::Loop& loop, const Options& options, const NodeIdentity& self,
                                 store::DataDirIds known, std::string greeted_address, Host& host)
    : loop_(loop),
      options_(options),
      self_(self),
      host_(host),
      known_(std::move(known), [this](const store::DataDirIds& data_dir_ids) { host_.remember(data_dir_ids); }),
      greeted_address_(std::move(greeted_address)),
      moved_timer_(loop, [this] { look_for_moved(); }) {}

transport::Peers::Events PeerConnections::events() {
  return {.received =
              [this](PeerMessage&& message) {
                if (log::is_on(log::Level::debug)) log::debug(describe(message));
                if (!is_second()) host_.received(std::move(message));
              },
          .connected = [this](raft::NodeId node) { connected(node); },
          .compared = [this](raft::NodeId node, const transport::DataDirMatch& match) { compared(node, match); },
          .runs_twice = [this](raft::NodeId node, const std::string& address) { runs_twice(node, address); },
          .gone = [this](raft::NodeId node) { host_.peer_gone(node); },
          .discovered = [this](const transport::PeerMember& member) { discovered(member); },
          .removed = [this](raft::NodeId node) { host_.removed_by(node); }};
}

void PeerConnections::send(const PeerMessage& message) {
  CHECK(message.from == options_.id);
  if (log::is_on(log::Level::debug)) log::debug(describe(message));
  if (!is_second()) peers_->send(message);
}

void PeerConnections::connected(raft::NodeId node) {
  second_process_.let_in(node);
  moved_timer_.start(limits::kLookForMovedEvery);
  host_.peer_connected(node);
}

// ---- which members

bool PeerConnections::needs_update() const {
  const raft::Raft& raft = host_.raft();
  return has_discovered_ || raft.configuration_index() != connected_index_ ||
         raft.is_configuration_committed() != connected_committed_;
}

// Once more when the configuration is committed: only then are removed members told so.
void PeerConnections::update() {
  const raft::Raft& raft = host_.raft();
  connected_index_ = raft.configuration_index();
  connected_committed_ = raft.is_configuration_committed();
  has_discovered_ = false;
  KnownMembers known = known_members(raft, self_.identity);
  std::set<raft::NodeId> named;
  for (const transport::PeerMember& member : known.members) named.insert(member.id);
  known_.learn_only(std::move(named));
  add_discovered(known, raft.configuration(), discovered_);
  std::erase_if(discovered_,
                [&](const transport::PeerMember& member) { return !known.admission.discovered.contains(member.id); });
  CHECK(discovered_.size() == known.admission.discovered.size());
  warn_if_unreachable(known.members);
  peers_->set_members(known.members);
  peers_->set_admission_rules(std::move(known.admission));
  CHECK(!needs_update());
}

// Once: the listening address does not change, and one member elsewhere is enough to tell.
void PeerConnections::warn_if_unreachable(const std::vector<transport::PeerMember>& members) {
  std::vector<transport::Address> others;
  for (const transport::PeerMember& member : members) {
    if (member.id != options_.id) others.push_back(member.address);
  }
  const std::string why = why_unreachable(peers_->address(), others);
  if (!why.empty() && !std::exchange(has_warned_unreachable_, true)) log::warn(why);
}

// Called during a handshake, so it only notes the peer; connections are updated on the next turn. update() drops the
// note of a current or removed member.
void PeerConnections::discovered(const transport::PeerMember& member) {
  discovered_lines_.warn(loop_.cached_now(),
                         fmt::format("is contacted by node {} at {}, which its log does not name yet", member.id,
                                     transport::to_url(member.address)));
  std::erase_if(discovered_, [&](const transport::PeerMember& other) { return other.id == member.id; });
  if (discovered_.size() >= limits::kMembersMax) discovered_.erase(discovered_.begin());
  discovered_.push_back(member);
  CHECK(discovered_.size() <= limits::kMembersMax);
  has_discovered_ = true;
  host_.wake();
}

// ---- data directories that do not match

// Called during a handshake. A member repeats itself with each greeting; the line is repeated at an interval.
void PeerConnections::compared(raft::NodeId peer, const transport::DataDirMatch& match) {
  const raft::Time now = loop_.now();
  data_dir_conflicts_.heard(now, peer, match);
  if (match.is_match()) return;
  const DataDirConflicts::Judgement judgement = judge_data_dirs();
  const raft::Configuration& configuration = host_.raft().configuration();
  DataDirNames names{.self = options_.id,
                     .members = configuration.everybody().size(),
                     .directory = options_.data_dir,
                     .addresses = {}};
  for (const raft::Member& member : configuration.members) names.addresses[member.id] = member.address;
  const std::string line = describe(judgement, names);
  if (judgement.verdict == DataDirConflicts::Verdict::stop) log::die(line);
  if (!line.empty() && conflict_log_.is_due(now, line)) log::error(line);
}

DataDirConflicts::Judgement PeerConnections::judge_data_dirs() const {
  const raft::Raft& raft = host_.raft();
  std::vector<raft::NodeId> members = raft.configuration_at(raft.log().committed()).everybody();
  if (members.empty()) members = raft.configuration().everybody();  // a joining node that was sent little so far
  return data_dir_conflicts_.judge(loop_.now(), members, raft.log().last().index > 0);
}

// ---- members at another address

// Repeated while a member is connected elsewhere than at its address in the log.
void PeerConnections::look_for_moved() {
  std::vector<MovedMembers::Found> found;
  for (const transport::Peers::Status& peer : peers_->status()) {
    if (!peer.moved_to) continue;
    found.push_back({.node = peer.id, .address = transport::to_url(*peer.moved_to), .since = peer.connected_since});
  }
  if (found.empty()) return;
  moved_timer_.start(limits::kLookForMovedEvery);
  for (AdminRequest& order : moved_members_.due(loop_.now(), options_.id, host_.raft().leader(), found)) {
    log::info(fmt::format("node {} is connected at {}, not at its address in the log: asks the leader to enter that",
                          order.node, order.address));
    host_.order_move(std::move(order));
  }
}

void PeerConnections::move_ended(const AdminAnswer& answer) {
  CHECK(answer.request.kind == AdminRequest::Kind::move);
  const std::string member = fmt::format("node {} at {}", answer.request.node, answer.request.address);
  if (answer.kind == AdminAnswer::Kind::done) return log::info("the members know " + member);
  log::warn(fmt::format("the members could not be told of {}: {}", member, answer.reason));
}

// ---- two processes with one directory

// A member is connected to another process with this data directory.
void PeerConnections::runs_twice(raft::NodeId peer, const std::string& address) {
  const raft::Time now = loop_.now();
  const raft::Member* self = host_.raft().configuration().find(options_.id);
  const std::string in_log = self == nullptr ? "" : self->address;
  const std::string own = greeted_address_.empty() ? in_log : greeted_address_;
  const std::string other = address.empty() ? "an address that it does not know" : address;
  const std::string line =
      fmt::format("node {} is connected to another process with this data directory's number, at {}", peer, other);
  if (is_first_by_address(own, address, in_log)) {
    return second_process_lines_.warn(loop_.cached_now(),
                                      line + ": stop that one, for writes that it answers are lost");
  }
  if (!is_second()) peers_->tell_first_process(address);
  second_process_.turned_away(now, peer);
  CHECK(second_process_.is_second(now));
  second_process_lines_.warn(loop_.cached_now(),
                             line +
                                 ". This one takes part in nothing, and stops if the other is still there in 15 s. A "
                                 "data directory must be used by one process alone");
  if (!second_process_.gives_up(now)) return;
  log::die(fmt::format(
      "node {} runs already, at {}, as node {} says, with the same data directory as {}. This process stops. If this "
      "directory is a copy, remove it, and add this machine as a new member (POST /members/<a new id>, then --join); "
      "if "
      "node {} is to run here, stop the other process first",
      options_.id, other, peer, options_.data_dir, options_.id));
}

std::string PeerConnections::conflict() const {
  if (is_second()) return "another process with this data directory is connected already";
  return summarize(judge_data_dirs());
}

}  // namespace skiff

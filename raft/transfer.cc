// Handing leadership over (thesis 3.10): the leader takes no more proposals, waits until its successor has all there
// is, and tells it to campaign at once. If nobody else leads an election timeout later, it goes on leading.
#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"
#include "raft/raft.h"

namespace skiff::raft {

void Raft::on(const TransferAsked& asked) {
  Leader* leader = as_leader();
  if (leader == nullptr) {
    if (leader_ == 0) return end_admin_request(asked.id, AdminResult::Kind::refused, "there is no leader");
    send(leader_, TransferRequest{.to = asked.to});
    return end_admin_request(asked.id, AdminResult::Kind::passed);
  }
  NodeId to = asked.to == 0 ? best_successor(*leader) : asked.to;
  WhyNot why = why_not_transfer(*leader, to);
  if (!why.reason.empty()) return refuse_admin_request(asked.id, std::move(why));
  handing_over_ = {asked.id, to};
  start_transfer(*leader, to);
}

void Raft::on(const Message&, const TransferRequest& request) {
  Leader* leader = as_leader();
  NodeId to = leader == nullptr ? 0 : request.to == 0 ? best_successor(*leader) : request.to;
  if (leader == nullptr || !why_not_transfer(*leader, to).reason.empty()) {
    ++ignored_;
    return;
  }
  start_transfer(*leader, to);
}

Raft::WhyNot Raft::why_not_transfer(const Leader& leader, NodeId to) const {
  if (to == 0) return {"there is nobody to hand over to", true};
  if (to == config_.id) return {"this node leads already", false};
  if (!configuration().has(to)) return {"there is no such member", false};
  const Member* member = configuration().find(to);
  if (member == nullptr || member->role != MemberRole::voter) return {"only a voter can lead", false};
  if (!is_configuration_committed() || configuration().is_joint()) {
    return {"a change of the members is under way", true};
  }
  if (leader.transfer) return {"leadership is being handed over already", true};
  if (leader.followers.at(to).recovering() != 0) return {"its log was damaged, and is being mended", true};
  return {};
}

void Raft::start_transfer(Leader& leader, NodeId to) {
  if (to == 0) return;
  leader.transfer = Transfer{.to = to, .give_up_at = now_ + config_.election_timeout, .was_told = false};
}

// With every take_effects(). The word may get lost: it is said again with every heartbeat.
void Raft::drive_transfer(Leader& leader) {
  if (!leader.transfer || leader.transfer->was_told) return;
  if (leader.followers.at(leader.transfer->to).match() < log_.last().index) return;
  leader.transfer->was_told = true;
  if (!MUTANT(lease_outlives_transfer)) leader.lease.give_up();
  send(leader.transfer->to, TimeoutNow{});
}

// Who was told to campaign may yet do so: the word is still on its way.
void Raft::end_late_transfer(Leader& leader) {
  if (!leader.transfer || now_ < leader.transfer->give_up_at) return;
  const bool was_told = leader.transfer->was_told;
  leader.transfer.reset();
  if (handing_over_) {
    end_admin_request(handing_over_->first, was_told ? AdminResult::Kind::unknown : AdminResult::Kind::refused,
                      "the other did not take over in time");
  }
  handing_over_.reset();
}

// Somebody leads; is it whom we handed over to?
void Raft::end_transfer(NodeId new_leader) {
  if (!handing_over_) return;
  bool is_done = handing_over_->second == new_leader;
  end_admin_request(handing_over_->first, is_done ? AdminResult::Kind::done : AdminResult::Kind::unknown,
                    is_done ? "" : "another node leads now");
  handing_over_.reset();
}

// Rather not one whose disk is full: it would only hand over again.
NodeId Raft::best_successor(const Leader& leader) const {
  NodeId roomy = furthest_follower(leader, Room::unless_denied);
  return roomy != 0 ? roomy : furthest_follower(leader, Room::any);
}

// Whoever has got furthest, of the voters that are there; 0 if nobody is.
NodeId Raft::furthest_follower(const Leader& leader, Room room) const {
  NodeId best = 0;
  Index furthest = 0;
  for (const auto& [node, progress] : leader.followers) {
    const Member* member = configuration().find(node);
    bool is_there = progress.recovering() == 0 && progress.state() == Progress::State::replicate &&
                    progress.match() >= log_.committed() && now_ < progress.heard_at() + config_.election_timeout;
    bool is_refused = room != Room::any && progress.is_full.value_or(room == Room::said);
    if (member == nullptr || member->role != MemberRole::voter || !is_there || progress.match() <= furthest) continue;
    if (is_refused) continue;
    best = node;
    furthest = progress.match();
  }
  return best;
}

// From the leader of this very term, or from nobody. A disk that stands still could not lead.
void Raft::on(const Message& message, const TimeoutNow&) {
  const bool is_from_leader = message.from == leader_ || MUTANT(told_to_campaign_by_anybody);
  bool is_told = std::holds_alternative<Follower>(role_) && is_from_leader && is_voter(config_.id) && is_admitted() &&
                 !is_recovering();
  if (!is_told || is_disk_stalled()) {
    ++ignored_;
    return;
  }
  become(PreCandidate{});
  forget_leader();
  ask_for_votes(true);
  count_votes();
}

// What was handed to it so long ago should long be there.
bool Raft::is_disk_stalled() const {
  return !saves_.empty() && now_ >= saves_.front().handed_at + config_.election_timeout;
}

}  // namespace skiff::raft

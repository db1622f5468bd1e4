#include "raft/followers.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"

namespace skiff::raft {
namespace {

bool is_eligible(const Followers::SuccessorRules& rules, NodeId node, const Progress& progress) {
  const Member* member = rules.members.find(node);
  if (member == nullptr || member->role != MemberRole::voter) return false;
  return progress.recovering() == 0 && progress.state() == Progress::State::replicate &&
         progress.match() >= rules.match_min && rules.now < progress.heard_at() + rules.silence_max;
}

bool is_disk_acceptable(const Progress& progress, Followers::SuccessorDisk disk) {
  const bool if_unknown = disk == Followers::SuccessorDisk::said_not_full;
  return disk == Followers::SuccessorDisk::any || !progress.is_full.value_or(if_unknown);
}

}  // namespace

Progress* Followers::find(NodeId node) {
  auto found = progress_.find(node);
  return found == progress_.end() ? nullptr : &found->second;
}

const Progress* Followers::find(NodeId node) const {
  auto found = progress_.find(node);
  return found == progress_.end() ? nullptr : &found->second;
}

void Followers::become(const std::vector<NodeId>& everybody, NodeId self, const Progress& fresh) {
  CHECK(std::is_sorted(everybody.begin(), everybody.end()));
  std::erase_if(progress_, [&](const auto& follower) {
    return !std::binary_search(everybody.begin(), everybody.end(), follower.first);
  });
  for (NodeId node : everybody) {
    if (node != self) progress_.try_emplace(node, fresh);
  }
}

// Two captures fit into a std::function without an allocation, and both of these run with every acknowledgement.
Index Followers::acknowledged_by_majority(const Voters& voters, const Own& own) const {
  return quorum::reached_by_majority(
      voters, [this, &own](NodeId node) { return node == own.node ? own.reached : at(node).counted(); });
}

Time Followers::heard_by_majority(const Voters& voters, NodeId self, Time now) const {
  const std::pair own(self, now);
  return Time::of_ns(quorum::reached_by_majority(
      voters, [this, &own](NodeId node) { return (node == own.first ? own.second : at(node).counted_at()).ns(); }));
}

Time Followers::next_commit_notice() const {
  Time next = kNever;
  for (const auto& [node, progress] : progress_) next = std::min(next, progress.commit_notice_at());
  return next;
}

bool Followers::is_any_full() const {
  return std::any_of(begin(), end(), [](const auto& follower) { return follower.second.is_full.value_or(false); });
}

std::set<NodeId> Followers::with_disk_space() const {
  std::set<NodeId> found;
  for (const auto& [node, progress] : progress_) {
    if (!progress.is_full.value_or(false) && progress.recovering() == 0) found.insert(node);
  }
  return found;
}

bool Followers::can_recover_under(const Configuration& next) const {
  const std::vector<NodeId> everybody = next.everybody();
  std::set<NodeId> intact;
  for (NodeId node : everybody) {
    const Progress* progress = find(node);
    if (progress == nullptr || progress->recovering() == 0) intact.insert(node);
  }
  const bool is_any_recovering = intact.size() < everybody.size();
  return !is_any_recovering || quorum::is_majority(next.voters(), intact);
}

NodeId Followers::furthest(const SuccessorRules& rules, SuccessorDisk disk) const {
  NodeId best = 0;
  Index furthest = 0;
  for (const auto& [node, progress] : progress_) {
    if (progress.match() <= furthest) continue;
    if (!is_eligible(rules, node, progress) || !is_disk_acceptable(progress, disk)) continue;
    best = node;
    furthest = progress.match();
  }
  return best;
}

NodeId Followers::best_successor(const SuccessorRules& rules) const {
  const NodeId not_full = furthest(rules, SuccessorDisk::not_known_full);
  return not_full != 0 ? not_full : furthest(rules, SuccessorDisk::any);
}

}  // namespace skiff::raft

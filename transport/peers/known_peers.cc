#include "transport/peers/known_peers.h"

#include "raft/check.h"

namespace skiff::transport {

void KnownPeers::learn_only(std::set<raft::NodeId> members) {
  members_ = std::move(members);
  for (raft::NodeId member : *members_) {
    if (auto unidentified = unidentified_.extract(member)) compare_or_learn(member, unidentified.mapped());
  }
}

bool KnownPeers::compare_or_learn(raft::NodeId node, uint64_t data_dir_id) {
  CHECK(node != 0);
  if (data_dir_id == 0) return true;
  if (!knows(node) && !is_member(node)) {
    CHECK(unidentified_.size() <= kUnidentifiedMax);
    if (unidentified_.size() < kUnidentifiedMax) unidentified_[node] = data_dir_id;
    return true;
  }
  auto [known, is_new] = data_dir_ids_.emplace(node, data_dir_id);
  if (is_new && learned_) learned_(data_dir_ids_);
  return known->second == data_dir_id;
}

DataDirMatch KnownPeers::greeted(const Greeting& greeting, uint64_t own) {
  const DataDirMatch match = compare(greeting, own);
  if (!match.is_match()) return match;
  compare_or_learn(greeting.from, greeting.data_dir_id);
  if (is_member(greeting.from)) learn_from(greeting);
  return match;
}

DataDirMatch KnownPeers::compare(const Greeting& greeting, uint64_t own) const {
  const auto known = data_dir_ids_.find(greeting.from);
  const auto said = greeting.known.find(greeting.to);
  DataDirMatch match;
  match.peer_differs =
      known != data_dir_ids_.end() && greeting.data_dir_id != 0 && known->second != greeting.data_dir_id;
  match.own_differs = said != greeting.known.end() && own != 0 && said->second != own;
  const bool have_met = known != data_dir_ids_.end() && said != greeting.known.end();
  match.others_differ = !have_met && others_differ(greeting);
  return match;
}

// A member that lost its directory may be known under two numbers, so the majority of the shared members counts.
bool KnownPeers::others_differ(const Greeting& greeting) const {
  size_t same = 0, different = 0;
  for (const auto& [node, data_dir_id] : greeting.known) {
    const auto known = data_dir_ids_.find(node);
    if (node == greeting.from || node == greeting.to || known == data_dir_ids_.end()) continue;
    ++(known->second == data_dir_id ? same : different);
  }
  return different > same;
}

void KnownPeers::learn_from(const Greeting& greeting) {
  bool is_news = false;
  for (const auto& [node, data_dir_id] : greeting.known) {
    const bool is_third = node != greeting.from && node != greeting.to;
    if (is_third && data_dir_id != 0 && members_ && members_->contains(node)) {
      is_news |= data_dir_ids_.emplace(node, data_dir_id).second;
    }
  }
  if (is_news && learned_) learned_(data_dir_ids_);
}

KnownPeers::DataDirIds KnownPeers::of_members() const {
  DataDirIds told;
  for (const auto& [node, data_dir_id] : data_dir_ids_) {
    if (is_member(node) && told.size() < kKnownDataDirsMax) told.emplace(node, data_dir_id);
  }
  return told;
}

}  // namespace skiff::transport

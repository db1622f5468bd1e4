#include "transport/peers/known_peers.h"

namespace skiff::transport {

void KnownPeers::learn_only(std::set<raft::NodeId> members) {
  members_ = std::move(members);
  for (raft::NodeId member : *members_) {
    if (auto stranger = strangers_.extract(member)) meet(member, stranger.mapped());
  }
}

bool KnownPeers::meet(raft::NodeId node, uint64_t instance) {
  if (instance == 0) return true;
  if (!has_met(node) && !is_member(node)) {
    if (strangers_.size() < kStrangersMax) strangers_[node] = instance;
    return true;
  }
  auto [known, is_new] = instances_.emplace(node, instance);
  if (is_new && learned_) learned_(instances_);
  return known->second == instance;
}

DataDirMatch KnownPeers::greeted(const Greeting& greeting, uint64_t own) {
  const DataDirMatch match = compare(greeting, own);
  if (!match.is_match()) return match;
  meet(greeting.from, greeting.instance);
  if (is_member(greeting.from)) learn_from(greeting);
  return match;
}

DataDirMatch KnownPeers::compare(const Greeting& greeting, uint64_t own) const {
  const auto known = instances_.find(greeting.from);
  const auto said = greeting.known.find(greeting.to);
  DataDirMatch match;
  match.peer_differs = known != instances_.end() && greeting.instance != 0 && known->second != greeting.instance;
  match.own_differs = said != greeting.known.end() && own != 0 && said->second != own;
  const bool have_met = known != instances_.end() && said != greeting.known.end();
  match.others_differ = !have_met && others_differ(greeting);
  return match;
}

// One that lost its directory may have been met under two numbers: what counts is what most of them say.
bool KnownPeers::others_differ(const Greeting& greeting) const {
  size_t same = 0, different = 0;
  for (const auto& [node, instance] : greeting.known) {
    const auto known = instances_.find(node);
    if (node == greeting.from || node == greeting.to || known == instances_.end()) continue;
    ++(known->second == instance ? same : different);
  }
  return different > same;
}

void KnownPeers::learn_from(const Greeting& greeting) {
  bool is_news = false;
  for (const auto& [node, instance] : greeting.known) {
    const bool is_third = node != greeting.from && node != greeting.to;
    if (is_third && instance != 0 && members_ && members_->contains(node)) {
      is_news |= instances_.emplace(node, instance).second;
    }
  }
  if (is_news && learned_) learned_(instances_);
}

KnownPeers::Instances KnownPeers::of_members() const {
  Instances told;
  for (const auto& [node, instance] : instances_) {
    if (is_member(node) && told.size() < kKnownDataDirsMax) told.emplace(node, instance);
  }
  return told;
}

}  // namespace skiff::transport

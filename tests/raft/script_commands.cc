// The commands by which a script acts on a cluster: as its clients, as its operator, and as faults.
#include <algorithm>

#include "tests/raft/script.h"

namespace skiff::raft_script {

// ---- clients

void Script::propose(const Words& words) {
  NodeId asked = node(word(words, 1));
  std::vector<std::string> commands;
  for (size_t at = 2; at < words.size(); ++at) {
    bool is_size = words[at].size() > 1 && words[at][0] == '*';
    commands.push_back(is_size ? std::string(number(words[at].substr(1)), 'x') : words[at]);
  }
  if (!cluster_->is_up(asked)) return fail("it is down");
  cluster_->propose(asked, now_, commands);
  apply_effects(asked);
}

void Script::read(const Words& words) {
  NodeId asked = node(word(words, 1));
  if (!cluster_->is_up(asked)) return fail("it is down");
  for (size_t at = 2; at < words.size(); ++at) {
    RequestId id = cluster_->read(asked, now_);
    reads_.emplace(std::pair{asked, id}, words[at]);
  }
  apply_effects(asked);
}

// ---- the operator and the store

void Script::change(const Words& words) {
  static const std::map<std::string, Change::Kind> kinds = {
      {"add", Change::Kind::add},         {"add-learner", Change::Kind::add_learner}, {"remove", Change::Kind::remove},
      {"promote", Change::Kind::promote}, {"demote", Change::Kind::demote},           {"move", Change::Kind::move}};
  ChangeAsked asked{.id = ++admin_requests_, .changes = {}};
  for (size_t at = 2; at < words.size(); at += 2) {
    auto kind = kinds.find(words[at]);
    if (kind == kinds.end()) return fail("change: unknown word: " + words[at]);
    // An id may come with an address: `add 4@b`.
    std::string id = word(words, at + 1);
    size_t mark = std::min(id.find('@'), id.size());
    std::string address = mark == id.size() ? "" : id.substr(mark + 1);
    asked.changes.push_back({.kind = kind->second, .node = number(id.substr(0, mark)), .address = address});
  }
  step(node(word(words, 1)), asked);
}

void Script::transfer(const Words& words) {
  step(node(word(words, 1)), TransferAsked{.id = ++admin_requests_, .to = words.size() > 2 ? number(words[2]) : 0});
}

void Script::snapshot(const Words& words) {
  NodeId taking = node(word(words, 1));
  Index index = number(word(words, 2));
  cluster_->take_snapshot(taking, now_, index, words.size() > 3 ? number(words[3]) : index);
  apply_effects(taking);
}

void Script::arrive(const Words& words) {
  NodeId fetching = node(word(words, 1));
  if (!fetches_.contains(fetching)) return fail("it was told to fetch nothing");
  cluster_->snapshot_arrives(fetching, now_, fetches_.at(fetching));
  apply_effects(fetching);
}

// ---- faults

void Script::fill(const Words& words) {
  step(node(word(words, 1)), SpaceReported{.bytes_left = number(word(words, 2))});
}

void Script::empty(const Words& words) { step(node(word(words, 1)), SpaceReported{}); }

void Script::cut(const Words& words) {
  for (Link link : links(words, 1)) cut_.insert(link);
}

void Script::heal(const Words& words) {
  for (Link link : links(words, 1)) cut_.erase(link);
}

void Script::hold(const Words& words) {
  if (word(words, 1) == "disk") return void(held_disks_.insert(node(word(words, 2))));
  for (Link link : links(words, 1)) held_.insert(link);
}

void Script::save(const Words& words) {
  NodeId saving = node(word(words, 1));
  if (cluster_->disk(saving).under_way.empty()) return fail("it has nothing to save");
  finish_save(saving);
}

void Script::release(const Words& words) {
  if (word(words, 1) == "disk") return void(held_disks_.erase(node(word(words, 2))));
  for (Link link : links(words, 1)) held_.erase(link);
}

bool Script::is_under_way_on(const Message& message, const std::vector<Link>& some) const {
  return std::find(some.begin(), some.end(), Link{message.from, message.to}) != some.end();
}

void Script::drop(const Words& words) {
  std::vector<Link> meant = links(words, 1);
  std::erase_if(under_way_, [&](const Message& message) { return is_under_way_on(message, meant); });
}

void Script::repeat(const Words& words) {
  std::vector<Link> meant = links(words, 1);
  std::deque<Message> once = under_way_;
  for (const Message& message : once) {
    if (is_under_way_on(message, meant)) under_way_.push_back(message);
  }
}

void Script::reverse(const Words&) { std::reverse(under_way_.begin(), under_way_.end()); }

void Script::crash(const Words& words) { cluster_->crash(node(word(words, 1))); }

void Script::damage(const Words& words) {
  NodeId damaged = node(word(words, 1));
  if (cluster_->is_up(damaged)) return fail("it is up");
  cluster_->damage(damaged);
}

void Script::restart(const Words& words) {
  NodeId starting = node(word(words, 1));
  if (cluster_->is_up(starting)) return fail("it is up");
  cluster_->start(starting, now_);
}

void Script::gone(const Words& words) {
  NodeId missing = node(word(words, 1));
  NodeId only = words.size() > 2 ? node(words[2]) : 0;
  for (NodeId each = 1; each <= cluster_->size(); ++each) {
    bool learns = each != missing && (only == 0 || only == each);
    if (learns && cluster_->is_up(each)) step(each, PeerGone{.node = missing});
  }
}

}  // namespace skiff::raft_script

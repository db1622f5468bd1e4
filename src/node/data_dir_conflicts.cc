#include "src/node/data_dir_conflicts.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "raft/check.h"
#include "src/config/limits.h"

namespace skiff {

void DataDirConflicts::heard(raft::Time now, raft::NodeId peer, const transport::DataDirMatch& match) {
  if (match.is_match()) {
    own_differs_.erase(peer);
    peer_differs_.erase(peer);
  }
  if (match.own_differs) own_differs_[peer] = now;
  if (match.peer_differs || match.others_differ) peer_differs_[peer] = now;
}

std::vector<raft::NodeId> DataDirConflicts::fresh(raft::Time now, const std::vector<raft::NodeId>& members,
                                                  const Reports& reports) {
  std::vector<raft::NodeId> nodes;
  for (const auto& [node, at] : reports) {
    const bool is_member = std::find(members.begin(), members.end(), node) != members.end();
    if (is_member && now < at + kLasts) nodes.push_back(node);
  }
  return nodes;
}

DataDirConflicts::Judgement DataDirConflicts::judge(raft::Time now, const std::vector<raft::NodeId>& members,
                                                    bool has_log) const {
  CHECK(std::is_sorted(members.begin(), members.end()));
  const size_t majority = members.size() / 2 + 1;
  std::vector<raft::NodeId> own = fresh(now, members, own_differs_), peers = fresh(now, members, peer_differs_);
  if (!own.empty() && (!has_log || own.size() >= majority)) return {Verdict::stop, std::move(own)};
  if (peers.size() >= majority) return {Verdict::odd_one_out, std::move(peers)};
  if (!own.empty()) return {Verdict::disputed, std::move(own)};
  return {};
}

bool ConflictLog::is_due(raft::Time now, const std::string& line) {
  CHECK(now >= last_at_);
  if (line == last_ && now < last_at_ + limits::kConflictToldEvery) return false;
  last_ = line;
  last_at_ = now;
  return true;
}

namespace {

std::string named(const std::vector<raft::NodeId>& nodes, const DataDirNames& names) {
  std::string text;
  for (raft::NodeId node : nodes) {
    auto address = names.addresses.find(node);
    text += (text.empty() ? "" : ", ") + fmt::format("node {}", node);
    if (address != names.addresses.end()) text += " at " + address->second;
  }
  return text;
}

std::string describe_stop(const std::string& who, const DataDirNames& names) {
  return fmt::format(
      "{} remembered node {} with another data directory than {}: this one lacks what the node has promised. It "
      "stops, and must not come back under this id: remove node {} (DELETE /members/{}) and add a new one, with a new "
      "id and an empty directory. If the whole cluster is to be founded anew, stop {} first, and move its old data "
      "directory away",
      who, names.self, names.directory, names.self, names.self, who);
}

std::string describe_odd(const std::string& who, const DataDirNames& names) {
  return fmt::format(
      "a majority of the {} members ({}) has other data directories than this node remembers: it takes nothing from "
      "them and gives them nothing. If they were founded anew on purpose, stop this node, move {} away, and start it "
      "again "
      "with the same flags. If they have lost their data and this copy is to be kept, stop them all and run: skiff "
      "recover --data-dir {} --id {}",
      names.members, who, names.directory, names.directory, names.self);
}

std::string describe_disputed(const std::string& who, const DataDirNames& names) {
  return fmt::format(
      "{} remembered node {} with another data directory, and is turned away; a majority of the {} members does not "
      "say so, and this node goes on. Look at {}: if this cluster was founded anew on purpose, stop it there, move its "
      "data directory away, and start it again with the same flags. If its old data is to be kept, copy its data "
      "directory first",
      who, names.self, names.members, who);
}

}  // namespace

std::string describe(const DataDirConflicts::Judgement& judgement, const DataDirNames& names) {
  using Verdict = DataDirConflicts::Verdict;
  const std::string who = named(judgement.nodes, names);
  switch (judgement.verdict) {
    case Verdict::none: return "";
    case Verdict::disputed: return describe_disputed(who, names);
    case Verdict::odd_one_out: return describe_odd(who, names);
    case Verdict::stop: return describe_stop(who, names);
  }
  return "";
}

std::string summarize(const DataDirConflicts::Judgement& judgement) {
  using Verdict = DataDirConflicts::Verdict;
  const std::string who = named(judgement.nodes, {});
  switch (judgement.verdict) {
    case Verdict::none: return "";
    case Verdict::disputed: return who + " remembered this node with another data directory, and is turned away";
    case Verdict::odd_one_out:
      return "a majority of the members (" + who + ") has other data directories than this node remembers";
    case Verdict::stop: return who + " remembered this node with another data directory, and this node stops";
  }
  return "";
}

}  // namespace skiff

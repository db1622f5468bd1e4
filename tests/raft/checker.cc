#include "tests/raft/checker.h"

#include <algorithm>

#include "raft/describe.h"
#include "raft/quorum.h"

namespace skiff::raft_cluster {

static std::string name(NodeId node) { return "node " + std::to_string(node); }

void Checker::require(bool holds, const std::string& promise) {
  if (!holds && broken_.empty()) broken_ = promise;
}

void Checker::started(NodeId node) {
  for (const Entry& entry : disk(node).entries) {
    if (!origins_.contains(entry.position) && entry.payload) proposed_.emplace(*entry.payload);
  }
  remember(disk(node).entries, 0, name(node));
  view(node) = {.log = disk(node).entries,
                .commit = disk(node).snapshot.position.index,
                .term = disk(node).hard_state.term,
                .leads = false};
}

void Checker::crashed(NodeId node) {
  view(node).leads = false;
  std::erase_if(reads_asked_, [node](const auto& asked) { return asked.first.first == node; });
}

// The node may repeat a vote that it has lost. That must do no harm, which the other checks see.
void Checker::forgot(NodeId node) {
  std::erase_if(votes_, [node](const auto& vote) { return vote.first.second == node; });
}

Checker::Change Checker::stepped(NodeId node, const Raft& raft) {
  Change change = see_log(node, raft.log());
  see_role(node, raft);
  see_commit(node, raft);
  return change;
}

// Log matching, by induction: the entry at a term and index has one content, and one term before it.
void Checker::remember(const std::vector<Entry>& log, size_t from, const std::string& holder) {
  for (size_t at = from; at < log.size(); ++at) {
    const Entry& entry = log[at];
    std::string command = entry.payload ? std::string(*entry.payload) : "";
    Origin origin{.term_before = at == 0 ? 0 : log[at - 1].position.term, .kind = entry.kind, .command = command};
    auto [known, is_new] = origins_.emplace(entry.position, origin);
    require(known->second == origin, "log matching: " + holder + " holds another " + describe(entry));
    if (!is_new || entry.kind != EntryKind::command) continue;
    require(proposed_.contains(command), "it was never proposed: " + describe(entry));
    require(!refused_.contains(command), "refused, and yet in the log of " + holder + ": " + describe(entry));
  }
}

Checker::Change Checker::see_log(NodeId node, const Log& log) {
  std::vector<Entry>& seen = view(node).log;
  auto is_same = [](const Entry& old, const Entry& now) {
    return old.position == now.position && old.payload == now.payload;
  };
  Index base = log.base().index;
  if (seen.size() < base || (base > 0 && seen[base - 1].position != log.base())) seen = committed_up_to(base);
  size_t kept = std::min<size_t>(seen.size(), log.last().index);
  while (kept > base && !is_same(seen[kept - 1], log.at(kept))) --kept;
  auto end_of_kept = seen.begin() + static_cast<std::ptrdiff_t>(kept);
  Change change{.dropped = {end_of_kept, seen.end()}, .taken = {}};
  seen.resize(kept);
  for (Index index = kept + 1; index <= log.last().index; ++index) seen.push_back(log.at(index));
  change.taken = {seen.begin() + static_cast<std::ptrdiff_t>(kept), seen.end()};
  remember(seen, kept, name(node));
  return change;
}

void Checker::see_role(NodeId node, const Raft& raft) {
  View& seen = view(node);
  require(raft.term() >= seen.term, name(node) + " went back to an older term");
  bool is_new_leader = raft.is_leader() && (!seen.leads || seen.term != raft.term());
  seen.term = raft.term();
  seen.leads = raft.is_leader();
  if (!is_new_leader) return;
  auto [first, is_first] = leaders_.emplace(raft.term(), node);
  require(is_first, "election safety: " + name(node) + " leads t" + std::to_string(raft.term()) + ", and so did " +
                        name(first->second));
  for (size_t at = 0; at < committed_.size(); ++at) {
    bool is_there = raft.log().has(committed_[at]);
    require(is_there || committed_in_[at] >= raft.term(),
            "leader completeness: " + name(node) + " leads without " + describe(committed_[at]));
  }
}

void Checker::see_commit(NodeId node, const Raft& raft) {
  View& seen = view(node);
  Index commit = raft.log().committed();
  bool is_of_its_term =
      commit <= seen.commit || commit <= raft.log().base().index || raft.log().term_at(commit) == raft.term();
  require(!raft.is_leader() || is_of_its_term, "commit rule: " + name(node) + " counts entries of an older term");
  require(commit >= seen.commit, name(node) + " takes a commit back");
  for (Index index = std::max(seen.commit, raft.log().base().index) + 1; index <= commit; ++index) {
    LogPosition position = raft.log().at(index).position;
    if (index > committed_.size()) commit_first(node, raft, raft.log().at(index));
    require(committed_[index - 1] == position, "state machine safety: " + name(node) + " commits " +
                                                   describe(position) + ", others " + describe(committed_[index - 1]));
  }
  seen.commit = commit;
}

void Checker::commit_first(NodeId node, const Raft& raft, const Entry& entry) {
  committed_.push_back(entry.position);
  committed_entries_.push_back(entry);
  committed_in_.push_back(raft.term());
  std::set<NodeId> copies;
  for (NodeId each = 1; each <= disks_.size(); ++each) {
    if (disk(each).has_acknowledged(entry.position)) copies.insert(each);
  }
  require(quorum::is_majority(raft.configuration().voters(), copies),
          name(node) + " commits " + describe(entry.position) + ", which is on " + std::to_string(copies.size()) +
              " disks; " + describe(raft.configuration()));
}

void Checker::leaves(const Message& message) {
  std::visit([&](const auto& body) { leaves(message, body); }, message.body);
}

void Checker::voted(const Message& message, NodeId candidate) {
  auto [vote, is_first] = votes_.emplace(std::pair{message.term, message.from}, candidate);
  require(vote->second == candidate, name(message.from) + " votes twice in t" + std::to_string(message.term));
  HardState kept = disk(message.from).hard_state;
  bool is_kept = kept.term > message.term || kept == HardState{.term = message.term, .vote = candidate};
  require(is_kept, "its vote is not on disk: " + describe(message));
}

void Checker::leaves(const Message& message, const VoteRequest& request) {
  voted(message, message.from);
  bool is_kept = disk(message.from).hard_state.term > message.term || disk(message.from).has(request.last);
  require(is_kept, "its log is not on disk: " + describe(message));
}

void Checker::leaves(const Message& message, const VoteReply& reply) {
  if (reply.granted) voted(message, message.to);
}

// A sender that has gone on to a newer term may hold something else by now; that term must then be on its disk.
void Checker::leaves(const Message& message, const AppendReply& reply) {
  if (!reply.accepted) return;
  const Disk& kept = disk(message.from);
  require(kept.hard_state.term >= message.term, "its term is not on disk: " + describe(message));
  const View& leader = view(message.to);
  bool is_heard = leader.leads && leader.term == message.term;
  if (kept.hard_state.term > message.term || !is_heard) return;
  bool is_kept =
      reply.match <= leader.log.size() && (reply.match == 0 || kept.has(leader.log[reply.match - 1].position));
  require(is_kept, "what it acknowledges is not on disk: " + describe(message));
}

void Checker::refused(const std::string& command) {
  refused_.insert(command);
  auto is_it = [&](const auto& origin) { return origin.second.command == command; };
  require(std::none_of(origins_.begin(), origins_.end(), is_it), "refused, and yet in a log: " + command);
}

void Checker::read_asked(NodeId node, RequestId id) {
  bool is_new = reads_asked_.emplace(std::pair{node, id}, committed_.size()).second;
  require(is_new, "a read was asked twice: " + describe(id));
}

void Checker::read_confirmed(NodeId node, const ConfirmedRead& read) {
  auto asked = reads_asked_.find({node, read.id});
  if (asked == reads_asked_.end()) return require(false, "no client waits for read " + describe(read.id));
  require(read.index >= asked->second, "stale read: " + name(node) + " may read at " + std::to_string(read.index) +
                                           " what was asked when " + std::to_string(asked->second) + " was committed");
  reads_asked_.erase(asked);
}

void Checker::read_refused(NodeId node, RequestId id) {
  require(reads_asked_.erase({node, id}) == 1, "no client waits for read " + describe(id));
}

}  // namespace skiff::raft_cluster

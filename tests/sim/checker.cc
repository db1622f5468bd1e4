#include "tests/sim/checker.h"

#include <algorithm>
#include <utility>

#include "raft/describe.h"
#include "raft/quorum.h"
#include "store/state/command.h"

namespace skiff::sim {

static std::string name(raft::NodeId node) { return "node " + std::to_string(node); }

// ---- disks

void Checker::put_down(Disk& disk, const store::Batch& batch) const {
  if (batch.hard_state) disk.hard_state = *batch.hard_state;
  if (batch.restart) begin_anew(disk, *batch.restart);
  if (batch.is_intact) disk.is_recovering = false;
  for (const raft::Entry& entry : batch.entries) {
    disk.log.resize(entry.position.index - 1);
    disk.log.push_back(entry.position);
  }
}

// Behind a snapshot, which holds everything committed up to its position.
void Checker::begin_anew(Disk& disk, raft::LogPosition base) const {
  auto end = committed_.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(base.index, committed_.size()));
  disk.log.assign(committed_.begin(), end);
}

void Checker::saving(raft::NodeId node, const std::vector<store::Batch>& batches) {
  Node& is = nodes_[node];
  is.under_way = batches;
  std::vector<raft::LogPosition> added;
  auto term_at = [&](raft::Index index) {
    auto newest = std::find_if(added.rbegin(), added.rend(), [&](auto position) { return position.index == index; });
    if (newest != added.rend()) return newest->term;
    return index == 0 ? 0 : is.disk.log.at(index - 1).term;
  };
  for (const store::Batch& batch : batches) {
    if (batch.restart) see_snapshot(node, *batch.restart);
    if (batch.restart) added.push_back(*batch.restart);
    for (const raft::Entry& entry : batch.entries) {
      see_entry(node, entry, term_at(entry.position.index - 1));
      added.push_back(entry.position);
    }
  }
}

void Checker::see_snapshot(raft::NodeId node, raft::LogPosition position) {
  bool is_committed = position.index <= committed_.size() && committed_[position.index - 1] == position;
  world_.require(is_committed, "state-machine",
                 name(node) + " has a snapshot of " + raft::describe(position) + ", which is not committed");
}

void Checker::saved(raft::NodeId node) {
  Node& is = nodes_[node];
  Node::Before before{.kept = is.disk.log.size(), .hard_states = {}};
  for (const store::Batch& batch : is.under_way) {
    before.hard_states.push_back(is.disk.hard_state);
    if (batch.restart) before.kept = 0;
    if (!batch.entries.empty()) before.kept = std::min(before.kept, batch.entries.front().position.index - 1);
    put_down(is.disk, batch);
  }
  is.saves.push_back(before);
  if (is.saves.size() > kSavesInABlock) is.saves.pop_front();
  is.under_way.clear();
}

// The entry at a term and index has one content, and one term before it; by induction, all entries before it are equal.
void Checker::see_entry(raft::NodeId node, const raft::Entry& entry, raft::Term term_before) {
  Origin origin{.term_before = term_before, .kind = entry.kind, .payload = entry.payload};
  auto [known, is_new] = origins_.emplace(entry.position, origin);
  if (is_new) return;
  bool is_same = known->second.payload == entry.payload ||
                 (known->second.payload && entry.payload && *known->second.payload == *entry.payload);
  world_.require(is_same && known->second.term_before == term_before && known->second.kind == entry.kind,
                 "log-matching", name(node) + " holds another " + raft::describe(entry));
}

bool Checker::started(raft::NodeId node, const store::Recovered& recovered) {
  Node& is = nodes_[node];
  const raft::LogPosition snapshot = recovered.snapshot.position;
  if (snapshot.index > 0) {
    see_snapshot(node, snapshot);
    applied(node, recovered.kv);
  }
  const bool is_recovering = recovered.damage.has_value();
  world_.require(!is_recovering || is.disk.is_recovering || is.is_damaged || is.has_gone_back, "disk",
                 name(node) + " finds damage, and there is none");
  const bool may_be_intact =
      !is.disk.is_recovering ||
      std::any_of(is.under_way.begin(), is.under_way.end(), [](const store::Batch& batch) { return batch.is_intact; });
  world_.require(is_recovering || may_be_intact, "disk",
                 name(node) + " does not know any more that it is being mended");
  const bool has_gone_back = is.has_gone_back;
  if (is_recovering && !is.disk.is_recovering && !has_gone_back) is.before = is.disk;
  const bool has_all = !has_gone_back && require_disk(node, is, recovered) && recovered.incarnation > is.incarnation;
  world_.require(has_all || is.is_damaged || has_gone_back, "disk", name(node) + " counts a start twice");
  world_.require(!is_recovering || has_gone_back || recovered.incarnation > is.incarnation, "disk",
                 name(node) + " counts a start twice");
  // It takes no part any more, so its acknowledgements still count: it votes for no node that lacks those entries.
  if (!has_all && !is_recovering && !has_gone_back) return false;
  is.has_gone_back &= !is_recovering;
  if ((is.is_damaged || has_gone_back) && is_recovering) forget_votes(node, recovered.hard_state.term);
  is.is_recovering = is.disk.is_recovering = is_recovering;
  is.is_damaged = false;
  is.incarnation = recovered.incarnation;
  is.under_way.clear();
  is.disk.hard_state = recovered.hard_state;
  begin_anew(is.disk, snapshot);
  for (const raft::Entry& entry : recovered.entries) is.disk.log.push_back(entry.position);
  is.leads = false;
  is.term = recovered.hard_state.term;
  is.commit = 0;
  is.voters = {};
  return true;
}

void Checker::gone_back(raft::NodeId node) {
  ++nodes_[node].times_gone_back;
  mark_gone_back(node);
}

void Checker::mark_gone_back(raft::NodeId node) {
  Node& is = nodes_[node];
  is.before = is.disk;
  is.has_gone_back = true;
  is.disk.is_recovering = false;
}

// Told by a leader, or by a write under its name that it never made. Only the second may come after it has recovered:
// if a disk is rolled back twice to before the same repair, the later repair can count its starts from a lower number.
void Checker::learned_that_it_went_back(raft::NodeId node, bool by_itself) {
  const Node& is = nodes_.at(node);
  const bool is_true = is.has_gone_back || (by_itself && is.times_gone_back > 1);
  world_.require(is_true, "gone-back", name(node) + " believes that its disk has gone back, and it has not");
  if (!is.has_gone_back) mark_gone_back(node);
}

bool Checker::is_unnoticed(raft::NodeId node) const {
  auto found = nodes_.find(node);
  return found != nodes_.end() && found->second.has_gone_back && !found->second.is_recovering;
}

raft::Found Checker::on_disk(raft::NodeId node) const {
  const Disk& disk = nodes_.at(node).disk;
  return {.term = disk.hard_state.term, .last = disk.log.empty() ? raft::LogPosition{} : disk.log.back()};
}

// It may vote again where it has forgotten its vote. That must do no harm (raft/recovering.cc), which other checks see.
void Checker::forget_votes(raft::NodeId node, raft::Term after) {
  std::erase_if(votes_, [&](const auto& vote) { return vote.first.second == node && vote.first.first > after; });
}

// A disk holds everything that was saved, and any beginning of the save that was under way. A snapshot that does not
// match the log makes the log void: the log ended before it, or held other entries, which were replaced and not
// acknowledged. Damage may take away the last block unnoticed; any more must be noticed. Returns whether nothing is
// gone.
bool Checker::require_disk(raft::NodeId node, const Node& is, const store::Recovered& recovered) {
  const raft::LogPosition snapshot = recovered.snapshot.position;
  const raft::Index end = snapshot.index + recovered.entries.size();
  Disk expected = is.disk;
  if (!expected.has(snapshot)) begin_anew(expected, snapshot);
  raft::Index untouched = expected.log.size();
  const raft::HardState begun_anew{.term = snapshot.term, .vote = 0};
  auto comes_from = [&](const raft::HardState& saved) {
    return recovered.hard_state == saved || (recovered.hard_state == begun_anew && saved.term < snapshot.term);
  };
  bool is_known_state = comes_from(is.disk.hard_state);
  for (const store::Batch& batch : is.under_way) {
    if (batch.restart) untouched = std::min(untouched, batch.restart->index);
    if (!batch.entries.empty()) untouched = std::min(untouched, batch.entries.front().position.index - 1);
    is_known_state |= batch.hard_state && comes_from(*batch.hard_state);
  }
  if (is.is_damaged && recovered.damage) return false;
  const bool has_all = is_known_state && end >= untouched;
  if (is.is_damaged) {
    for (const Node::Before& before : is.saves) {
      is_known_state |= std::any_of(before.hard_states.begin(), before.hard_states.end(), comes_from);
      untouched = std::min(untouched, before.kept);
    }
  }
  world_.require(is_known_state, "disk",
                 name(node) + " finds " + raft::describe(recovered.hard_state) + " where it saved " +
                     raft::describe(is.disk.hard_state));
  world_.require(end >= untouched, "disk",
                 name(node) + " finds a log up to " + std::to_string(end) + ", not " + std::to_string(untouched));
  bool is_exact = is.under_way.empty() && !is.is_damaged;
  world_.require(!is_exact || end == expected.log.size(), "disk", name(node) + " finds more than it saved");
  for (const raft::Entry& entry : recovered.entries) {
    bool is_old = entry.position.index <= expected.log.size() && expected.has(entry.position);
    bool may_be_new = entry.position.index > untouched && origins_.contains(entry.position);
    world_.require(is_old || may_be_new, "disk",
                   name(node) + " finds " + raft::describe(entry) + ", never saved there");
    if (origins_.contains(entry.position)) see_entry(node, entry, origins_.at(entry.position).term_before);
  }
  return has_all;
}

void Checker::refused_to_start(raft::NodeId node, const Error& error) {
  world_.require(nodes_[node].is_damaged, "disk", name(node) + " refuses its own disk: " + error.what);
}

void Checker::found_damage(raft::NodeId node, const store::Damage& damage) {
  world_.require(nodes_[node].tampered.contains("data/" + damage.name), "disk",
                 name(node) + " finds damage at rest where there is none: " + damage.what);
}

void Checker::ended(raft::NodeId node) { nodes_[node].leads = false; }

// ---- the state of a core

void Checker::stepped(raft::NodeId node, const Replica& replica) {
  nodes_[node].is_recovering = replica.raft().is_recovering();
  see_role(node, replica.raft());
  see_commit(node, replica.raft());
  see_members(node, replica.raft());
  nodes_[node].voters = replica.raft().configuration().voters();
  uint64_t scale = world_.weather.has_small_limits ? 1 : 1'000;
  world_.require(replica.waiting_writes() <= 40 * scale && replica.waiting_barriers() <= 40 * scale, "bounds",
                 name(node) + " has " + std::to_string(replica.waiting_writes()) + " writes and " +
                     std::to_string(replica.waiting_barriers()) + " reads waiting");
}

void Checker::see_role(raft::NodeId node, const raft::Raft& raft) {
  Node& is = nodes_[node];
  world_.require(raft.term() >= is.term, "no-going-back", name(node) + " went back to an older term");
  bool is_news = raft.is_leader() && (!is.leads || is.term != raft.term());
  is.term = raft.term();
  is.leads = raft.is_leader();
  if (!is_news) return;
  world_.trace([&] { return std::to_string(node) + " leads at t" + std::to_string(raft.term()); });
  auto [first, is_first] = leaders_.emplace(raft.term(), node);
  world_.require(is_first || first->second == node, "election-safety",
                 name(node) + " and " + name(first->second) + " lead t" + std::to_string(raft.term()));
  for (size_t at = raft.log().base().index; at < committed_.size(); ++at) {
    world_.require(
        raft.log().has(committed_[at]) || committed_in_[at] >= raft.term(), "leader-completeness",
        name(node) + " leads t" + std::to_string(raft.term()) + " without " + raft::describe(committed_[at]));
  }
}

void Checker::see_commit(raft::NodeId node, const raft::Raft& raft) {
  Node& is = nodes_[node];
  raft::Index commit = raft.log().committed();
  world_.require(commit >= is.commit, "no-going-back", name(node) + " takes a commit back");
  const raft::LogPosition base = raft.log().base();
  if (base.index > 0 && base.index > is.commit) see_snapshot(node, base);
  bool is_counted = raft.is_leader() && commit > is.commit && commit > committed_.size();
  world_.require(!is_counted || raft.log().term_at(commit) == raft.term(), "commit-rule",
                 name(node) + " counts copies of " + std::to_string(commit) + ", of an older term");
  for (raft::Index index = std::max(is.commit, raft.log().base().index) + 1; index <= commit; ++index) {
    const raft::Entry& entry = raft.log().at(index);
    if (index > committed_.size()) commit_first(node, raft, entry);
    world_.require(
        committed_[index - 1] == entry.position, "state-machine",
        name(node) + " commits " + raft::describe(entry) + ", others " + raft::describe(committed_[index - 1]));
  }
  is.commit = std::max(is.commit, commit);
}

// Checked whenever another configuration is in force, or its entry was replaced.
void Checker::see_members(raft::NodeId node, const raft::Raft& raft) {
  const raft::Index index = raft.configuration_index();
  const raft::Log& log = raft.log();
  world_.require(index <= log.last().index, "members", name(node) + " goes by members that its log does not have");
  if (world_.has_failed() || index <= log.base().index) return;
  const raft::Entry& entry = log.at(index);
  if (std::exchange(nodes_[node].members_at, entry.position) == entry.position) return;
  const auto members = entry.kind == raft::EntryKind::configuration ? raft::decode_configuration(*entry.payload)
                                                                    : std::optional<raft::Configuration>();
  world_.require(members == raft.configuration(), "members",
                 name(node) + " goes by other members than those of " + raft::describe(entry));
}

void Checker::commit_first(raft::NodeId node, const raft::Raft& raft, const raft::Entry& entry) {
  committed_.push_back(entry.position);
  committed_in_.push_back(raft.term());
  std::set<raft::NodeId> copies;
  for (const auto& [id, other] : nodes_) {
    // A node that is recovering, or will be, has acknowledged these entries and votes for no node that lacks them.
    if ((other.is_recovering || other.has_gone_back ? other.before : other.disk).has(entry.position)) copies.insert(id);
  }
  // A change of the members in the same step may lie before this entry or behind it.
  bool is_enough = raft::quorum::is_majority(nodes_[node].voters, copies) ||
                   raft::quorum::is_majority(raft.configuration().voters(), copies);
  world_.require(is_enough, "majority",
                 name(node) + " commits " + raft::describe(entry) + ", which is on " + std::to_string(copies.size()) +
                     " disks; " + raft::describe(raft.configuration()));
  if (entry.kind != raft::EntryKind::command) return;
  auto command = store::decode(*entry.payload);
  model_.apply(*command);
  const auto* put = std::get_if<store::PutView>(&command->operation);
  if (put == nullptr) return;
  std::string value(put->value);
  world_.require(!refused_.contains(value), "refused", "the refused " + value.substr(0, 40) + " is committed");
  written_.insert(std::move(value));
}

void Checker::applied(raft::NodeId node, const store::Kv& kv) {
  auto [known, is_new] = digests_.emplace(kv.applied(), kv.digest());
  world_.require(known->second == kv.digest(), "state-machine",
                 name(node) + " has another state after " + std::to_string(kv.applied()));
}

// ---- messages that leave a node

void Checker::see_vote(raft::NodeId node, raft::Term term, raft::NodeId candidate) {
  auto [vote, is_first] = votes_.emplace(std::pair{term, node}, candidate);
  world_.require(vote->second == candidate, "one-vote", name(node) + " votes twice in t" + std::to_string(term));
  raft::HardState kept = nodes_[node].disk.hard_state;
  bool is_kept = kept.term > term || kept == raft::HardState{.term = term, .vote = candidate};
  world_.require(is_kept, "promises", "the vote of " + name(node) + " is not on its disk");
}

// A sender that has moved to a newer term may hold other entries by now; that term must then be on its disk.
void Checker::leaves(const PeerMessage& message) {
  const Disk& disk = nodes_[message.from].disk;
  if (nodes_[message.from].is_recovering) see_no_promise(message);
  if (const auto* request = std::get_if<raft::VoteRequest>(&message.body)) {
    see_vote(message.from, message.term, message.from);
    bool is_kept = disk.hard_state.term > message.term || disk.has(request->last);
    world_.require(is_kept, "promises", "its log is not on its disk: " + describe(message));
  } else if (const auto* reply = std::get_if<raft::VoteReply>(&message.body)) {
    if (reply->granted) see_vote(message.from, message.term, message.to);
  } else if (const auto* ack = std::get_if<raft::AppendReply>(&message.body)) {
    bool is_kept = !ack->accepted || (disk.hard_state.term >= message.term &&
                                      (disk.hard_state.term > message.term || disk.log.size() >= ack->match));
    world_.require(is_kept, "promises", "what it acknowledges is not on its disk: " + describe(message));
  }
}

void Checker::see_no_promise(const PeerMessage& message) {
  const auto* pre_vote = std::get_if<raft::PreVoteReply>(&message.body);
  const auto* vote = std::get_if<raft::VoteReply>(&message.body);
  const auto* heartbeat = std::get_if<raft::HeartbeatReply>(&message.body);
  const bool is_promise = std::holds_alternative<raft::VoteRequest>(message.body) || (pre_vote && pre_vote->granted) ||
                          (vote && vote->granted) || (heartbeat && heartbeat->round != 0);
  world_.require(!is_promise, "promises", "its log is not intact: " + describe(message));
}

// ---- answers to clients

void Checker::acknowledged(const std::string& value, const Demand& demand, const ClientAnswer& answer) {
  const std::string name = value.substr(0, 40);
  const Model::Written* written = model_.find(value);
  world_.require(written != nullptr, "acknowledged", "the acknowledged " + name + " is not committed");
  if (written == nullptr || written->was_repeated) return;  // the linearizability of reads shows whether it took effect
  world_.require(written->has_changed, "conditions", name + " is acknowledged, and its condition did not hold");
  world_.require(demand.holds(written->before), "conditions", name + " took effect against what was demanded");
  world_.require(answer.key_revision == written->revision && answer.revision == written->revision, "conditions",
                 name + " has another revision than its answer says");
}

void Checker::in_conflict(const std::string& value, const Demand& demand, const ClientAnswer& answer) {
  const std::string name = value.substr(0, 40);
  const Model::Written* written = model_.find(value);
  world_.require(written != nullptr && !written->was_repeated, "conditions", "nothing has judged " + name);
  if (written == nullptr || written->was_repeated) return;
  world_.require(!written->has_changed, "conditions", name + " took effect, and was answered as a conflict");
  world_.require(!demand.holds(written->before), "conditions", name + " is refused, and what was demanded held");
  world_.require(answer.key_revision == written->before && answer.revision == written->revision, "conditions",
                 name + " has another key or map than its answer says");
}

void Checker::refused(const std::string& value) {
  refused_.insert(value);
  world_.require(!written_.contains(value), "refused", "the refused " + value.substr(0, 40) + " was committed");
}

}  // namespace skiff::sim

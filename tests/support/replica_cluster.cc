#include "tests/support/replica_cluster.h"

#include "raft/check.h"
#include "raft/describe.h"

namespace skiff {

ReplicaCluster::ReplicaCluster(uint64_t nodes, HistoryConfig history, size_t barriers_answered_max)
    : history_(history), barriers_answered_max_(barriers_answered_max) {
  for (raft::NodeId id = 1; id <= nodes; ++id) nodes_[id].id = id;
  for (auto& [id, node] : nodes_) {
    node.cluster = this;
    start(node);
  }
}

void ReplicaCluster::start(Node& node) {
  ReplicaConfig config{.raft = {.id = node.id,
                                .founders = {},
                                .seed = node.id * 7 + node.incarnation,
                                .hard_state = node.disk_hard_state,
                                .entries = node.disk_entries},
                       .history = history_,
                       .digest_every = 16,
                       .incarnation = ++node.incarnation,
                       .forward_window_bytes = 200,
                       .leader_window_bytes = 20'000,
                       .waiting_writes_max = 100,
                       .waiting_write_bytes_max = 10'000,
                       .waiting_barriers_max = 100,
                       .barriers_answered_max = barriers_answered_max_,
                       .applied_max = 2,
                       .backups_max = 2};
  config.join_timeout = 1_min;
  config.members_max = 5;
  for (const auto& [id, other] : nodes_) {
    if (!node.is_founder || !other.is_founder) continue;
    config.raft.founders.members.push_back(
        {.id = id, .role = raft::MemberRole::voter, .address = "at:" + std::to_string(id)});
  }
  node.replica = std::make_unique<Replica>(config, store::Kv(), now_, node, node);
}

void ReplicaCluster::Node::send(PeerMessage&& message) {
  cluster->sent.push_back(message);
  if (cluster->cut_.contains(id) || cluster->cut_.contains(message.to)) return;
  cluster->in_flight.push_back(std::move(message));
}

void ReplicaCluster::Node::persist(uint64_t save, std::optional<raft::HardState> hard_state,
                                   std::optional<raft::LogPosition> restart, bool is_intact,
                                   std::vector<raft::Entry> entries) {
  CHECK(!restart);
  CHECK(!is_intact);
  saves.push_back({save, hard_state, std::move(entries)});
}

// As the API does, reads at the moment of the confirmation.
void ReplicaCluster::Node::answered(const Ticket& ticket, Answer&& answer) {
  std::string text = answer.outcome == Answer::Outcome::done      ? "done"
                     : answer.outcome == Answer::Outcome::refused ? "refused"
                                                                  : "unknown";
  const auto key = cluster->keys_read_.find(ticket.request);
  if (text == "done" && key != cluster->keys_read_.end()) {
    const auto found = replica->kv().get(key->second);
    text = found ? "done: " + std::string(found->bytes) : "missing";
  }
  CHECK(cluster->answers_.emplace(ticket.request, text).second);  // never twice
}

void ReplicaCluster::Node::admin_ended(const raft::AdminResult& end) {
  CHECK(cluster->answers_.emplace(end.id, raft::describe(end)).second);
}

void ReplicaCluster::Node::admin_answered(const Ticket& ticket, AdminAnswer answer) {
  constexpr const char* kWords[] = {"done", "not found", "conflict", "refused", "unknown"};
  std::string text = kWords[static_cast<size_t>(answer.kind)];
  CHECK(cluster->answers_.emplace(ticket.request, text + (answer.reason.empty() ? "" : ": " + answer.reason)).second);
}

void ReplicaCluster::Node::state_differs(raft::NodeId other, raft::Index index, bool is_outvoted) {
  differences.push_back(std::to_string(other) + " at " + std::to_string(index) +
                        (is_outvoted ? ", and a majority" : ""));
}

bool ReplicaCluster::deliver() {
  std::vector<PeerMessage> arriving = std::exchange(in_flight, {});
  for (PeerMessage& message : arriving) {
    if (cut_.contains(message.from) || cut_.contains(message.to)) continue;
    if (!nodes_.contains(message.to)) continue;  // added, and not there yet
    Node& node = nodes_.at(message.to);
    if (node.replica) node.replica->received(now_, std::move(message));
  }
  return !arriving.empty();
}

bool ReplicaCluster::finish_saves(Node& node) {
  if (node.saves.empty() || node.disk_is_held) return false;
  Save save = std::move(node.saves.front());
  node.saves.pop_front();
  if (save.hard_state) node.disk_hard_state = *save.hard_state;
  for (raft::Entry& entry : save.entries) {
    node.disk_entries.resize(entry.position.index - 1);
    node.disk_entries.push_back(std::move(entry));
  }
  node.replica->persisted(now_, save.number);
  return true;
}

bool ReplicaCluster::apply(Node& node) {
  if (!node.replica->has_unapplied()) return false;
  node.replica->apply_some(now_);
  return true;
}

void ReplicaCluster::settle() {
  for (bool is_busy = true; is_busy;) {
    is_busy = deliver();
    for (auto& [id, node] : nodes_) {
      if (!node.replica) continue;
      is_busy |= finish_saves(node);
      is_busy |= apply(node);
    }
  }
}

void ReplicaCluster::pass(raft::Time time) {
  for (raft::Time end = now_ + time; now_ < end;) {
    now_ += 1_ms;
    for (auto& [id, node] : nodes_) {
      if (node.replica && node.replica->next_deadline() <= now_) node.replica->tick(now_);
    }
    settle();
  }
}

raft::NodeId ReplicaCluster::leader() const {
  raft::NodeId leader = 0;
  raft::Term term = 0;
  for (const auto& [id, node] : nodes_) {
    if (!node.replica || !node.replica->raft().is_leader() || node.replica->raft().term() <= term) continue;
    leader = id;
    term = node.replica->raft().term();
  }
  return leader;
}

raft::NodeId ReplicaCluster::elect() {
  for (int tries = 0; tries < 5'000; ++tries) {
    pass(1_ms);
    if (leader() != 0 && !cut_.contains(leader())) return leader();
  }
  CHECK(false);
  return 0;
}

void ReplicaCluster::crash(raft::NodeId node) {
  nodes_.at(node).replica.reset();
  nodes_.at(node).saves.clear();
}

void ReplicaCluster::restart(raft::NodeId node) { start(nodes_.at(node)); }

void ReplicaCluster::gone(raft::NodeId gone) {
  for (auto& [id, node] : nodes_) {
    if (id != gone && node.replica) node.replica->peer_gone(now_, gone);
  }
}

uint64_t ReplicaCluster::put(raft::NodeId node, std::string key, std::string value) {
  return propose(node, Write{.ticket = {.connection = node, .request = ++asked_},
                             .operation = store::Put{.key = std::move(key), .value = std::move(value)}});
}

uint64_t ReplicaCluster::throw_in(raft::NodeId node, std::string key, std::string value) {
  return propose(node, Write{.ticket = {.connection = node, .request = ++asked_},
                             .wants_answer = false,
                             .operation = store::Put{.key = std::move(key), .value = std::move(value)}});
}

uint64_t ReplicaCluster::get(raft::NodeId node, std::string key) {
  keys_read_[asked_ + 1] = std::move(key);
  return confirm(node);
}

uint64_t ReplicaCluster::confirm(raft::NodeId node) {
  return propose(node, Barrier{.ticket = {.connection = node, .request = ++asked_}, .timeout = 5_s});
}

uint64_t ReplicaCluster::propose(raft::NodeId node, Request request) {
  (*this)[node].propose(now_, {std::move(request)});
  return asked_;
}

uint64_t ReplicaCluster::hand_over(raft::NodeId node, raft::NodeId to) {
  (*this)[node].hand_over(now_, ++asked_, to);
  return asked_;
}

uint64_t ReplicaCluster::order(raft::NodeId node, AdminRequest order) {
  (*this)[node].ask_admin(now_, {.connection = node, .request = ++asked_}, std::move(order));
  return asked_;
}

void ReplicaCluster::add_spare(raft::NodeId id) {
  Node& node = nodes_[id];
  node.cluster = this;
  node.id = id;
  node.is_founder = false;
  start(node);
}

uint64_t ReplicaCluster::change(raft::NodeId node, std::vector<raft::Change> changes) {
  (*this)[node].change_members(now_, ++asked_, std::move(changes));
  return asked_;
}

std::string ReplicaCluster::answer(uint64_t asked) const {
  auto found = answers_.find(asked);
  return found == answers_.end() ? "" : found->second;
}

}  // namespace skiff

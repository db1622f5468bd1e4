#include "tests/raft/cluster.h"

#include <utility>

#include "raft/check.h"

namespace skiff::raft_cluster {

Cluster::Cluster(size_t nodes, const Config& limits, uint64_t seed, size_t spares)
    : limits_(limits), founders_(nodes), seed_(seed), nodes_(nodes + spares), disks_(nodes + spares), checker_(disks_) {
  std::vector<NodeId> voters;
  for (NodeId node = 1; node <= nodes; ++node) voters.push_back(node);
  limits_.founders = founded_by(voters);
}

void Cluster::start(NodeId node, Time now) {
  Node& starting = at(node);
  Config config = limits_;
  config.id = node;
  config.seed = seed_ + node * 1'000'003 + ++starting.incarnation;
  config.hard_state = disk(node).hard_state;
  config.snapshot = disk(node).snapshot;
  config.entries = disk(node).entries;
  config.start = node * 1'000 + starting.incarnation;
  config.recovering = disk(node).is_damaged ? config.start : 0;
  std::erase_if(config.entries,
                [&](const Entry& entry) { return entry.position.index <= config.snapshot.position.index; });
  if (node > founders_) config.founders = {};
  starting.raft = std::make_unique<Raft>(config, now);
  starting.reads = 0;
  starting.news = {.before = starting.raft->status()};
  checker_.started(node);
}

void Cluster::crash(NodeId node) {
  at(node).raft.reset();
  disk(node).under_way.clear();
  checker_.crashed(node);
}

void Cluster::damage(NodeId node) {
  Disk& damaged = disk(node);
  std::vector<Entry> before = std::move(damaged.is_damaged ? damaged.before : damaged.entries);
  damaged = Disk{.hard_state = {}, .snapshot = {}, .entries = {}, .under_way = {}, .is_damaged = true};
  damaged.before = std::move(before);
  checker_.forgot(node);
}

void Cluster::step(NodeId node, Time now, const Event& event) {
  Node& stepping = at(node);
  stepping.raft->step(now, event);
  stepping.raft->check_log();
  Checker::Change change = checker_.stepped(node, *stepping.raft);
  auto& [dropped, taken] = change;
  stepping.news.dropped.insert(stepping.news.dropped.end(), dropped.begin(), dropped.end());
  stepping.news.taken.insert(stepping.news.taken.end(), taken.begin(), taken.end());
}

void Cluster::propose(NodeId node, Time now, const std::vector<std::string>& commands) {
  Proposed proposed;
  for (const std::string& command : commands) {
    uint64_t id = proposals_.size() + 1;
    proposals_.emplace(id, command);
    checker_.proposed(command);
    proposed.proposals.push_back({.id = id, .command = Payload::of(command)});
  }
  step(node, now, proposed);
}

void Cluster::take_snapshot(NodeId node, Time now, Index index, Index forget_to) {
  const Raft& raft = *at(node).raft;
  if (index > disk(node).snapshot.position.index) {
    disk(node).snapshot = {.position = {.term = raft.log().term_at(index), .index = index},
                           .configuration = Payload::of(encode(raft.configuration_at(index)))};
  }
  step(node, now, SnapshotTaken{.index = index, .forget_to = forget_to});
}

void Cluster::snapshot_arrives(NodeId node, Time now, const SnapshotMark& snapshot) {
  if (snapshot.position.index > disk(node).snapshot.position.index) disk(node).snapshot = snapshot;
  step(node, now, SnapshotArrived{.snapshot = snapshot});
}

RequestId Cluster::read(NodeId node, Time now) {
  RequestId id{.incarnation = at(node).incarnation, .number = ++at(node).reads};
  checker_.read_asked(node, id);
  step(node, now, ReadAsked{.id = id});
  return id;
}

Happened Cluster::take(NodeId node) {
  Node& taking = at(node);
  Effects effects = taking.raft->take_effects();
  taking.news.after = taking.raft->status();
  Happened news = std::exchange(taking.news, {.before = taking.raft->status()});
  // The Checker must know of entries that a leader appends only now before any node can acknowledge them. They are
  // reported with the next step.
  Checker::Change late = checker_.stepped(node, *taking.raft);
  taking.news.dropped = std::move(late.dropped);
  taking.news.taken = std::move(late.taken);
  news.committed = std::move(effects.committed);
  news.reads = std::move(effects.reads);
  news.refused_reads = std::move(effects.refused_reads);
  for (const ConfirmedRead& read : news.reads) checker_.read_confirmed(node, read);
  for (const RequestId& id : news.refused_reads) checker_.read_refused(node, id);
  for (uint64_t id : effects.refused) {
    checker_.refused(proposals_.at(id));
    news.refused.push_back(proposals_.at(id));
  }
  news.admin_results = std::move(effects.admin_results);
  news.fetch = std::move(effects.fetch);
  news.removed = effects.removed;
  news.messages = std::move(effects.messages);
  for (const Message& message : news.messages) checker_.leaves(message);
  bool is_to_save = effects.hard_state || effects.restart || effects.is_intact || !effects.entries.empty() ||
                    !effects.messages_once_durable.empty();
  CHECK(is_to_save == (effects.save != 0));
  if (is_to_save) {
    disk(node).under_way.push_back({.number = effects.save,
                                    .hard_state = effects.hard_state,
                                    .restart = {},
                                    .is_intact = effects.is_intact,
                                    .entries = std::move(effects.entries),
                                    .messages = std::move(effects.messages_once_durable)});
    if (effects.restart) disk(node).under_way.back().restart = checker_.committed_up_to(effects.restart->index);
  }
  return news;
}

std::vector<Message> Cluster::finish_save(NodeId node, Time now) {
  Disk::Save save = disk(node).finish_oldest();
  for (const Message& message : save.messages) checker_.leaves(message);
  step(node, now, Persisted{.save = save.number});
  return std::move(save.messages);
}

}  // namespace skiff::raft_cluster

// Cluster: some real cores with their disks in one thread, watched by a Checker. It has no network and no clock: its
// driver decides which message arrives when, sends the messages of the effects, and finishes saves. A script drives it
// by hand, RandomCluster by a seed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "raft/raft.h"
#include "tests/raft/checker.h"
#include "tests/raft/disk.h"

namespace skiff::raft_cluster {

// The outcome of one node's steps since its effects were last taken.
struct Happened {
  Status before;
  Status after;
  std::vector<Entry> dropped;     // from the end of its log
  std::vector<Entry> taken;       // at the end of its log
  std::vector<Message> messages;  // to be sent now
  std::vector<Entry> committed;
  std::vector<ConfirmedRead> reads;
  std::vector<RequestId> refused_reads;
  std::vector<std::string> refused;  // commands
  std::vector<AdminResult> admin_results;
  std::optional<Fetch> fetch;
  bool removed = false;
};

class Cluster {
 public:
  // `limits` holds no fields that differ from node to node. Spare nodes wait to be added as members.
  Cluster(size_t nodes, const Config& limits, uint64_t seed, size_t spares = 0);

  size_t size() const { return nodes_.size(); }
  bool is_up(NodeId node) const { return at(node).raft != nullptr; }
  const Raft& raft(NodeId node) const { return *at(node).raft; }
  Disk& disk(NodeId node) { return disks_[node - 1]; }
  const Checker& checker() const { return checker_; }
  uint64_t incarnation(NodeId node) const { return at(node).incarnation; }

  // Starts the node from its disk.
  void start(NodeId node, Time now);
  void crash(NodeId node);
  // The disk loses everything, and the next start finds that out. Requires: the node is down.
  void damage(NodeId node);

  // Effects stay inside until they are taken: several steps may share one take().
  void step(NodeId node, Time now, const Event& event);
  void propose(NodeId node, Time now, const std::vector<std::string>& commands);
  RequestId read(NodeId node, Time now);
  // The node's store is on disk up to `index`, and the snapshot that it was to fetch is.
  void take_snapshot(NodeId node, Time now, Index index, Index forget_to);
  void snapshot_arrives(NodeId node, Time now, const SnapshotMark& snapshot);
  Happened take(NodeId node);
  // The oldest save is on disk. Returns the messages that waited for it; the core is told.
  std::vector<Message> finish_save(NodeId node, Time now);

 private:
  struct Node {
    std::unique_ptr<Raft> raft;  // null: crashed
    uint64_t incarnation = 0;
    uint64_t reads = 0;
    Happened news;
  };

  Node& at(NodeId node) { return nodes_[node - 1]; }
  const Node& at(NodeId node) const { return nodes_[node - 1]; }

  Config limits_;
  size_t founders_;
  uint64_t seed_;
  std::vector<Node> nodes_;
  std::vector<Disk> disks_;
  Checker checker_;
  std::map<uint64_t, std::string> proposals_;  // by id
};

}  // namespace skiff::raft_cluster

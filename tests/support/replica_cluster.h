// ReplicaCluster: a few replicas in one thread, with messages, disks and clients that do what a test says.
//
// Time stands still unless pass() moves it. settle() carries messages, finishes saves and applies commits until nothing
// is left to do.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "raft/time.h"
#include "src/replica/replica.h"

namespace skiff {

class ReplicaCluster {
 public:
  explicit ReplicaCluster(uint64_t nodes, HistoryConfig history = {}, size_t barriers_answered_max = 100);

  Replica& operator[](raft::NodeId node) { return *nodes_.at(node).replica; }
  raft::Time now() const { return now_; }

  void settle();
  void pass(raft::Time time);   // in steps of 1 ms, settling after each
  raft::NodeId elect();         // passes time until somebody leads; returns who
  raft::NodeId leader() const;  // of the newest term; 0 if nobody

  void cut(raft::NodeId node) { cut_.insert(node); }
  void heal() { cut_.clear(); }
  void crash(raft::NodeId node);  // what its disk was not told to keep is lost
  void restart(raft::NodeId node);
  void hold_disk(raft::NodeId node, bool is_held) { nodes_.at(node).disk_is_held = is_held; }
  void connected(raft::NodeId node, raft::NodeId to) { (*this)[node].peer_connected(now_, to); }
  void gone(raft::NodeId node);  // everybody else is told so

  // Asks, and returns the name to look for the answer by.
  uint64_t put(raft::NodeId node, std::string key, std::string value);
  uint64_t get(raft::NodeId node, std::string key);
  // A write that wants no answer: has_ended() says when it has ended.
  uint64_t throw_in(raft::NodeId node, std::string key, std::string value);
  uint64_t confirm(raft::NodeId node);  // a barrier by itself
  // Orders the same way: "done", "refused", "unknown", "passed on", each with its reason.
  uint64_t hand_over(raft::NodeId node, raft::NodeId to);
  // An operator's, given to any node: "done", "not found", "conflict", "refused", "unknown", with the reason.
  uint64_t order(raft::NodeId node, AdminRequest order);
  // Another replica, which waits to be added.
  void add_spare(raft::NodeId node);
  const std::vector<raft::NodeId>& withdrew(raft::NodeId node) const { return nodes_.at(node).withdrew; }
  uint64_t change(raft::NodeId node, std::vector<raft::Change> changes);
  // "3 at 16", and "3 at 16, and a majority" when it is this node that is wrong.
  const std::vector<std::string>& differences(raft::NodeId node) const { return nodes_.at(node).differences; }
  bool was_removed(raft::NodeId node) const { return nodes_.at(node).was_removed; }
  // "done", of a get "done: value" or "missing", "refused", "unknown", or "" while there is none.
  std::string answer(uint64_t asked) const;
  size_t answers() const { return answers_.size(); }
  // Of a write that wants no answer.
  bool has_ended(uint64_t asked) const { return ended_.contains(asked); }

  std::vector<PeerMessage> sent;  // every message so far, whether it arrived or not
  std::vector<PeerMessage> in_flight;

 private:
  struct Save {
    uint64_t number;
    std::optional<raft::HardState> hard_state;
    std::vector<raft::Entry> entries;
  };
  struct Node : Environment, Requester {
    ReplicaCluster* cluster = nullptr;
    raft::NodeId id = 0;
    uint64_t incarnation = 0;
    std::unique_ptr<Replica> replica;
    std::deque<Save> saves;
    raft::HardState disk_hard_state;
    std::vector<raft::Entry> disk_entries;
    bool disk_is_held = false;
    bool is_founder = true;
    bool was_removed = false;
    bool has_forgotten = false;
    std::vector<raft::NodeId> forgetful;
    std::vector<raft::NodeId> withdrew;
    std::vector<std::string> differences;

    void send(PeerMessage&& message) override;
    void persist(uint64_t save, std::optional<raft::HardState> hard_state, std::optional<raft::LogPosition> restart,
                 bool is_intact, std::vector<raft::Entry> entries) override;
    // No snapshots here: the simulator has them.
    void write_snapshot(SnapshotBytes) override {}
    void read_snapshot(raft::NodeId, raft::LogPosition, uint64_t) override {}
    void drop(store::Kv) override {}
    void committed() override {}
    void answered(const Ticket& ticket, Answer&& answer) override;
    void ended(const Ticket& ticket) override { cluster->ended_.insert(ticket.request); }
    void admin_ended(const raft::AdminResult& end) override;
    void admin_answered(const Ticket& ticket, AdminAnswer answer) override;
    void withdrawn(const Withdrawn& member) override { withdrew.push_back(member.node); }
    void members_changed() override {}
    void state_differs(raft::NodeId other, raft::Index index, bool is_outvoted) override;
    void removed() override { was_removed = true; }
    void peer_forgot(const raft::ForgetfulPeer& peer) override { forgetful.push_back(peer.node); }
    void forgot(const raft::Forgotten&) override { has_forgotten = true; }
  };

  uint64_t propose(raft::NodeId node, Request request);
  void start(Node& node);
  bool deliver();
  bool finish_saves(Node& node);
  bool apply(Node& node);

  const HistoryConfig history_;
  const size_t barriers_answered_max_;
  std::map<raft::NodeId, Node> nodes_;
  std::set<raft::NodeId> cut_;
  std::map<uint64_t, std::string> keys_read_;  // of the gets, by the barrier's name
  std::map<uint64_t, std::string> answers_;
  std::set<uint64_t> ended_;
  uint64_t asked_ = 0;
  raft::Time now_ = 1_ns;
};

}  // namespace skiff

// Counter: three nodes agree on one number, in one process, with the core of skiff and nothing else.
//
// raft::Raft takes events and returns effects. All other parts of a node are here in their smallest form: the disk is a
// struct, the network a queue of messages, the clock a number, and the state machine adds. skiff itself has files,
// sockets and a map instead, and applies the same effects in the same order (src/replica/replica.cc).
//
// A crash destroys a node's core and its counter; its disk stays. Nothing is random, so every run prints the same.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "raft/check.h"
#include "raft/raft.h"

namespace {

using namespace skiff::raft;

// The part of a node that survives a crash. In skiff it is a file, and save() ends with a sync.
struct Disk {
  HardState hard_state;
  std::vector<Entry> entries;  // entries[0] has index 1

  void save(const Effects& effects) {
    if (effects.hard_state) hard_state = *effects.hard_state;
    for (const Entry& entry : effects.entries) {
      entries.resize(entry.position.index - 1);  // an entry replaces those at its index and behind
      entries.push_back(entry);
    }
  }
};

struct Node {
  Disk disk;
  std::unique_ptr<Raft> raft;
  uint64_t counter = 0;  // the state machine
  Index applied = 0;     // up to which entry of the log
  bool is_cut_off = false;
  bool is_reading = false;
  std::optional<Index> read_index;  // of a confirmed read, which may be answered once this index is applied
};

class Cluster {
 public:
  Cluster() : nodes_(3) {
    for (NodeId id = 1; id <= nodes_.size(); ++id) start(id);
  }
  Node& node(NodeId id) { return nodes_.at(id - 1); }

  // Starts a node, also after a crash: a new core begins with the contents of the disk, and the log is applied from its
  // beginning.
  void start(NodeId id) {
    Node& starting = node(id);
    Config config{.id = id, .founders = founded_by({1, 2, 3}), .seed = id};
    config.hard_state = starting.disk.hard_state;
    config.entries = starting.disk.entries;
    config.start = ++starts_;
    starting.raft = std::make_unique<Raft>(config, now_);
    starting.counter = 0;
    starting.applied = 0;
  }

  void add(NodeId id, uint64_t amount) {
    auto command = Payload::of(std::to_string(amount));
    step(id, Proposed{.proposals = {{.id = ++proposals_, .command = std::move(command)}}});
  }

  // A linearizable read, at any node: it sees all entries that were committed before it began. It is repeated if it is
  // refused.
  uint64_t read(NodeId id) {
    Node& reader = node(id);
    for (reader.read_index.reset(); !reader.read_index || reader.applied < *reader.read_index; go_on()) {
      if (reader.is_reading || reader.read_index) continue;
      reader.is_reading = true;
      step(id, ReadAsked{.id = {.incarnation = id, .number = ++reads_}});
    }
    return reader.counter;
  }

  // Runs until a node that is not cut off leads, and returns it.
  NodeId leader() {
    auto leads = [](const Node& node) { return node.raft->is_leader() && !node.is_cut_off; };
    while (std::ranges::none_of(nodes_, leads)) go_on();
    return std::ranges::find_if(nodes_, leads)->raft->status().id;
  }

  void wait_until_all_hold(uint64_t amount) {
    auto holds = [&](const Node& node) { return node.counter == amount || node.is_cut_off; };
    while (!std::ranges::all_of(nodes_, holds)) go_on();
  }

 private:
  // Delivers the oldest message. If there is none, moves the clock to the next deadline of any node.
  void go_on() {
    if (in_flight_.empty()) {
      auto next = std::ranges::min_element(nodes_, {}, [](const Node& node) { return node.raft->next_deadline(); });
      now_ = std::max(now_, next->raft->next_deadline());
      return step(next->raft->status().id, TimePassed{});
    }
    Message message = std::move(in_flight_.front());
    in_flight_.pop_front();
    if (node(message.from).is_cut_off || node(message.to).is_cut_off) return;
    step(message.to, Received{.message = std::move(message)});
  }

  void step(NodeId id, const Event& event) {
    Raft& raft = *node(id).raft;
    raft.step(now_, event);
    for (Effects effects = raft.take_effects(); !effects.empty(); effects = raft.take_effects()) {
      perform(node(id), effects);
      if (effects.save != 0) raft.step(now_, Persisted{.save = effects.save});
    }
  }

  void perform(Node& node, const Effects& effects) {
    send(effects.messages);
    node.disk.save(effects);
    send(effects.messages_once_durable);  // not before: they say that the above is on the disk
    for (const Entry& entry : effects.committed) {
      if (entry.kind == EntryKind::command) node.counter += std::stoull(std::string(*entry.payload));
      node.applied = entry.position.index;
    }
    for (const ConfirmedRead& read : effects.reads) node.read_index = read.index;
    if (!effects.reads.empty() || !effects.refused_reads.empty()) node.is_reading = false;
  }

  void send(const std::vector<Message>& messages) {
    in_flight_.insert(in_flight_.end(), messages.begin(), messages.end());
  }

  std::vector<Node> nodes_;
  std::deque<Message> in_flight_;
  Time now_;
  uint64_t starts_ = 0;
  uint64_t proposals_ = 0;
  uint64_t reads_ = 0;
};

}  // namespace

int main() {
  Cluster cluster;
  const NodeId first = cluster.leader();
  for (uint64_t amount : {1, 10, 100}) cluster.add(first, amount);
  cluster.wait_until_all_hold(111);
  std::printf("Node %d is elected and adds 1, 10 and 100: all three hold 111.\n", int(first));

  cluster.node(first).is_cut_off = true;
  cluster.add(first, 5000);
  const NodeId second = cluster.leader();
  cluster.add(second, 20);
  cluster.wait_until_all_hold(131);
  CHECK(cluster.node(first).counter == 111);
  std::printf("Node %d is cut off and is asked to add 5000. It finds no majority and holds 111.\n", int(first));
  std::printf("The others elect node %d and add 20: they hold 131.\n", int(second));

  cluster.node(first).is_cut_off = false;
  cluster.wait_until_all_hold(131);
  std::printf("Node %d is back and drops the 5000, which was never committed: all three hold 131.\n", int(first));

  cluster.start(second);
  CHECK(cluster.node(second).counter == 0);
  CHECK(cluster.read(second) == 131);
  std::printf("Node %d crashes and starts with its disk alone. A read there waits for the log, and says 131.\n",
              int(second));
}

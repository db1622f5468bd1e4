// Script: a small language for scenarios of a cluster of real cores.
//
// A script's first line is its claim and the scenarios it stands for: `# A claim. [E1] [P3]`. Commands follow, several
// on a line parted by `;`, then `----`, then the outcome: each line of commands, and under it one line for each thing
// that happened. That half is recorded (run the test with SKIFF_RECORD=1) and reviewed like code.
//
//   limit window-entries 4          a bound of raft::Config, before the cluster; heartbeats come every 50ms,
//                                   an election timeout is 500ms
//   cluster 3 / cluster 3 leader 1  nodes 1 to 3; the second form is told from when 1 has won
//   cluster 2 leader 1 spare 3      nodes 3 to 5 are there, too, empty and no members; `lease` at the end: with lease
//                                   reads
//   start 2 term 3 log 1 1 2        before anything else: node 2's disk holds entries of these terms
//   campaign 2                      time goes on until 2's election timeout; no other node sees the time
//   elect 2                         campaign, settle, and 2 must lead
//   pass 700ms                      time goes on for all nodes, and everything arrives at once
//   settle / settle 2               everything under way arrives, every save is finished, and so on until all is quiet;
//                                   the second form stops after two rounds. No time passes
//   change 1 add 4 remove 2         ask 1 for these changes of the members, all at once; also add-learner, promote,
//                                   demote
//   transfer 1 2 / transfer 1       ask 1 to hand leadership over to 2, or to any voter
//   snapshot 1 5 / snapshot 1 5 3   1's store is on disk up to index 5; its log forgets all up to 5, or to 3
//   arrive 3                        the snapshot that 3 was told to fetch is on its disk
//   propose 1 x y / read 2 a        *1000 stands for a command of that many bytes
//   fill 1 5000 / empty 1           1 learns that its disk is full, with space for so many bytes; or not full any more
//   cut 1 / cut 1>2 / heal [1]      messages over a cut are lost
//   hold 1>2 / release 1>2          messages wait
//   hold disk 2 / release disk 2    no save of 2 is finished, but
//   save 2                          the oldest one alone
//   drop / repeat / reverse [1>2]   messages under way are lost, doubled, or reordered
//   crash 2 / restart 2             everything that is not on disk is lost
//   damage 2                        while 2 is down: its disk loses everything, its vote too, and 2 will know that
//   gone 1 / gone 1 2               the others, or 2 alone, learn that 1's process is gone
//   messages on [vote] / off        show every message as it arrives [with this word in it]
//   show / show peers 1             the state of all nodes; what a leader knows of its followers
//
// After every step the Checker looks at the whole cluster; a broken promise fails the script, whatever outcome is
// recorded.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/raft/cluster.h"

namespace skiff::raft_script {

using namespace skiff::raft_cluster;

class Script {
 public:
  struct Outcome {
    std::string told;
    std::string error;  // empty: every command was understood, and no promise broken
  };
  static Outcome run(const std::string& commands);

 private:
  using Words = std::vector<std::string>;
  using Link = std::pair<NodeId, NodeId>;
  using Command = void (Script::*)(const Words&);
  static constexpr int kRoundsWithoutEnd = 1000;

  static const std::map<std::string, Command>& commands();
  void run_line(const std::string& line);
  void run_command(const Words& words);

  void limit(const Words& words);
  void cluster(const Words& words);
  void start(const Words& words);
  void campaign(const Words& words);
  void elect(const Words& words);
  void pass(const Words& words);
  void settle(const Words& words);
  void propose(const Words& words);
  void read(const Words& words);
  void cut(const Words& words);
  void heal(const Words& words);
  void save(const Words& words);
  void hold(const Words& words);
  void release(const Words& words);
  void drop(const Words& words);
  void repeat(const Words& words);
  void reverse(const Words& words);
  void crash(const Words& words);
  void damage(const Words& words);
  void restart(const Words& words);
  void gone(const Words& words);
  void messages(const Words& words);
  void show(const Words& words);
  void change(const Words& words);
  void fill(const Words& words);
  void empty(const Words& words);
  void transfer(const Words& words);
  void snapshot(const Words& words);
  void arrive(const Words& words);

  void campaign(NodeId node);
  void settle_all(int rounds_max = kRoundsWithoutEnd);
  bool deliver_round();
  bool finish_saves();
  void finish_save(NodeId node);
  void deliver(const Message& message);
  void step(NodeId node, const Event& event);
  void apply_effects(NodeId node);
  void tell(NodeId node, const Happened& happened);
  void tell(const std::string& line);
  void show_peers(NodeId leader);
  void fail(const std::string& error);
  std::string word(const Words& words, size_t at);
  NodeId node(const std::string& word);
  uint64_t number(const std::string& word);
  std::vector<Link> links(const Words& words, size_t at);
  bool is_under_way_on(const Message& message, const std::vector<Link>& some) const;

  Outcome outcome_;
  Config limits_;
  std::optional<Cluster> cluster_;
  Time now_;
  std::deque<Message> under_way_;
  std::set<Link> cut_;
  std::set<Link> held_;
  std::set<NodeId> held_disks_;
  std::map<std::pair<NodeId, RequestId>, std::string> reads_;  // by name
  std::map<NodeId, SnapshotMark> fetches_;
  uint64_t admin_requests_ = 0;
  bool tells_ = true;
  std::optional<std::string> tells_messages_;  // with this word in them
};

// One step in words: "becomes leader at t1, takes [t1 i1 no-op]". Empty if it changed nothing to speak of.
std::string in_words(const Happened& happened);
std::string in_words(const Status& status);
std::string in_words(const Log& log);

}  // namespace skiff::raft_script

// Cluster: some real nodes on ports and in directories of their own.
//
// When a test fails, it shows the last log lines of its nodes.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/cluster/nemesis/network.h"
#include "tests/cluster/nemesis/volume.h"
#include "tests/cluster/support/http_client.h"
#include "tests/cluster/support/process.h"

namespace skiff::cluster_test {

// Where the nodes run: all at 127.0.0.1, or each on its host of a network; on the machine's disk, or each on its own.
struct Site {
  Network* network = nullptr;
  int disk_megabytes = 0;
  uint64_t flush_us = 0;  // added to the time of each flush
};

class Cluster {
 public:
  // `flags` go to every node. The nodes are started, and have a leader, when this returns.
  explicit Cluster(int nodes, std::vector<std::string> flags = {}, Site site = {});
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  int size() const { return static_cast<int>(nodes_.size()); }
  // `before` is put in front of the node's command: {"strace", ...}.
  void start(int id, const std::vector<std::string>& before = {});
  // Adds a node that is to join, and returns its id. It is not started yet.
  int add();
  void kill(int id);    // SIGKILL, and waits for it
  void pause(int id);   // SIGSTOP, and waits until it has stopped
  void resume(int id);  // SIGCONT

  Process& process(int id) { return *node(id).process; }
  uint16_t port(int id) { return node(id).port; }
  uint16_t peer_port(int id) { return node(id).peer_port; }
  std::string address(int id) const { return site_.network == nullptr ? "127.0.0.1" : Network::address(id); }
  std::string url(int id, const std::string& path) {
    return "http://" + address(id) + ":" + std::to_string(port(id)) + path;
  }
  std::vector<std::string> command(int id);
  // The directory of that node, which holds its data directory.
  std::string disk(int id) { return directory_.file("disk-" + std::to_string(id)); }
  std::string data_directory(int id) { return disk(id) + "/skiff.data"; }
  // Requires: a site with a disk for each node.
  Volume& volume(int id) { return *volumes_.at(static_cast<size_t>(id - 1)); }
  std::string peer_url(int id) { return "http://" + address(id) + ":" + std::to_string(peer_port(id)); }
  std::string log(int id) { return read_file(log_file(id)); }
  // Waits for that to be in the log: a thread of its own writes it, a little after the event.
  bool says(int id, const std::string& words) {
    return within_ms(10'000, [&] { return log(id).find(words) != std::string::npos; });
  }

  // One request on a connection of its own; a code of 0 means that there was no answer.
  HttpReply ask(int id, std::string_view method, std::string_view path, std::string_view body = "");
  nlohmann::json status(int id);  // an object: empty if there was no answer
  bool is_healthy(int id);
  // Both wait; the test fails if it takes too long.
  void wait_until_healthy(int id);
  int wait_for_leader();  // the one that a majority reports
  // A node other than that one.
  int another(int id) const { return id % size() + 1; }

 private:
  struct Node {
    uint16_t port = 0;
    uint16_t peer_port = 0;
    std::unique_ptr<Process> process;
    bool is_up = false;
  };
  Node& node(int id) { return nodes_.at(static_cast<size_t>(id - 1)); }
  std::string log_file(int id) { return directory_.file("node-" + std::to_string(id) + ".log"); }
  std::optional<int> find_leader();

  TemporaryDirectory directory_;
  const Site site_;
  std::vector<std::unique_ptr<Volume>> volumes_;
  std::vector<std::string> flags_;
  std::vector<Node> nodes_;
  const int initial_members_;
  int exceptions_;
};

// A free port. It is below the kernel's ephemeral ports; otherwise a client could take the port of a node that is down
// for a moment, or a connection could connect to itself.
uint16_t free_port();

}  // namespace skiff::cluster_test

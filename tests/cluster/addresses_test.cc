// Nodes that come back at other addresses, with real processes.

#include <signal.h>

#include <algorithm>
#include <map>
#include <memory>

#include "tests/cluster/support/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

// Starts the nodes of a cluster with changed flags: the nodes in `moved` have the addresses given there.
class Moved {
 public:
  Moved(Cluster& cluster, std::map<int, std::string> moved) : cluster_(cluster), moved_(std::move(moved)) {}

  enum class Says { new_addresses, own_place };
  void start(int id, Says says) {
    std::vector<std::string> command;
    for (std::string word : cluster_.command(id)) {
      for (const auto& [node, address] : moved_) {
        const size_t at = word.find(cluster_.peer_url(node));
        if (at != std::string::npos) word.replace(at, cluster_.peer_url(node).size(), address);
      }
      command.push_back(word);
    }
    if (says == Says::own_place) {
      auto flag = std::find(command.begin(), command.end(), "--cluster");
      *flag = "--peer-listen";
      *(flag + 1) = moved_.at(id);
    }
    processes_[id] = std::make_unique<Process>(command, log_file(id));
  }
  void kill(int id) {
    processes_.at(id)->signal(SIGKILL);
    REQUIRE(processes_.at(id)->wait_ms(10'000) == 128 + SIGKILL);
  }
  std::string log(int id) { return read_file(log_file(id)); }

 private:
  std::string log_file(int id) { return cluster_.disk(id) + "/moved.log"; }

  Cluster& cluster_;
  const std::map<int, std::string> moved_;
  std::map<int, std::unique_ptr<Process>> processes_;
};

std::string some_url() { return "http://127.0.0.1:" + std::to_string(free_port()); }

// Whether `/members` of that node shows these addresses, and no change under way.
bool knows(Cluster& cluster, int at, const std::map<int, std::string>& addresses) {
  const std::string members = cluster.ask(at, "GET", "/members").body;
  for (const auto& [node, address] : addresses) {
    if (members.find("\"" + address + "\"") == std::string::npos) return false;
  }
  return members.find("\"changing\":false") != std::string::npos;
}

void stop_all(Cluster& cluster) {
  for (int id = 1; id <= cluster.size(); ++id) cluster.kill(id);
}

// M17: a member moves to another address
TEST_CASE("a cluster whose nodes all come back at new addresses serves, and its log learns them", "[M17]") {
  Cluster cluster(3);
  REQUIRE(cluster.ask(1, "PUT", "/key", "v").code == 204);
  stop_all(cluster);
  const std::map<int, std::string> addresses = {{1, some_url()}, {2, some_url()}, {3, some_url()}};
  Moved moved(cluster, addresses);
  for (int id : {1, 2, 3}) moved.start(id, Moved::Says::new_addresses);
  for (int id : {1, 2, 3}) {
    INFO(moved.log(id));
    REQUIRE(within_ms(20'000, [&] { return cluster.is_healthy(id); }));
    REQUIRE(cluster.ask(id, "GET", "/key").body == "v");
  }
  for (int id : {1, 2, 3}) {
    INFO(moved.log(id));
    REQUIRE(within_ms(20'000, [&] { return knows(cluster, id, addresses); }));
  }

  // The new addresses are in the log now: --cluster is not needed for the others any more.
  for (auto says : {Moved::Says::own_place, Moved::Says::new_addresses}) {
    for (int id : {1, 2, 3}) moved.kill(id);
    for (int id : {1, 2, 3}) moved.start(id, says);
    for (int id : {1, 2, 3}) {
      INFO(moved.log(id));
      REQUIRE(within_ms(20'000, [&] { return cluster.is_healthy(id); }));
      REQUIRE(cluster.ask(id, "GET", "/key").body == "v");
      REQUIRE(knows(cluster, id, addresses));
    }
  }
}

// M17: a member moves to another address
TEST_CASE("two of three come back at new addresses, and the third is not even restarted", "[M17]") {
  Cluster cluster(3);
  REQUIRE(cluster.ask(1, "PUT", "/key", "v").code == 204);
  for (int id : {2, 3}) cluster.kill(id);
  const std::map<int, std::string> addresses = {{2, some_url()}, {3, some_url()}};
  Moved moved(cluster, addresses);
  for (int id : {2, 3}) moved.start(id, Moved::Says::new_addresses);
  for (int id : {1, 2, 3}) {
    REQUIRE(within_ms(20'000, [&] { return cluster.is_healthy(id); }));
    REQUIRE(cluster.ask(id, "GET", "/key").body == "v");
    REQUIRE(within_ms(20'000, [&] { return knows(cluster, id, addresses); }));
  }
  REQUIRE(cluster.ask(1, "PUT", "/key", "w").code == 204);
}

}  // namespace skiff::cluster_test

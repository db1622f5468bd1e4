// Data directories that do not belong together, with real processes: of an earlier cluster, lost, or used twice.

#include <signal.h>

#include <filesystem>

#include "tests/cluster/support/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

size_t count_of(const std::string& text, const std::string& words) {
  size_t found = 0;
  for (size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++found;
  return found;
}

// Whether each node remembers the data directory ids of all the others.
bool all_know_each_other(Cluster& cluster) {
  const size_t complete = 8 + 4 + 4 + 16 * static_cast<size_t>(cluster.size() - 1) + 4;
  for (int id = 1; id <= cluster.size(); ++id) {
    if (read_file(cluster.data_directory(id) + "/peers").size() != complete) return false;
  }
  return true;
}

void wipe(Cluster& cluster, int id) {
  cluster.kill(id);
  std::filesystem::remove_all(cluster.data_directory(id));
}

// D10: a node comes back under its old id without its data
TEST_CASE("a stale node does not stop a majority that was started anew", "[D10]") {
  Cluster cluster(3);
  REQUIRE(cluster.ask(1, "PUT", "/old", "first founding").code == 204);
  REQUIRE(within_ms(20'000, [&] { return all_know_each_other(cluster); }));
  REQUIRE(within_ms(20'000, [&] { return cluster.ask(3, "GET", "/old").code == 200; }));
  cluster.kill(3);
  for (int id : {1, 2}) wipe(cluster, id);
  for (int id : {1, 2}) cluster.start(id);
  for (int id : {1, 2}) cluster.wait_until_healthy(id);
  REQUIRE(cluster.ask(1, "PUT", "/new", "second founding").code == 204);

  // The old node logs the conflict and the advice; the others continue.
  cluster.start(3);
  const std::string odd = "a majority of the 3 members", disputed = "remembered node";
  REQUIRE(within_ms(20'000, [&] {
    return cluster.log(3).find(odd) != std::string::npos && cluster.log(1).find(disputed) != std::string::npos &&
           cluster.log(2).find(disputed) != std::string::npos;
  }));
  int writes = 0;
  for (const long end = now_ms() + 3'000; now_ms() < end; ++writes) {
    REQUIRE(cluster.ask(1 + writes % 2, "PUT", "/new-" + std::to_string(writes), "v").code == 204);
  }
  for (int id : {1, 2}) {
    REQUIRE(count_of(cluster.log(id), disputed) == 1);
    REQUIRE(cluster.says(id, "Look at node 3 at " + cluster.peer_url(3)));
    REQUIRE_THAT(cluster.ask(id, "GET", "/members").body, Catch::Contains("\"conflict\":\"node 3 remembered"));
  }
  REQUIRE(cluster.says(3, "skiff recover --data-dir " + cluster.data_directory(3) + " --id 3"));
  REQUIRE(count_of(cluster.log(3), odd) == 1);
  const HttpReply health = cluster.ask(3, "GET", "/health");
  REQUIRE(health.code == 503);
  REQUIRE_THAT(health.body, Catch::Contains("other data directories"));
  REQUIRE(cluster.ask(3, "PUT", "/from-old", "x").code == 503);
  REQUIRE(cluster.ask(3, "GET", "/new?consistency=stale").code == 404);

  // The old node is not admitted either while one of the others is away for a moment.
  cluster.kill(1);
  REQUIRE(cluster.ask(2, "PUT", "/alone", "x").code != 204);
  cluster.start(1);
  for (int id : {1, 2}) {
    cluster.wait_until_healthy(id);
    REQUIRE(cluster.ask(id, "GET", "/new").body == "second founding");
    REQUIRE(cluster.ask(id, "GET", "/new-" + std::to_string(writes - 1)).body == "v");
    REQUIRE(cluster.ask(id, "GET", "/old").code == 404);
  }

  // The operator follows the advice of the log.
  cluster.kill(3);
  std::filesystem::rename(cluster.data_directory(3), cluster.data_directory(3) + ".old");
  cluster.start(3);
  cluster.wait_until_healthy(3);
  REQUIRE(cluster.ask(3, "GET", "/new").body == "second founding");
  REQUIRE(cluster.ask(3, "GET", "/old").code == 404);
}

// D10: a node comes back under its old id without its data
TEST_CASE("a node without its data stops also if only one of the others runs", "[D10]") {
  Cluster cluster(3);
  REQUIRE(cluster.ask(1, "PUT", "/key", "v").code == 204);
  REQUIRE(within_ms(20'000, [&] { return all_know_each_other(cluster); }));
  wipe(cluster, 2);
  cluster.kill(3);
  cluster.start(2);
  REQUIRE(cluster.process(2).wait_ms(20'000) == 1);
  REQUIRE_THAT(cluster.log(2), Catch::Contains("DELETE /members/2") && Catch::Contains("with a new id"));
  cluster.start(3);
  cluster.wait_until_healthy(3);
  REQUIRE(cluster.ask(3, "GET", "/key").body == "v");
}

// The node's command, with another data directory and other ports.
struct Copy {
  std::string data, peer_url;
  uint16_t port = free_port();
  std::vector<std::string> command;

  Copy(Cluster& cluster, int id)
      : data(cluster.disk(id) + "/copy.data"), peer_url("http://127.0.0.1:" + std::to_string(free_port())) {
    REQUIRE(run({"cp", "-r", cluster.data_directory(id), data}).status == 0);
    for (std::string word : cluster.command(id)) {
      const size_t own = word.find(cluster.peer_url(id));
      if (own != std::string::npos) word.replace(own, cluster.peer_url(id).size(), peer_url);
      if (word == std::to_string(cluster.port(id))) word = std::to_string(port);
      if (word == cluster.data_directory(id)) word = data;
      command.push_back(word);
    }
  }
};

// D10: a node comes back under its old id without its data
TEST_CASE("a copy of a data directory at another address is refused, and all members log it", "[D10]") {
  Cluster cluster(3);
  REQUIRE(within_ms(20'000, [&] { return all_know_each_other(cluster); }));
  REQUIRE(cluster.ask(3, "PUT", "/before", "v").code == 204);
  const bool is_running = GENERATE(true, false);
  if (!is_running) cluster.kill(3);
  const Copy copy(cluster, 3);
  if (!is_running) cluster.start(3);
  cluster.wait_until_healthy(3);
  REQUIRE(within_ms(20'000, [&] {
    auto peers = cluster.status(1).value("peers", nlohmann::json::array());
    return peers.size() == 2 && peers[0]["connected"] == true && peers[1]["connected"] == true;
  }));

  const std::string log = cluster.disk(3) + "/copy.log";
  Process second(copy.command, log);
  const std::string twice = "node 3 runs twice with one data directory";
  int writes = 0, taken_by_the_copy = 0;
  REQUIRE(within_ms(30'000, [&] {
    if (const auto reply = HttpClient("127.0.0.1", copy.port).ask("PUT", "/lost", "x")) {
      taken_by_the_copy += reply->code == 204;
    }
    REQUIRE(cluster.ask(3, "PUT", "/through-3-" + std::to_string(writes++), "v").code == 204);
    return !second.is_running();
  }));
  REQUIRE(second.wait_ms(0) == 1);
  REQUIRE(taken_by_the_copy == 0);
  for (int id : {1, 2}) {
    INFO("node " << id);
    for (const std::string& words : {std::string(twice), cluster.peer_url(3), copy.peer_url}) {
      REQUIRE(cluster.says(id, words));
    }
    REQUIRE(count_of(cluster.log(id), twice) <= 2);
  }
  REQUIRE(cluster.says(3, twice));
  REQUIRE(count_of(cluster.log(3), twice) == 1);
  const std::string said = read_file(log);
  INFO(said);
  REQUIRE_THAT(said, Catch::Contains("node 3 runs already, at " + cluster.peer_url(3)));
  REQUIRE(count_of(said, "\n") < 16);
  for (int id : {1, 2, 3}) {
    REQUIRE(cluster.ask(id, "GET", "/through-3-" + std::to_string(writes - 1)).body == "v");
    REQUIRE(cluster.ask(id, "GET", "/lost").code == 404);
  }

  // The original is admitted again at once, as after any restart.
  cluster.kill(3);
  cluster.start(3);
  cluster.wait_until_healthy(3);
}

}  // namespace skiff::cluster_test

// The process: how it starts, how it refuses to start, and how it stops.

#include <signal.h>

#include <filesystem>

#include "tests/cluster/support/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

// Starts node 1 once more, which must fail. Returns its output.
Done start_in_vain(Cluster& cluster, const std::vector<std::string>& more = {}) {
  std::vector<std::string> command = cluster.command(1);
  command.insert(command.end(), more.begin(), more.end());
  return run(command);
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("asked to stop, a node ends with status 0 and comes back with what it had") {
  Cluster cluster(1);
  for (int number : {SIGTERM, SIGINT}) {
    const std::string value = std::to_string(number);
    REQUIRE(cluster.ask(1, "PUT", "/key", value).code == 204);
    HttpClient idle(cluster.port(1));
    REQUIRE(idle.ask("GET", "/key")->body == value);
    cluster.process(1).signal(number);
    REQUIRE(cluster.process(1).wait_ms(20'000) == 0);
    REQUIRE(idle.is_closed_within_ms(1'000));
    cluster.start(1);
    cluster.wait_until_healthy(1);
    REQUIRE(cluster.ask(1, "GET", "/key").body == value);
  }
}

TEST_CASE("asked to stop, any node of three ends with status 0 and the others continue") {
  Cluster cluster(3);
  const int leader = cluster.wait_for_leader();
  for (int id : {leader, cluster.another(leader)}) {
    cluster.process(id).signal(SIGTERM);
    REQUIRE(cluster.process(id).wait_ms(20'000) == 0);
    REQUIRE(within_ms(20'000, [&] { return cluster.ask(cluster.another(id), "PUT", "/key", "value").code == 204; }));
    cluster.start(id);
    cluster.wait_until_healthy(id);
    REQUIRE(cluster.ask(id, "GET", "/key").body == "value");
  }
}

TEST_CASE("a request under way is answered before the node stops") {
  Cluster cluster(3, {"--request-timeout", "2s"});
  const int leader = cluster.wait_for_leader();
  for (int id = 1; id <= 3; ++id) {
    if (id != leader) cluster.pause(id);
  }
  HttpClient client(cluster.port(leader));
  REQUIRE(client.send("PUT", "/under-way", "value"));
  REQUIRE(within_ms(5'000, [&] { return cluster.status(leader).at("clients").at("waiting_writes") == 1; }));
  cluster.process(leader).signal(SIGTERM);
  std::optional<HttpReply> reply = client.receive();
  REQUIRE(reply.has_value());
  REQUIRE(reply->code == 504);  // it is in the leader's log, and may take effect
  REQUIRE(cluster.process(leader).wait_ms(20'000) == 0);
}

TEST_CASE("two processes do not share a data directory") {
  Cluster cluster(1);
  Done second =
      start_in_vain(cluster, {"--listen", "127.0.0.2", "--peer-listen", "127.0.0.2:" + std::to_string(free_port())});
  INFO(second.output);
  REQUIRE(second.status == 1);
  REQUIRE(contains(second.output, cluster.data_directory(1)));
  REQUIRE(cluster.is_healthy(1));
}

TEST_CASE("a port that is taken is named") {
  Cluster cluster(1), other(1);
  std::vector<std::string> command = cluster.command(1);
  cluster.process(1).signal(SIGTERM);
  REQUIRE(cluster.process(1).wait_ms(20'000) == 0);
  for (std::string& word : command) {
    if (word == std::to_string(cluster.port(1))) word = std::to_string(other.port(1));
  }
  Done refused = run(command);
  INFO(refused.output);
  REQUIRE(refused.status == 1);
  REQUIRE(contains(refused.output, std::to_string(other.port(1))));
}

TEST_CASE("flags that make no sense end with status 2 and name the flag") {
  const std::vector<std::vector<std::string>> wrong = {
      {"--prot", "1"}, {"--port", "70000"}, {"--id", "2"}, {"--join"}, {"--config", "/nowhere"}};
  for (const std::vector<std::string>& flags : wrong) {
    std::vector<std::string> command = {SKIFF_BINARY};
    command.insert(command.end(), flags.begin(), flags.end());
    Done done = run(command);
    INFO(flags[0] << ": " << done.output);
    REQUIRE(done.status == 2);
    REQUIRE(contains(done.output, flags.back() == "/nowhere" ? "/nowhere" : flags[0]));
  }
}

TEST_CASE("help and version are printed and end with status 0") {
  Done help = run({SKIFF_BINARY, "--help"});
  REQUIRE(help.status == 0);
  REQUIRE(contains(help.output, "--election-timeout DURATION"));
  Done version = run({SKIFF_BINARY, "--version"});
  REQUIRE(version.status == 0);
  REQUIRE(contains(version.output, "skiff"));
}

TEST_CASE("a node does not start on a log that was damaged in the middle") {
  Cluster cluster(1);
  for (int number = 0; number < 20; ++number) {
    REQUIRE(cluster.ask(1, "PUT", "/key", "needle-" + std::to_string(number) + ".").code == 204);
  }
  cluster.process(1).signal(SIGTERM);
  REQUIRE(cluster.process(1).wait_ms(20'000) == 0);
  std::string damaged;
  for (const auto& entry : std::filesystem::directory_iterator(cluster.data_directory(1))) {
    std::string bytes = read_file(entry.path());
    size_t place = bytes.find("needle-7.");
    if (place == std::string::npos) continue;
    bytes[place] = static_cast<char>(bytes[place] ^ 1);
    write_file(entry.path(), bytes);
    damaged = entry.path().filename();
  }
  REQUIRE(damaged != "");
  for (int times = 0; times < 2; ++times) {  // trying again does not help
    Done refused = start_in_vain(cluster);
    INFO(refused.output);
    REQUIRE(refused.status == 1);
    REQUIRE(contains(refused.output, damaged));
  }
}

TEST_CASE("the data directory of another node is refused") {
  Cluster cluster(3);
  for (int id = 1; id <= 2; ++id) {
    cluster.process(id).signal(SIGTERM);
    REQUIRE(cluster.process(id).wait_ms(20'000) == 0);
  }
  std::vector<std::string> command = cluster.command(2);
  for (std::string& word : command) {
    if (word == cluster.data_directory(2)) word = cluster.data_directory(1);
  }
  Done refused = run(command);
  INFO(refused.output);
  REQUIRE(refused.status == 1);
  REQUIRE(contains(refused.output, cluster.data_directory(1)));
}

}  // namespace skiff::cluster_test

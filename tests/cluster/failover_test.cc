// Nodes are killed, all at once or one after the other, and paused. No acknowledged write may be lost, and no refused
// one may take effect.

#include <signal.h>

#include <iostream>

#include "tests/cluster/support/cluster.h"
#include "tests/cluster/support/load.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

std::vector<uint16_t> ports_of(Cluster& cluster) {
  std::vector<uint16_t> ports;
  for (int id = 1; id <= cluster.size(); ++id) ports.push_back(cluster.port(id));
  return ports;
}

// Waits until the load has made progress.
void wait_for_progress(const Load& load, size_t writes = 20) {
  const size_t before = load.acknowledged();
  REQUIRE(within_ms(20'000, [&] { return load.acknowledged() >= before + writes; }));
}

// A1: processes are killed at any moment under load
TEST_CASE("killing the leader twenty times under load loses nothing, and the next write succeeds by itself", "[A1]") {
  Cluster cluster(3);
  Load load("failover", ports_of(cluster), 4);
  for (int round = 0; round < 20; ++round) {
    INFO("round " << round);
    wait_for_progress(load);
    const int leader = cluster.wait_for_leader();
    cluster.kill(leader);
    REQUIRE(cluster.ask(cluster.another(leader), "PUT", "/next", std::to_string(round)).code == 204);
    REQUIRE(cluster.ask(cluster.another(cluster.another(leader)), "GET", "/next").body == std::to_string(round));
    cluster.start(leader);
    cluster.wait_until_healthy(leader);
  }
  wait_for_progress(load);
  load.stop();
  REQUIRE(load.broken_promises(ports_of(cluster)) == "");
}

// A1: processes are killed at any moment under load
TEST_CASE("killing all nodes at once under load loses nothing", "[A1]") {
  Cluster cluster(3);
  for (int round = 0; round < 3; ++round) {
    Load load("all-" + std::to_string(round), ports_of(cluster), 6);
    wait_for_progress(load, 200);
    for (int id = 1; id <= 3; ++id) cluster.process(id).signal(SIGKILL);
    for (int id = 1; id <= 3; ++id) cluster.kill(id);
    load.stop();
    for (int id = 1; id <= 3; ++id) cluster.start(id);
    for (int id = 1; id <= 3; ++id) cluster.wait_until_healthy(id);
    REQUIRE(load.broken_promises(ports_of(cluster)) == "");
  }
}

// A9: all nodes are restarted, one after the other, under load
// T15: a leader that is asked to stop hands over first
// bug-36: a node that has just been restarted serves old values
TEST_CASE("nodes are restarted one after the other under load, and nothing is lost", "[A9][T15][bug-36]") {
  Cluster cluster(3);
  Load load("rolling", ports_of(cluster), 4);
  for (int round = 0; round < 2; ++round) {
    for (int id = 1; id <= 3; ++id) {
      INFO("round " << round << ", node " << id);
      wait_for_progress(load);
      const bool led = cluster.wait_for_leader() == id;
      const std::string mark = std::to_string(round * 3 + id);
      REQUIRE(cluster.ask(cluster.another(id), "PUT", "/mark", mark).code == 204);
      cluster.process(id).signal(SIGTERM);
      REQUIRE(cluster.process(id).wait_ms(20'000) == 0);
      if (led) REQUIRE(cluster.says(id, "hands leadership over: done"));
      REQUIRE(cluster.ask(cluster.another(id), "GET", "/mark").body == mark);
      cluster.start(id);
      cluster.wait_until_healthy(id);
      REQUIRE(cluster.ask(id, "GET", "/mark").body == mark);
    }
  }
  load.stop();
  std::cout << "each of three nodes restarted twice: " << load.acknowledged() << " writes acknowledged, longest pause "
            << load.counts().longest_pause_ms << " ms" << std::endl;
  REQUIRE(load.broken_promises(ports_of(cluster)) == "");
}

// A10: a node's own status needs no leader
TEST_CASE("one of three confirms nothing, and with a second the cluster serves again", "[A10]") {
  Cluster cluster(3, {"--request-timeout", "400ms"});
  REQUIRE(cluster.ask(1, "PUT", "/key", "before").code == 204);
  const int leader = cluster.wait_for_leader();
  // Once the node that is left is the leader, once it is a follower.
  for (int left : {leader, cluster.another(leader)}) {
    INFO("node " << left << " is left, node " << leader << " led");
    REQUIRE(within_ms(10'000, [&] { return cluster.ask(left, "GET", "/key?consistency=stale").body == "before"; }));
    const int second = cluster.another(left), third = cluster.another(second);
    cluster.kill(second);
    cluster.kill(third);
    for (int times = 0; times < 5; ++times) {
      const int code = cluster.ask(left, "PUT", "/lost-" + std::to_string(times), "x").code;
      REQUIRE((code == 503 || code == 504));
      HttpReply read = cluster.ask(left, "GET", "/key");
      REQUIRE(read.code == 503);
      REQUIRE((read.headers.find("Retry-After") != std::string::npos));
    }
    REQUIRE(cluster.ask(left, "GET", "/key?consistency=stale").body == "before");
    REQUIRE(cluster.ask(left, "GET", "/health").code == 503);
    for (const char* path : {"/status", "/members", "/version"}) REQUIRE(cluster.ask(left, "GET", path).code == 200);
    cluster.start(second);
    cluster.wait_until_healthy(left);
    cluster.wait_until_healthy(second);
    REQUIRE(cluster.ask(left, "GET", "/key").body == "before");
    REQUIRE(within_ms(10'000, [&] { return cluster.ask(left, "PUT", "/key", "before").code == 204; }));
    cluster.start(third);
    cluster.wait_until_healthy(third);
  }
}

// A2: processes are paused, and continue
// bug-4: a process continues after a pause, and trusts the leadership that it remembers
TEST_CASE("a leader that continues after a pause never serves old values", "[A2][bug-4]") {
  Cluster cluster(3, {"--heartbeat", "30ms", "--election-timeout", "150ms"});
  for (int round = 0; round < 15; ++round) {
    INFO("round " << round);
    const std::string value = std::to_string(round);
    const int leader = cluster.wait_for_leader();
    HttpClient early(cluster.port(leader)), late(cluster.port(leader));
    REQUIRE(early.ask("GET", "/key").has_value());
    REQUIRE(late.ask("GET", "/key").has_value());
    cluster.pause(leader);
    REQUIRE(within_ms(20'000, [&] { return cluster.ask(cluster.another(leader), "PUT", "/key", value).code == 204; }));
    // One request arrives while the leader is paused, others right after it continues.
    REQUIRE(early.send("GET", "/key"));
    cluster.resume(leader);
    for (int times = 0; times < 5; ++times) {
      std::optional<HttpReply> reply = late.ask("GET", "/key");
      REQUIRE(reply.has_value());
      REQUIRE((reply->code == 503 || reply->body == value));
    }
    std::optional<HttpReply> reply = early.receive();
    REQUIRE(reply.has_value());
    REQUIRE((reply->code == 503 || reply->body == value));
    cluster.wait_until_healthy(leader);
    REQUIRE(cluster.ask(leader, "GET", "/key").body == value);
  }
}

// A2: processes are paused, and continue
TEST_CASE("a paused follower delays no client, and has caught up once it answers", "[A2]") {
  Cluster cluster(3);
  const int leader = cluster.wait_for_leader(), follower = cluster.another(leader);
  cluster.pause(follower);
  Load load("asleep", {cluster.port(leader)}, 4);
  wait_for_progress(load, 500);
  load.stop();
  cluster.resume(follower);
  cluster.wait_until_healthy(follower);
  REQUIRE(load.broken_promises({cluster.port(follower)}) == "");
}

}  // namespace skiff::cluster_test

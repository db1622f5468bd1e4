// Real processes, each on a host of its own, under a nemesis, and the histories of HTTP clients. `make cluster-test`
//
// SKIFF_TEST_SECONDS is the length of a day, SKIFF_TEST_SEED its seed.
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

#include "tests/cluster/nemesis/nemesis.h"
#include "tests/cluster/nemesis/network.h"
#include "tests/cluster/support/cluster.h"
#include "tests/cluster/support/recorder.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {
namespace {

constexpr int kDiskMegabytes = 200;

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::vector<Recorder::Endpoint> endpoints_of(Cluster& cluster) {
  std::vector<Recorder::Endpoint> endpoints;
  for (int id = 1; id <= cluster.size(); ++id) endpoints.push_back({cluster.address(id), cluster.port(id)});
  return endpoints;
}

// Whether all nodes have applied the same entries and hold the same state.
bool agree(Cluster& cluster) {
  std::vector<nlohmann::json> stores;
  for (int id = 1; id <= cluster.size(); ++id) stores.push_back(cluster.status(id).value("store", nlohmann::json()));
  return std::all_of(stores.begin(), stores.end(), [&](const nlohmann::json& store) {
    return store.is_object() && store["applied"] == stores[0]["applied"] && store["digest"] == stores[0]["digest"];
  });
}

// "snapshots 7, of which fetched 1"
std::string snapshots_of(Cluster& cluster) {
  uint64_t made = 0, fetched = 0;
  for (int id = 1; id <= cluster.size(); ++id) {
    const nlohmann::json snapshot = cluster.status(id)["snapshot"];
    made += snapshot["made"].get<uint64_t>();
    fetched += snapshot["fetched"].get<uint64_t>();
  }
  return "since their last starts the nodes have made " + std::to_string(made) + " snapshots and fetched " +
         std::to_string(fetched);
}

void live_through_a_day(int nodes) {
  const uint64_t seed = setting("SKIFF_TEST_SEED", std::random_device{}());
  const uint64_t seconds = setting("SKIFF_TEST_SECONDS", 60);
  const uint64_t flush_us = seed % 2 * 3'000;  // on days with odd seeds; otherwise these disks, in memory, take no time
  std::cout << nodes << " nodes, seed " << seed << (flush_us > 0 ? ", slow disks" : "") << std::endl;
  Network network(nodes, seed);
  Cluster cluster(nodes, {"--snapshot-log-bytes", "256KiB"},
                  {.network = &network, .disk_megabytes = kDiskMegabytes, .flush_us = flush_us});
  Nemesis nemesis(cluster, network, seed);
  Recorder clients(endpoints_of(cluster), 6, seed);
  for (const long end = now_ms() + static_cast<long>(seconds) * 1'000; now_ms() < end;) {
    nemesis.inject_fault();
    nemesis.heal();
    const size_t before = clients.acknowledged();
    INFO("all faults are undone, and yet no write is answered");
    REQUIRE(within_ms(20'000, [&] { return clients.acknowledged() >= before + 20; }));
  }
  for (int id = 1; id <= nodes; ++id) cluster.wait_until_healthy(id);
  clients.stop();
  REQUIRE(clients.read_all());
  REQUIRE(within_ms(20'000, [&] { return agree(cluster); }));
  REQUIRE(clients.explain_failure() == "");
  const Recorder::Counts did = clients.counts();
  const Network::Counts passed = network.counts();
  std::cout << nodes << " nodes: " << did.done << " requests answered, " << did.refused << " refused, " << did.unknown
            << " unknown; longest pause between two writes " << did.longest_pause_ms << " ms; " << passed.delivered
            << " packets delivered, " << passed.cut << " cut off, " << passed.lost << " lost, " << passed.repeated
            << " repeated, " << passed.delayed << " late; " << nemesis.counts() << "; " << snapshots_of(cluster)
            << std::endl;
}

struct Outages {
  std::vector<long> lasted_us;

  std::string text() {
    std::sort(lasted_us.begin(), lasted_us.end());
    auto ms = [&](size_t place) { return std::to_string(static_cast<double>(lasted_us[place]) / 1000).substr(0, 6); };
    return "median of " + std::to_string(lasted_us.size()) + ": " + ms(lasted_us.size() / 2) + " ms, least " + ms(0) +
           ", most " + ms(lasted_us.size() - 1);
  }
};

long now_us() {
  auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since_boot).count();
}

// The time until a write at this node is answered.
long time_until_written(Cluster& cluster, int node, const std::string& value) {
  const long began = now_us();
  REQUIRE(within_ms(20'000, [&] { return cluster.ask(node, "PUT", "/next", value).code == 204; }));
  return now_us() - began;
}

}  // namespace

// A1: processes are killed at any moment under load
// A2: processes are paused, and continue
TEST_CASE("three real nodes under a nemesis: the clients' history is linearizable", "[A1][A2]") {
  live_through_a_day(3);
}

// A1: processes are killed at any moment under load
// A2: processes are paused, and continue
TEST_CASE("five real nodes under a nemesis: the clients' history is linearizable", "[A1][A2]") {
  live_through_a_day(5);
}

TEST_CASE("after a leader is killed, the next write waits only for the next leader") {
  Network network(3, 1);
  Cluster cluster(3, {}, {.network = &network});
  Outages outages;
  for (int round = 0; round < 20; ++round) {
    const int leader = cluster.wait_for_leader();
    cluster.process(leader).signal(SIGKILL);
    outages.lasted_us.push_back(time_until_written(cluster, cluster.another(leader), std::to_string(round)));
    cluster.kill(leader);
    cluster.start(leader);
    cluster.wait_until_healthy(leader);
  }
  std::cout << "a killed leader, until the next write: " << outages.text() << std::endl;
}

TEST_CASE("after a leader is cut off, the next write waits only for the next leader") {
  Network network(3, 1);
  Cluster cluster(3, {}, {.network = &network});
  Outages outages;
  for (int round = 0; round < 20; ++round) {
    const int leader = cluster.wait_for_leader();
    network.isolate(leader);
    outages.lasted_us.push_back(time_until_written(cluster, cluster.another(leader), std::to_string(round)));
    network.heal();
    cluster.wait_until_healthy(leader);
  }
  std::cout << "a leader cut off, until the next write: " << outages.text() << ", with elections after 500 to 1000 ms"
            << std::endl;
}

}  // namespace skiff::cluster_test

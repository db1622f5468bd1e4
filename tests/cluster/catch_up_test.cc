// A node that was away for so long that the entries it lacks are compacted, and that is killed while it fetches the
// snapshot.

#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "tests/cluster/support/cluster.h"
#include "tests/cluster/support/load.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

// 0 if there is no such file.
uint64_t bytes_of(const std::string& path) {
  std::error_code missing;
  const uint64_t bytes = std::filesystem::file_size(path, missing);
  return missing ? 0 : bytes;
}

uint64_t bytes_of_newest_snapshot(const std::string& directory) {
  std::string newest;
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    const std::string name = file.path().filename();
    if (name.starts_with("snapshot-")) newest = std::max(newest, name);
  }
  return newest.empty() ? 0 : bytes_of(directory + "/" + newest);
}

// Writes a few keys again and again: snapshots also hold the newest 32 MiB of history, and are sent at 64 MiB a second.
void write_until_the_snapshot_has(Cluster& cluster, int at, uint64_t bytes) {
  HttpClient client(cluster.port(at));
  for (int number = 0; bytes_of_newest_snapshot(cluster.data_directory(at)) < bytes; ++number) {
    REQUIRE(number < 1'000);
    const std::string value(1'000'000, static_cast<char>('a' + number % 26));
    REQUIRE(client.ask("PUT", "/big-" + std::to_string(number % 40), value)->code == 204);
  }
}

uint64_t log_first(Cluster& cluster, int id) { return cluster.status(id).at("log").at("first").get<uint64_t>(); }

struct Fetched {
  uint64_t bytes = 0;
  uint64_t resumed = 0;
};

// Kills the node once it has fetched so many bytes. Returns how many bytes it had then.
Fetched kill_in_the_middle(Cluster& cluster, int id, uint64_t bytes) {
  const std::string path = cluster.data_directory(id) + "/snapshot.new";
  REQUIRE(within_ms(20'000, [&] { return bytes_of(path) >= bytes; }));
  Fetched fetched{.resumed = cluster.status(id).at("snapshot").at("resumed").get<uint64_t>()};
  cluster.pause(id);
  fetched.bytes = bytes_of(path);
  cluster.kill(id);
  return fetched;
}

bool hold_the_same(Cluster& cluster, const std::vector<int>& ids) {
  const nlohmann::json first = cluster.status(ids.front()).value("store", nlohmann::json());
  for (int id : ids) {
    const nlohmann::json store = cluster.status(id).value("store", nlohmann::json());
    if (!store.is_object() || store["applied"] != first["applied"] || store["digest"] != first["digest"]) return false;
  }
  return true;
}

// S9: either side dies while a snapshot is on its way
TEST_CASE("a node that is killed three times while it fetches a snapshot continues where it was", "[S9]") {
  Cluster cluster(3, {"--snapshot-log-bytes", "1MiB"});
  const int leader = cluster.wait_for_leader();
  const int away = cluster.another(leader);
  const int other = cluster.another(away) == leader ? cluster.another(leader) : cluster.another(away);
  const uint64_t last = cluster.status(away).at("log").at("last").get<uint64_t>();
  cluster.kill(away);
  write_until_the_snapshot_has(cluster, leader, 60'000'000);
  REQUIRE(log_first(cluster, leader) > last + 1);

  // When the node is killed with a sixth, a third and half of the snapshot, while clients write.
  Load load("meanwhile", {cluster.port(leader), cluster.port(other)}, 2);
  uint64_t starts = 0;
  for (uint64_t bytes : {10'000'000, 20'000'000, 30'000'000}) {
    cluster.start(away);
    const Fetched fetched = kill_in_the_middle(cluster, away, bytes);
    INFO("at " << bytes << " bytes, there are " << fetched.bytes);
    REQUIRE(fetched.bytes >= bytes);
    REQUIRE(fetched.bytes < 60'000'000);
    REQUIRE(fetched.resumed == (starts++ == 0 ? 0 : 1));
  }

  // Then it completes the fetch that it had begun, and soon has the same state as the others.
  cluster.start(away);
  cluster.wait_until_healthy(away);
  const nlohmann::json snapshot = cluster.status(away).at("snapshot");
  REQUIRE(snapshot.at("resumed") == 1);
  REQUIRE(snapshot.at("fetched") >= 1);
  load.stop();
  REQUIRE(load.counts().failed == 0);
  REQUIRE(within_ms(20'000, [&] { return hold_the_same(cluster, {leader, away, other}); }));
  REQUIRE(load.broken_promises({cluster.port(away)}) == "");
}

}  // namespace skiff::cluster_test

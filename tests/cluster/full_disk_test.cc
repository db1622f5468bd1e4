// Full disks: real nodes, each on a small disk of its own that is really filled. `make cluster-test`
#include <string>
#include <vector>

#include "tests/cluster/nemesis/network.h"
#include "tests/cluster/support/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {
namespace {

constexpr int kSmallDiskMegabytes = 96;
constexpr size_t kValueBytes = 256 * 1024;

bool is_full(Cluster& cluster, int node) {
  return cluster.status(node).value(nlohmann::json::json_pointer("/disk/full"), false);
}

bool takes_writes(Cluster& cluster, int node) { return cluster.status(node).value("takes_writes", true); }

uint64_t incarnation(Cluster& cluster, int node) { return cluster.status(node).value("incarnation", uint64_t{0}); }

// A node notices when the log continues in its spare segment, and there is no room for another spare.
int write_until_full(Cluster& cluster, int writer, int node) {
  int writes = 0;
  while (!is_full(cluster, node)) {
    REQUIRE(writes < 100);
    REQUIRE(cluster.ask(writer, "PUT", "/" + std::to_string(writes), std::string(kValueBytes, 'x')).code == 204);
    ++writes;
  }
  return writes;
}

bool have_the_same(Cluster& cluster) {
  const nlohmann::json first = cluster.status(1).value("store", nlohmann::json());
  for (int id = 2; id <= cluster.size(); ++id) {
    const nlohmann::json store = cluster.status(id).value("store", nlohmann::json());
    if (!store.is_object() || store["digest"] != first["digest"] || store["applied"] != first["applied"]) return false;
  }
  return first.is_object();
}

}  // namespace

// W5: the disk is full, in any operation
TEST_CASE("a leader whose disk is full hands over, continues to serve reads, and recovers by itself", "[W5]") {
  Network network(3, 1);
  Cluster cluster(3, {}, {.network = &network, .disk_megabytes = kSmallDiskMegabytes});
  const int full = cluster.wait_for_leader();
  const int other = cluster.another(full);
  cluster.volume(full).fill();
  const int writes = write_until_full(cluster, other, full);
  REQUIRE(within_ms(20'000, [&] { return cluster.status(full).value("leader", full) != full; }));

  // Writes continue, also at the full node, and it applies them as long as its log has room.
  REQUIRE(cluster.ask(full, "PUT", "/after", "by the others").code == 204);
  REQUIRE(cluster.ask(full, "GET", "/after").body == "by the others");
  REQUIRE(cluster.ask(full, "GET", "/" + std::to_string(writes - 1)).body.size() == kValueBytes);
  REQUIRE(cluster.is_healthy(full));

  // Then it falls behind. It keeps running, and the others are not affected.
  for (int number = 0; number < 60; ++number) {
    REQUIRE(cluster.ask(other, "PUT", "/more-" + std::to_string(number), std::string(kValueBytes, 'y')).code == 204);
  }
  REQUIRE(is_full(cluster, full));
  REQUIRE_FALSE(have_the_same(cluster));
  REQUIRE(cluster.ask(full, "PUT", "/refused", "never").code == 503);

  cluster.volume(full).clear();
  REQUIRE(within_ms(20'000, [&] { return !is_full(cluster, full) && have_the_same(cluster); }));
  REQUIRE(cluster.ask(full, "GET", "/more-59").body.size() == kValueBytes);
  REQUIRE(cluster.ask(full, "GET", "/refused").code == 404);
  REQUIRE(incarnation(cluster, full) == 1);
  REQUIRE(cluster.says(full, "the disk is full"));
  REQUIRE(cluster.says(full, "the disk has room again"));
}

// W5: the disk is full, in any operation
TEST_CASE("if all disks are full, writes are refused and never done, reads work, and the cluster recovers by itself",
          "[W5]") {
  Network network(3, 1);
  Cluster cluster(3, {}, {.network = &network, .disk_megabytes = kSmallDiskMegabytes});
  cluster.wait_for_leader();
  REQUIRE(cluster.ask(1, "PUT", "/before", "kept").code == 204);
  for (int id = 1; id <= 3; ++id) cluster.volume(id).fill();
  const std::string value(kValueBytes, 'x');
  for (int number = 0; takes_writes(cluster, 1) || takes_writes(cluster, 2) || takes_writes(cluster, 3); ++number) {
    REQUIRE(number < 200);
    const int code = cluster.ask(number % 3 + 1, "PUT", "/" + std::to_string(number), value).code;
    REQUIRE((code == 204 || code == 503 || code == 504));
  }

  for (int id = 1; id <= 3; ++id) {
    const HttpReply refused = cluster.ask(id, "PUT", "/refused-" + std::to_string(id), "never");
    REQUIRE(refused.code == 503);
    REQUIRE_THAT(refused.body, Catch::Contains("nothing was done: the disk is full"));
    REQUIRE(cluster.ask(id, "GET", "/before").body == "kept");
    REQUIRE(cluster.is_healthy(id));
  }

  for (int id = 1; id <= 3; ++id) cluster.volume(id).clear();
  REQUIRE(within_ms(20'000, [&] { return cluster.ask(1, "PUT", "/after", "done").code == 204; }));
  REQUIRE(within_ms(20'000, [&] { return have_the_same(cluster); }));
  for (int id = 1; id <= 3; ++id) {
    REQUIRE(cluster.ask(id, "GET", "/after").body == "done");
    REQUIRE(cluster.ask(id, "GET", "/refused-" + std::to_string(id)).code == 404);
    REQUIRE(incarnation(cluster, id) == 1);
  }
}

}  // namespace skiff::cluster_test

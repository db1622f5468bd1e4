// A data directory is restored from a copy while its node is down: it lacks entries that the node had acknowledged.

#include <filesystem>
#include <fstream>

#include "tests/cluster/support/cluster.h"
#include "tests/cluster/support/load.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {
namespace {

namespace fs = std::filesystem;

void copy_directory(const std::string& from, const std::string& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
}

void write_some(Cluster& cluster, int at, const std::string& name, int count) {
  for (int number = 0; number < count; ++number) {
    REQUIRE(cluster.ask(at, "PUT", "/" + name + std::to_string(number), "value").code == 204);
  }
}

bool is_recovering(Cluster& cluster, int id) {
  const auto status = cluster.status(id);
  return !status.contains("mending") || status.at("mending").get<bool>();
}

// That node in `/members` of the leader.
nlohmann::json as_the_leader_sees(Cluster& cluster, int leader, int id) {
  const auto members = nlohmann::json::parse(cluster.ask(leader, "GET", "/members").body);
  for (const auto& member : members.at("members")) {
    if (member.at("id") == id) return member;
  }
  return {};
}

// Stops a follower and sets its directory back to before the last 50 writes. Returns its id.
int let_a_follower_go_back(Cluster& cluster, int leader) {
  const int follower = cluster.another(leader);
  const std::string copy = cluster.disk(follower) + "/copy";
  write_some(cluster, leader, "early-", 5);
  cluster.kill(follower);
  copy_directory(cluster.data_directory(follower), copy);
  cluster.start(follower);
  cluster.wait_until_healthy(follower);
  write_some(cluster, leader, "late-", 50);
  REQUIRE(within_ms(10'000, [&] { return hold_the_same(cluster, {1, 2, 3}); }));
  cluster.kill(follower);
  copy_directory(copy, cluster.data_directory(follower));
  return follower;
}

}  // namespace

// D3: a recovering node's acknowledgements do not count
TEST_CASE("a follower whose directory is restored from a copy is noticed, and receives all entries again", "[D3]") {
  Cluster cluster(3);
  const int leader = cluster.wait_for_leader();
  const int follower = let_a_follower_go_back(cluster, leader);

  cluster.start(follower);

  REQUIRE(within_ms(20'000, [&] { return !is_recovering(cluster, follower) && hold_the_same(cluster, {1, 2, 3}); }));
  REQUIRE(cluster.says(leader, "has acknowledged the log up to entry"));
  REQUIRE(cluster.says(follower, "has gone back to an older state"));
  REQUIRE(cluster.ask(follower, "GET", "/late-49").body == "value");
  REQUIRE(cluster.ask(follower, "PUT", "/after", "value").code == 204);
  REQUIRE(as_the_leader_sees(cluster, cluster.wait_for_leader(), follower).at("match") >= 56);
  // After that the node is a member like any other: a later start finds its log intact.
  cluster.kill(follower);
  cluster.start(follower);
  REQUIRE(within_ms(20'000, [&] { return !is_recovering(cluster, follower); }));
  cluster.kill(leader);
  REQUIRE(within_ms(20'000, [&] { return cluster.ask(follower, "PUT", "/without-it", "value").code == 204; }));
}

// D3: a recovering node's acknowledgements do not count
// D4: damage makes a node forget that it has voted
TEST_CASE("a follower that has gone back is not part of a majority, and recovers when a third node is back",
          "[D3][D4]") {
  Cluster cluster(3, {"--request-timeout", "1s"});
  const int leader = cluster.wait_for_leader();
  const int follower = let_a_follower_go_back(cluster, leader);
  const int third = cluster.another(follower);
  REQUIRE(third != leader);
  cluster.kill(third);

  cluster.start(follower);

  // The leader alone is no majority: it steps down, and then writes are answered 503.
  REQUIRE(within_ms(20'000, [&] { return cluster.ask(leader, "PUT", "/refused", "value").code == 503; }));
  REQUIRE(is_recovering(cluster, follower));
  REQUIRE(as_the_leader_sees(cluster, leader, follower).value("match", 0) < 56);
  cluster.start(third);
  REQUIRE(within_ms(20'000, [&] { return cluster.ask(leader, "PUT", "/served", "value").code == 204; }));
  REQUIRE(within_ms(20'000, [&] { return !is_recovering(cluster, follower) && hold_the_same(cluster, {1, 2, 3}); }));
  REQUIRE(cluster.ask(follower, "GET", "/late-49").body == "value");
}

// D3: a recovering node's acknowledgements do not count
TEST_CASE("a log whose last sector reads as zeros after a kill is noticed", "[D3]") {
  Cluster cluster(3);
  const int leader = cluster.wait_for_leader();
  const int follower = cluster.another(leader);
  write_some(cluster, leader, "k-", 20);
  REQUIRE(within_ms(10'000, [&] { return hold_the_same(cluster, {1, 2, 3}); }));
  cluster.kill(follower);
  std::string path;
  for (const auto& file : fs::directory_iterator(cluster.data_directory(follower))) {
    const std::string name = file.path().filename();
    if (name.starts_with("wal-") && file.path() > path) path = file.path();
  }
  std::string bytes = read_file(path);
  const size_t sector = bytes.find_last_not_of('\0') / 512 * 512;
  std::fstream log(path, std::ios::in | std::ios::out | std::ios::binary);
  log.seekp(static_cast<std::streamoff>(sector));
  log.write(std::string(512, '\0').data(), 512);
  log.close();

  cluster.start(follower);

  REQUIRE(within_ms(20'000, [&] { return !is_recovering(cluster, follower) && hold_the_same(cluster, {1, 2, 3}); }));
  REQUIRE(cluster.ask(follower, "GET", "/k-19").body == "value");
}

}  // namespace skiff::cluster_test

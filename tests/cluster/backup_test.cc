// Disasters: all nodes lost but a backup, or the majority lost for good. With real nodes, curl, and the tools of the
// program.

#include <signal.h>

#include <filesystem>
#include <memory>

#include "tests/cluster/support/cluster.h"
#include "tests/cluster/support/load.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

std::vector<uint16_t> all_ports(Cluster& cluster) {
  std::vector<uint16_t> ports;
  for (int id = 1; id <= cluster.size(); ++id) ports.push_back(cluster.port(id));
  return ports;
}

std::string all_members(Cluster& cluster) {
  std::string members;
  for (int id = 1; id <= cluster.size(); ++id) {
    members += (members.empty() ? "" : ",") + std::string("http://") + cluster.address(id) + ":" +
               std::to_string(cluster.peer_port(id));
  }
  return members;
}

Done skiff(std::vector<std::string> words) {
  words.insert(words.begin(), SKIFF_BINARY);
  return run(words);
}

Done curl_backup(Cluster& cluster, int id, const std::string& file, const std::string& query = "") {
  return run({"curl", "-sSf", "--max-time", "60", "-o", file, cluster.url(id, "/snapshot" + query)});
}

std::string cluster_of(Cluster& cluster, int id) {
  return nlohmann::json::parse(cluster.ask(id, "GET", "/members").body).at("cluster").get<std::string>();
}

void write_until(const Load& load, size_t writes) {
  REQUIRE(within_ms(20'000, [&] { return load.acknowledged() >= writes; }));
}

TEST_CASE("a backup that was taken under load restores everything when all nodes are lost") {
  Cluster cluster(3);
  TemporaryDirectory directory;
  const std::string old_cluster = cluster_of(cluster, 1);
  Load before("before", all_ports(cluster), 4);
  write_until(before, 500);
  before.stop();
  const int from = cluster.another(cluster.wait_for_leader());
  {
    Load during("during", all_ports(cluster), 4);
    write_until(during, 50);
    const Done taken = curl_backup(cluster, from, directory.file("backup"));
    INFO(taken.output);
    REQUIRE(taken.status == 0);
  }
  for (int id = 1; id <= 3; ++id) {
    cluster.kill(id);
    std::filesystem::remove_all(cluster.data_directory(id));
  }

  const Done inspected = skiff({"inspect", directory.file("backup")});
  INFO(inspected.output);
  REQUIRE(inspected.status == 0);
  for (int id = 1; id <= 3; ++id) {
    const Done restored =
        skiff({"restore", "--from", directory.file("backup"), "--data-dir", cluster.data_directory(id), "--id",
               std::to_string(id), "--cluster", all_members(cluster)});
    INFO(restored.output);
    REQUIRE(restored.status == 0);
    REQUIRE(skiff({"inspect", cluster.data_directory(id)}).status == 0);
    cluster.start(id);
  }
  for (int id = 1; id <= 3; ++id) cluster.wait_until_healthy(id);

  REQUIRE(before.broken_promises(all_ports(cluster)) == "");
  Load after("after", all_ports(cluster), 4);
  write_until(after, 100);
  after.stop();
  REQUIRE(after.broken_promises(all_ports(cluster)) == "");
  REQUIRE(cluster_of(cluster, 1) != old_cluster);
  REQUIRE(cluster_of(cluster, 1) == cluster_of(cluster, 3));
}

TEST_CASE("a backup whose node dies is recognized as incomplete, and stale ones need no majority") {
  Cluster cluster(3);
  TemporaryDirectory directory;
  for (int number = 0; number < 20; ++number) {
    REQUIRE(cluster.ask(1, "PUT", "/big" + std::to_string(number), std::string(1'000'000, 'b')).code == 204);
  }
  Process slow({"curl", "-sS", "--limit-rate", "1M", "-o", directory.file("cut"), cluster.url(1, "/snapshot")},
               directory.file("log"));
  REQUIRE(within_ms(20'000, [&] { return cluster.status(1).at("snapshot").at("backups") == 1; }));
  cluster.kill(1);
  REQUIRE(slow.wait_ms(60'000).value_or(0) != 0);
  REQUIRE(skiff({"inspect", directory.file("cut")}).status == 1);

  cluster.kill(2);
  const Done fresh =
      run({"curl", "-s", "-o", directory.file("none"), "-w", "%{http_code}", cluster.url(3, "/snapshot")});
  REQUIRE(fresh.output == "503");
  REQUIRE(curl_backup(cluster, 3, directory.file("stale"), "?consistency=stale").status == 0);
  REQUIRE(skiff({"inspect", directory.file("stale")}).status == 0);
}

// bug-49: old members come back after a recovery from the survivors
TEST_CASE("when two of three are lost for good the third continues alone, and they cannot come back", "[bug-49]") {
  Cluster cluster(3);
  Load before("before", all_ports(cluster), 4);
  write_until(before, 300);
  before.stop();
  for (int id = 1; id <= 3; ++id) REQUIRE(before.broken_promises({cluster.port(id)}) == "");
  cluster.kill(1);
  cluster.kill(2);
  const std::vector<std::string> recover = {"recover", "--data-dir", cluster.data_directory(3), "--id", "3"};
  std::vector<std::string> agreed = recover;
  agreed.push_back("--yes-i-may-lose-writes");

  // recover refuses while the node runs, and without the operator's consent.
  REQUIRE_THAT(skiff(agreed).output, Catch::Contains("stop it first"));
  cluster.kill(3);
  REQUIRE(skiff(recover).status == 1);
  const Done recovered = skiff(agreed);
  INFO(recovered.output);
  REQUIRE(recovered.status == 0);

  cluster.start(3);
  cluster.wait_until_healthy(3);
  REQUIRE(before.broken_promises({cluster.port(3)}) == "");
  REQUIRE(cluster.ask(3, "PUT", "/alone", "yes").code == 204);

  // The lost nodes come back, and are a majority of the old cluster.
  cluster.start(1);
  cluster.start(2);
  cluster.wait_until_healthy(1);
  cluster.wait_until_healthy(2);
  REQUIRE(cluster.ask(1, "GET", "/alone").code == 404);
  for (int number = 0; number < 20; ++number) {
    REQUIRE(cluster.ask(3, "PUT", "/alone" + std::to_string(number), "still").code == 204);
    REQUIRE(cluster.ask(3, "GET", "/alone").body == "yes");
  }
  REQUIRE(cluster.status(3).at("leader") == 3);
  REQUIRE(cluster_of(cluster, 3) != cluster_of(cluster, 1));
  REQUIRE(nlohmann::json::parse(cluster.ask(3, "GET", "/members").body).at("members").size() == 1);
}

TEST_CASE("inspect reads the directory of a node that runs, and does not change it") {
  Cluster cluster(1);
  Load load("load", all_ports(cluster), 2);
  write_until(load, 100);
  const Done inspected = skiff({"inspect", cluster.data_directory(1)});
  INFO(inspected.output);
  REQUIRE_THAT(inspected.output, Catch::Contains("a node runs on it"));
  write_until(load, load.acknowledged() + 100);
  load.stop();
  cluster.kill(1);
  REQUIRE(skiff({"inspect", cluster.data_directory(1)}).status == 0);
  REQUIRE(skiff({"--help"}).output.find("skiff inspect PATH") != std::string::npos);
}

}  // namespace skiff::cluster_test

// Real nodes whose files are damaged while they are down.
#include <filesystem>

#include "tests/cluster/cluster.h"
#include "tests/cluster/load.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

std::string first_segment(Cluster& cluster, int id) { return cluster.data_folder(id) + "/wal-0000000000000001"; }

void flip_a_bit(const std::string& path, size_t place) {
  std::string bytes = read_file(path);
  REQUIRE(bytes.size() > place);
  bytes[place] = static_cast<char>(bytes[place] ^ 1);
  write_file(path, bytes);
}

TEST_CASE("a node whose log was damaged is mended by the others, and then counts again") {  // [W6] [D1] [D2]
  Cluster cluster(3);
  for (int number = 0; number < 200; ++number) {
    REQUIRE(cluster.ask(1, "PUT", "/key-" + std::to_string(number), std::string(300, 'v')).code == 204);
  }
  const int damaged = cluster.another(cluster.wait_for_leader());
  cluster.kill(damaged);
  flip_a_bit(first_segment(cluster, damaged), 20'000);
  REQUIRE(cluster.ask(cluster.another(damaged), "PUT", "/meanwhile", "v").code == 204);

  // When it starts, then it says what is the matter, and is whole again soon.
  cluster.start(damaged);
  REQUIRE(within_ms(20'000, [&] {
    auto status = cluster.status(damaged);
    return status.contains("mending") && status["mending"] == false && status["store"]["keys"] == 201;
  }));
  const std::string log = cluster.log(damaged);
  REQUIRE_THAT(log, Catch::Contains("wal-0000000000000001: at offset") && Catch::Contains("whole again"));
  const std::string aside = first_segment(cluster, damaged) + ".damaged";
  REQUIRE(within_ms(20'000, [&] { return !std::filesystem::exists(aside); }));

  // And it counts: with it, one of the others can go.
  cluster.kill(cluster.another(damaged));
  cluster.wait_until_healthy(damaged);
  REQUIRE(cluster.ask(damaged, "PUT", "/afterwards", "v").code == 204);
  for (int number = 0; number < 200; ++number) {
    REQUIRE(cluster.ask(damaged, "GET", "/key-" + std::to_string(number)).body == std::string(300, 'v'));
  }
}

TEST_CASE("the only node refuses a damaged log, and says which file") {  // [W6] [D8]
  Cluster cluster(1);
  REQUIRE(cluster.ask(1, "PUT", "/key", std::string(3000, 'v')).code == 204);
  cluster.kill(1);
  flip_a_bit(first_segment(cluster, 1), 1000);
  cluster.start(1);
  REQUIRE(cluster.process(1).wait_ms(20'000) == 1);
  REQUIRE_THAT(cluster.log(1), Catch::Contains("wal-0000000000000001") && Catch::Contains("the only member"));
}

TEST_CASE("a node that comes back without its data is turned away by the others, and stops") {  // [D10]
  Cluster cluster(3);
  REQUIRE(cluster.ask(1, "PUT", "/key", "v").code == 204);
  const int lost = cluster.another(cluster.wait_for_leader());
  for (int id = 1; id <= 3; ++id) cluster.wait_until_healthy(id);
  cluster.kill(lost);
  std::filesystem::remove_all(cluster.data_folder(lost));
  cluster.start(lost);
  REQUIRE(cluster.process(lost).wait_ms(20'000) == 1);
  REQUIRE_THAT(cluster.log(lost), Catch::Contains("another data folder") && Catch::Contains("with a new id"));
  const int other = cluster.another(lost);
  REQUIRE(cluster.ask(other, "GET", "/key").body == "v");
  REQUIRE(cluster.ask(other, "PUT", "/key", "w").code == 204);
}

}  // namespace skiff::cluster_test

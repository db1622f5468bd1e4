// Real nodes whose files are damaged while they are down.
#include <filesystem>
#include <fstream>

#include "tests/cluster/support/cluster.h"
#include "tests/cluster/support/load.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

std::string first_segment(Cluster& cluster, int id) { return cluster.data_directory(id) + "/wal-0000000000000001"; }

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

// Where it is on the disk: in place, for others have it open.
void flip_a_bit_in_place(const std::string& path, std::streamoff place) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(place);
  const char byte = static_cast<char>(file.get());
  file.seekp(place);
  file.put(static_cast<char>(byte ^ 1));
  REQUIRE(file.good());
}

TEST_CASE("a node whose files rot while it runs mends them itself, alone and without a restart") {  // [D12] [D9]
  Cluster cluster(1, {"--scrub-every", "1s", "--value-bytes-max", "2MiB"});
  auto put = [&](int number) {
    const std::string value(1'500'000, static_cast<char>('a' + number % 26));
    return cluster.ask(1, "PUT", "/key-" + std::to_string(number), value).code == 204;
  };
  auto scrub = [&](const char* name) { return cluster.status(1)["scrub"].value(name, 0); };
  for (int number = 0; number < 7; ++number) REQUIRE(put(number));  // more than a segment

  // When a bit turns over in the closed segment, then the node says so, and lets go of it.
  flip_a_bit_in_place(first_segment(cluster, 1), 2'000'000);
  REQUIRE(within_ms(60'000, [&] { return scrub("mended") == 1; }));
  REQUIRE(scrub("found") == 1);
  REQUIRE_FALSE(std::filesystem::exists(first_segment(cluster, 1)));
  REQUIRE_THAT(cluster.log(1), Catch::Contains("damage at rest: recover ") &&
                                   Catch::Contains("wal-0000000000000001: at offset 199") &&
                                   Catch::Contains("damage at rest is replaced"));
  REQUIRE(put(7));

  // The same with the snapshot that it has made then.
  std::string snapshot;
  for (const auto& file : std::filesystem::directory_iterator(cluster.data_directory(1))) {
    if (file.path().filename().string().starts_with("snapshot-")) snapshot = file.path().string();
  }
  flip_a_bit_in_place(snapshot, 1'000'000);
  REQUIRE(within_ms(60'000, [&] { return scrub("mended") == 2; }));
  REQUIRE(put(8));

  // And all of it is there after a kill, though there is nobody who could give anything back.
  cluster.kill(1);
  cluster.start(1);
  cluster.wait_until_healthy(1);
  REQUIRE(cluster.status(1)["store"]["keys"] == 9);
  for (int number = 0; number < 9; ++number) {
    const HttpReply reply = cluster.ask(1, "GET", "/key-" + std::to_string(number));
    REQUIRE(reply.body == std::string(1'500'000, static_cast<char>('a' + number % 26)));
  }
  REQUIRE(cluster.log(1).find("to be mended") == std::string::npos);
  REQUIRE(cluster.status(1)["mending"] == false);
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
  std::filesystem::remove_all(cluster.data_directory(lost));
  cluster.start(lost);
  REQUIRE(cluster.process(lost).wait_ms(20'000) == 1);
  REQUIRE_THAT(cluster.log(lost), Catch::Contains("another data directory") && Catch::Contains("with a new id"));
  const int other = cluster.another(lost);
  REQUIRE(cluster.ask(other, "GET", "/key").body == "v");
  REQUIRE(cluster.ask(other, "PUT", "/key", "w").code == 204);
}

}  // namespace skiff::cluster_test

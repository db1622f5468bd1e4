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

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
// D1: a damaged log is set aside, and its node is intact again when it has fetched the lost entries
// D2: a recovering node gives no vote, and does not campaign
TEST_CASE("a node whose log was damaged recovers from the others, and then counts again") {  // [W6] [D1] [D2]
  Cluster cluster(3);
  for (int number = 0; number < 200; ++number) {
    REQUIRE(cluster.ask(1, "PUT", "/key-" + std::to_string(number), std::string(300, 'v')).code == 204);
  }
  const int damaged = cluster.another(cluster.wait_for_leader());
  cluster.kill(damaged);
  flip_a_bit(first_segment(cluster, damaged), 20'000);
  REQUIRE(cluster.ask(cluster.another(damaged), "PUT", "/meanwhile", "v").code == 204);

  // When it starts, it logs the damage, and is soon intact again.
  cluster.start(damaged);
  REQUIRE(within_ms(20'000, [&] {
    auto status = cluster.status(damaged);
    return status.contains("mending") && status["mending"] == false && status["store"]["keys"] == 201;
  }));
  REQUIRE(cluster.says(damaged, "wal-0000000000000001: at offset"));
  REQUIRE(cluster.says(damaged, "intact again"));
  const std::string aside = first_segment(cluster, damaged) + ".damaged";
  REQUIRE(within_ms(20'000, [&] { return !std::filesystem::exists(aside); }));

  // Its votes and acknowledgements count again: with it, one of the others can fail.
  cluster.kill(cluster.another(damaged));
  cluster.wait_until_healthy(damaged);
  REQUIRE(cluster.ask(damaged, "PUT", "/afterwards", "v").code == 204);
  for (int number = 0; number < 200; ++number) {
    REQUIRE(cluster.ask(damaged, "GET", "/key-" + std::to_string(number)).body == std::string(300, 'v'));
  }
}

// In place, because the node has the file open.
void flip_a_bit_in_place(const std::string& path, std::streamoff place) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(place);
  const char byte = static_cast<char>(file.get());
  file.seekp(place);
  file.put(static_cast<char>(byte ^ 1));
  REQUIRE(file.good());
}

// D12: files rot while their node runs
// D9: the damage is in entries that a snapshot holds, or in the snapshot
TEST_CASE("a node whose files rot while it runs replaces them itself, alone and without a restart") {  // [D12] [D9]
  Cluster cluster(1, {"--scrub-every", "1s", "--value-bytes-max", "2MiB"});
  auto put = [&](int number) {
    const std::string value(1'500'000, static_cast<char>('a' + number % 26));
    return cluster.ask(1, "PUT", "/key-" + std::to_string(number), value).code == 204;
  };
  auto scrub = [&](const char* name) { return cluster.status(1)["scrub"].value(name, 0); };
  for (int number = 0; number < 7; ++number) REQUIRE(put(number));  // more than a segment

  // When a bit flips in the closed segment, the node logs it, and removes the segment.
  flip_a_bit_in_place(first_segment(cluster, 1), 2'000'000);
  REQUIRE(within_ms(60'000, [&] { return scrub("mended") == 1; }));
  REQUIRE(scrub("found") == 1);
  REQUIRE_FALSE(std::filesystem::exists(first_segment(cluster, 1)));
  for (const char* words :
       {"damage at rest: recover ", "wal-0000000000000001: at offset 199", "damage at rest is replaced"}) {
    REQUIRE(cluster.says(1, words));
  }
  REQUIRE(put(7));

  // The same with the snapshot that it has made for that.
  std::string snapshot;
  for (const auto& file : std::filesystem::directory_iterator(cluster.data_directory(1))) {
    if (file.path().filename().string().starts_with("snapshot-")) snapshot = file.path().string();
  }
  flip_a_bit_in_place(snapshot, 1'000'000);
  REQUIRE(within_ms(60'000, [&] { return scrub("mended") == 2; }));
  REQUIRE(put(8));

  // All keys are there after a kill, although no other node could have restored them.
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

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
// D8: no other node can repair the damage
TEST_CASE("the only node refuses a damaged log, and says which file") {  // [W6] [D8]
  Cluster cluster(1);
  REQUIRE(cluster.ask(1, "PUT", "/key", std::string(3000, 'v')).code == 204);
  cluster.kill(1);
  flip_a_bit(first_segment(cluster, 1), 1000);
  cluster.start(1);
  REQUIRE(cluster.process(1).wait_ms(20'000) == 1);
  REQUIRE_THAT(cluster.log(1), Catch::Contains("wal-0000000000000001") && Catch::Contains("knows of no other member"));
}

// D10: a node comes back under its old id without its data
TEST_CASE("a node that comes back without its data is refused by the others, and stops") {  // [D10]
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

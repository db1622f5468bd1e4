// The majority is lost for good: the data of one survivor becomes a cluster of one, and the cluster grows again.

#include <filesystem>

#include "tests/cluster/support/cluster.h"
#include "tests/cluster/support/load.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

void recover(Cluster& cluster, int id) {
  const Done recovered = skiff(
      {"recover", "--data-dir", cluster.data_directory(id), "--id", std::to_string(id), "--yes-i-may-lose-writes"});
  INFO(recovered.output);
  REQUIRE(recovered.status == 0);
}

// M1: members are added and removed, with and without a vote
// bug-49: old members come back after a recovery from the survivors
TEST_CASE("two of three are lost for good, and the data of the third is on three nodes again", "[M1][bug-49]") {
  Cluster cluster(3);
  Load before("before", ports_of(cluster), 4);
  wait_for_progress(before, 300);
  before.stop();
  REQUIRE(within_ms(20'000, [&] { return hold_the_same(cluster, {1, 2, 3}); }));
  Load during("during", ports_of(cluster), 4);
  wait_for_progress(during, 100);
  for (int id = 1; id <= 3; ++id) cluster.kill(id);
  during.stop();
  for (int id = 1; id <= 2; ++id) std::filesystem::remove_all(cluster.data_directory(id));

  // All writes from before the loss are there, and the node takes writes, alone.
  recover(cluster, 3);
  cluster.start(3);
  cluster.wait_until_healthy(3);
  REQUIRE(before.broken_promises({cluster.port(3)}) == "");
  Load alone("alone", {cluster.port(3)}, 2);
  wait_for_progress(alone);

  // The cluster grows while it serves; then all three have everything, and there are no other members.
  const int four = cluster.add(), five = cluster.add();
  grow(cluster, 3, four);
  REQUIRE(request(cluster, 3, "POST", member(four) + "/lead").code == 204);  // the snapshot does not name this member
  grow(cluster, four, five);
  wait_for_progress(alone);
  alone.stop();
  REQUIRE(within_ms(20'000, [&] { return hold_the_same(cluster, {3, four, five}); }));
  const std::vector<uint16_t> ports = {cluster.port(3), cluster.port(four), cluster.port(five)};
  REQUIRE(before.broken_promises(ports) == "");
  REQUIRE(alone.broken_promises(ports) == "");
  REQUIRE(members_at(cluster, five).at("members").size() == 3);

  // Any of them can fail.
  for (int id : {3, four, five}) {
    Load after("after-" + std::to_string(id), ports, 2);
    wait_for_progress(after);
    cluster.kill(id);
    wait_for_progress(after);
    after.stop();
    cluster.start(id);
    cluster.wait_until_healthy(id);
    REQUIRE(after.broken_promises(ports) == "");
    REQUIRE(before.broken_promises({cluster.port(id)}) == "");
  }
}

}  // namespace skiff::cluster_test

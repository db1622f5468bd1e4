// SKIFF_SEEDS=20000 tries so many random clusters, from SKIFF_SEED=1 on. A failure names its seed.
#include "tests/raft/random_cluster.h"

#include <cstdlib>

#include "tests/support/catch.h"

namespace skiff::random_cluster_test {

using random_cluster::RandomCluster;

static uint64_t number_from(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// E15: a partition in which some nodes do not hear each other leads to no endless elections
// R3: appends that arrive twice or out of order change nothing more
// R5: logs that differ in every known way are made equal in few steps
// Q1: reads that arrive together share one round, and each is released once
// Q6: a read at a follower
TEST_CASE("a cluster in all weathers keeps its promises, and lives when it clears", "[random][E15][R3][R5][Q1][Q6]") {
  uint64_t first = number_from("SKIFF_SEED", 1);
  uint64_t seeds = number_from("SKIFF_SEEDS", std::getenv("SKIFF_SEED") == nullptr ? 400 : 1);
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    INFO("replay: SKIFF_SEED=" << seed << " raft_test [random]");
    REQUIRE(RandomCluster(seed).run() == "");
  }
}

TEST_CASE("a seed tells the same story every time", "[random]") {
  for (uint64_t seed = 1; seed <= 3; ++seed) REQUIRE(RandomCluster(seed).run() == RandomCluster(seed).run());
}

}  // namespace skiff::random_cluster_test

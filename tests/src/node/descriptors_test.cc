#include "src/node/descriptors.h"

#include <sys/resource.h>

#include "tests/support/catch.h"

namespace skiff::descriptors_test {

TEST_CASE("clients get the descriptors that the rest of the node leaves, and no more than the server takes") {
  const transport::HttpLimits wanted{.connections_max = 1'000, .turned_away_max = 64};
  struct Row {
    uint64_t limit;
    size_t members;
    size_t connections;
  };
  // Reserved are 64 for the node itself, 64 for unidentified peers, 64 to turn clients away, 8 for a member.
  const Row rows[] = {
      {0, 1, 0},         {199, 1, 0},       {200, 1, 0},          {201, 1, 1},
      {256, 1, 56},      {256, 3, 40},      {256, 9, 0},          {1'199, 1, 999},
      {1'200, 1, 1'000}, {1'201, 1, 1'000}, {1u << 20, 9, 1'000}, {RLIM_INFINITY, 3, 1'000},
  };
  for (const Row& row : rows) {
    CAPTURE(row.limit, row.members);
    REQUIRE(connections_within(row.limit, row.members, wanted) == row.connections);
  }
}

TEST_CASE("the soft limit of descriptors is raised to the hard one") {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit lower = before;
  lower.rlim_cur = before.rlim_max / 2;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &lower) == 0);
  REQUIRE(raise_descriptor_limit() == before.rlim_max);
  rlimit after{};
  ::getrlimit(RLIMIT_NOFILE, &after);
  ::setrlimit(RLIMIT_NOFILE, &before);
  REQUIRE(after.rlim_cur == before.rlim_max);
}

}  // namespace skiff::descriptors_test

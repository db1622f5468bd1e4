#include "src/node/idle_memory.h"

#include <string>

#include "src/config/limits.h"
#include "tests/support/catch.h"

namespace skiff::idle_memory_test {

// What is asked of a node, and when it is asked again.
struct World {
  uint64_t applied = 0;
  int snapshots_to_come = 0;  // looks that find one under way
  size_t forgotten = 0;
  std::string done;
  IdleMemory memory{{.applied = [this] { return applied; },
                     .shorten_log =
                         [this] {
                           done += 's';
                           return snapshots_to_come-- > 0;
                         },
                     .free_some =
                         [this](size_t count_max) {
                           done += 'f';
                           forgotten -= std::min(forgotten, count_max);
                           return forgotten > 0;
                         }}};

  // Turns until it only looks on again, but for as many turns at most.
  void rest(int turns = 100'000) {
    while (turns-- > 0 && memory.turn() != limits::kRestLookNs) {
    }
  }
};

TEST_CASE("a node that rests sums its log up, frees what was forgotten, and then only looks on") {
  World world;
  world.snapshots_to_come = 2;
  world.forgotten = 3 * limits::kFreedAtRestPerStep;
  world.rest();
  world.rest();
  REQUIRE(world.done == "ss");  // until it has been made
  world.rest();
  REQUIRE(world.done == "sssfff");
  REQUIRE(world.forgotten == 0);
  for (int look = 0; look < 10; ++look) REQUIRE(world.memory.turn() == limits::kRestLookNs);
  REQUIRE(world.done == "sssfff");
}

TEST_CASE("a node that is busy is left alone, and a trickle does not make it busy") {
  World world;
  world.forgotten = 10 * limits::kFreedAtRestPerStep;
  for (int look = 0; look < 10; ++look) {
    world.applied += limits::kRestEntriesMax + 1;
    REQUIRE(world.memory.turn() == limits::kRestLookNs);
  }
  REQUIRE(world.done.empty());
  SECTION("until it rests") {
    world.applied += limits::kRestEntriesMax;
    world.rest();
    REQUIRE(world.forgotten == 0);
  }
  SECTION("also when it becomes busy in the middle of it") {
    world.rest(3);
    REQUIRE(world.done == "sff");
    world.applied += 1'000;
    REQUIRE(world.memory.turn() == limits::kRestLookNs);
    REQUIRE(world.done == "sff");
    world.rest();
    REQUIRE(world.forgotten == 0);
  }
}

TEST_CASE("a node that becomes busy while it gives pages back ends that, and begins again when it rests") {
  World world;
  world.rest(2);
  REQUIRE(world.done == "sf");
  world.applied += 1'000;
  world.rest();
  REQUIRE(world.done == "sf");
  world.rest();
  REQUIRE(world.done == "sfsf");
}

}  // namespace skiff::idle_memory_test

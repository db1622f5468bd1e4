#include "src/replica/idle_memory.h"

#include <algorithm>
#include <string>

#include "src/config/limits.h"
#include "tests/support/catch.h"

namespace skiff::idle_memory_test {

// A node that notes what is asked of it.
struct World final : IdleWork {
  uint64_t applied_index = 0;
  int snapshots_to_come = 0;  // looks that find one under way
  size_t forgotten = 0;
  int pages = 0;
  bool may_take_pages = true;
  std::string done;
  IdleMemory memory{*this};

  uint64_t applied() const override { return applied_index; }
  bool shorten_log() override {
    done += 's';
    return snapshots_to_come-- > 0;
  }
  bool free_some(size_t count_max) override {
    done += 'f';
    forgotten -= std::min(forgotten, count_max);
    return forgotten > 0;
  }
  bool give_pages_back() override { return may_take_pages && pages-- > 0; }
  void stop_taking_pages() override { may_take_pages = false; }

  // Turns until it only watches again, but for as many turns at most.
  void rest(int turns = 100'000) {
    while (turns-- > 0 && memory.turn() != limits::kRestLookEvery) {
    }
  }
};

TEST_CASE("a node that rests sums its log up, frees what was forgotten, and then only watches") {
  World world;
  world.snapshots_to_come = 2;
  world.forgotten = 3 * limits::kFreedAtRestPerStep;
  world.rest();
  world.rest();
  REQUIRE(world.done == "ss");  // until it has been made
  world.rest();
  REQUIRE(world.done == "sssfff");
  REQUIRE(world.forgotten == 0);
  for (int look = 0; look < 10; ++look) REQUIRE(world.memory.turn() == limits::kRestLookEvery);
  REQUIRE(world.done == "sssfff");
}

TEST_CASE("a node that is busy is left alone, and a trickle does not make it busy") {
  World world;
  world.forgotten = 10 * limits::kFreedAtRestPerStep;
  for (int look = 0; look < 10; ++look) {
    world.applied_index += limits::kRestEntriesMax + 1;
    REQUIRE(world.memory.turn() == limits::kRestLookEvery);
  }
  REQUIRE(world.done.empty());
  SECTION("until it rests") {
    world.applied_index += limits::kRestEntriesMax;
    world.rest();
    REQUIRE(world.forgotten == 0);
  }
  SECTION("also when it becomes busy in the middle of it") {
    world.rest(3);
    REQUIRE(world.done == "sff");
    world.applied_index += 1'000;
    REQUIRE(world.memory.turn() == limits::kRestLookEvery);
    REQUIRE(world.done == "sff");
    world.rest();
    REQUIRE(world.forgotten == 0);
  }
}

TEST_CASE("a node that becomes busy while it gives pages back ends that, and begins again when it rests") {
  World world;
  world.pages = 100;
  world.rest(2);
  REQUIRE(world.done == "sf");
  world.applied_index += 1'000;
  world.rest();
  REQUIRE_FALSE(world.may_take_pages);
  REQUIRE(world.pages == 100);
  REQUIRE(world.done == "sf");
  world.rest();
  REQUIRE(world.done == "sfsf");
}

}  // namespace skiff::idle_memory_test

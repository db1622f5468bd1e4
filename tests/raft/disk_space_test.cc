#include "raft/disk_space.h"

#include "tests/raft/lone_core.h"
#include "tests/support/catch.h"

namespace skiff::disk_space_test {

using namespace skiff::raft;
using raft_test::entry;

constexpr uint64_t kKept = 1'000;

static Entry no_op() { return {.position = {.term = 1, .index = 1}, .kind = EntryKind::no_op, .payload = nullptr}; }

static DiskSpace full_with(uint64_t bytes_left) {
  DiskSpace space(kKept);
  space.reported(bytes_left, 0);
  return space;
}

TEST_CASE("a disk that is not full has space for everything") {
  DiskSpace space(kKept);
  space.appended(entry(1, 1, std::string(1 << 20, 'x')));
  space.handed_over(1 << 20);
  REQUIRE_FALSE(space.is_full());
  REQUIRE(space.takes_writes());
  REQUIRE(space.has_space_for(entry(1, 2, std::string(1 << 20, 'x'))));
}

TEST_CASE("commands leave the last bytes of a full disk to entries of the cluster's own") {
  REQUIRE(full_with(kKept + 200).has_space_for(entry(1, 1)));
  DiskSpace space = full_with(kKept + 100);
  REQUIRE(space.is_full());
  REQUIRE_FALSE(space.has_space_for(entry(1, 1)));
  REQUIRE(space.has_space_for(no_op()));
  REQUIRE_FALSE(full_with(127).has_space_for(no_op()));
}

TEST_CASE("an entry reserves its space until a save uses it") {
  DiskSpace space = full_with(kKept + 300);
  REQUIRE(space.has_space_for(entry(1, 1)));
  space.appended(entry(1, 1));
  REQUIRE(space.has_space_for(entry(1, 2)));
  space.appended(entry(1, 2));
  REQUIRE_FALSE(space.has_space_for(entry(1, 3)));
  space.handed_over(0);  // as if the two had used nothing
  REQUIRE(space.has_space_for(entry(1, 3)));
  space.handed_over(300);
  REQUIRE_FALSE(space.has_space_for(entry(1, 3)));
}

TEST_CASE("a report is as of the last confirmed save, so the saves under way use some of it") {
  DiskSpace space(kKept);
  space.reported(kKept + 600, 500);
  REQUIRE_FALSE(space.has_space_for(entry(1, 1)));
  space.reported(kKept + 600, 0);
  REQUIRE(space.has_space_for(entry(1, 1)));
  space.reported(100, 500);  // nothing is left, and it is not less than nothing
  REQUIRE_FALSE(space.has_space_for(no_op()));
}

TEST_CASE("a node takes no forwarded writes once it had to leave an entry out, until its disk has space again") {
  REQUIRE_FALSE(full_with(kKept).takes_writes());
  DiskSpace space = full_with(kKept + 1);
  REQUIRE(space.takes_writes());
  space.left_out();
  REQUIRE_FALSE(space.takes_writes());
  space.reported(1 << 20, 0);
  REQUIRE_FALSE(space.takes_writes());
  space.reported(std::nullopt, 0);
  REQUIRE(space.takes_writes());
  space.reported(kKept + 1, 0);
  REQUIRE(space.takes_writes());
}

TEST_CASE("a save uses at most so much: itself, and each entry with an eighth and a header more") {
  REQUIRE(DiskSpace::bytes_of_save({}) == 256);
  REQUIRE(DiskSpace::bytes_of_save({no_op(), entry(1, 2, std::string(800, 'x'))}) == 256 + 128 + 800 + 100 + 128);
}

}  // namespace skiff::disk_space_test

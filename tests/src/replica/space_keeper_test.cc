// When a node looks for space on its disk, and what it does then. No clock, no disk.
#include "src/replica/space_keeper.h"

#include <string>

#include "tests/support/catch.h"

namespace skiff::space_keeper_test {

constexpr raft::Time kEvery = 1'000_ns;

// A disk that notes what is asked of it: m(ake a spare), r(etry a save), F(ull for the first time), f(ull), s(pace).
struct Disk final : SpaceActions {
  bool spare_is_there = false;
  std::string asked;
  SpaceKeeper keeper{kEvery, *this};

  bool has_spare() const override { return spare_is_there; }
  void make_spare() override { asked += 'm'; }
  void retry_save() override { asked += 'r'; }
  void disk_full(const std::string&, bool is_news) override { asked += is_news ? 'F' : 'f'; }
  void disk_has_space() override { asked += 's'; }
};

// W5: the disk is full, in any operation
TEST_CASE("a spare is made at the start, and again when a save has used it up, one at a time") {  // [W5]
  Disk disk;
  disk.keeper.ensure_spare();
  disk.keeper.saved();
  REQUIRE(disk.asked == "m");
  disk.spare_is_there = true;
  disk.keeper.spare_made();
  disk.keeper.saved();
  REQUIRE(disk.asked == "m");
  disk.spare_is_there = false;
  disk.keeper.saved();
  REQUIRE(disk.asked == "mm");
  REQUIRE(disk.keeper.next_deadline() == raft::kNever);
}

// W5: the disk is full, in any operation
TEST_CASE("a disk without space for a spare is full until one is made, and looked at at an interval") {  // [W5]
  Disk disk;
  disk.keeper.ensure_spare();
  disk.keeper.spare_failed(50_ns, "no space");
  REQUIRE(disk.asked == "mF");
  REQUIRE(disk.keeper.is_full());
  REQUIRE(disk.keeper.next_deadline() == 50_ns + kEvery);
  disk.keeper.tick(49_ns + kEvery);
  REQUIRE(disk.asked == "mF");
  disk.keeper.tick(50_ns + kEvery);
  disk.keeper.tick(60_ns + kEvery);
  REQUIRE(disk.asked == "mFm");
  disk.keeper.spare_failed(70_ns + kEvery, "no space");
  disk.keeper.tick(70_ns + 2 * kEvery);
  disk.spare_is_there = true;
  disk.keeper.spare_made();
  REQUIRE(disk.asked == "mFmfms");
  REQUIRE_FALSE(disk.keeper.is_full());
  REQUIRE(disk.keeper.next_deadline() == raft::kNever);
}

// W5: the disk is full, in any operation
TEST_CASE("a blocked save is retried once there is a spare, and only then is the disk full no more") {  // [W5]
  // Given a save that finds no space although a spare is there,
  Disk disk;
  disk.spare_is_there = true;
  disk.keeper.ensure_spare();
  disk.keeper.save_blocked(10_ns, "no space");
  REQUIRE(disk.asked == "F");
  REQUIRE(disk.keeper.has_blocked_save());

  // when it is retried in vain, and again,
  disk.keeper.tick(10_ns + kEvery);
  REQUIRE(disk.asked == "Fr");
  disk.keeper.save_blocked(20_ns + kEvery, "no space");
  disk.keeper.tick(20_ns + 2 * kEvery);
  REQUIRE(disk.asked == "Frfr");
  REQUIRE(disk.keeper.is_full());

  // then the replica hears of the space when it is durable.
  disk.keeper.saved();
  REQUIRE(disk.asked == "Frfrs");
  REQUIRE_FALSE(disk.keeper.has_blocked_save());
}

// W5: the disk is full, in any operation
TEST_CASE("a blocked save that has used up the spare waits for another one before the disk counts as free") {  // [W5]
  Disk disk;
  disk.keeper.save_blocked(10_ns, "no space");
  disk.keeper.tick(10_ns + kEvery);
  disk.keeper.spare_made();
  REQUIRE(disk.asked == "Fmr");
  disk.keeper.saved();
  REQUIRE(disk.asked == "Fmrm");
  disk.keeper.spare_made();
  REQUIRE(disk.asked == "Fmrms");
}

}  // namespace skiff::space_keeper_test

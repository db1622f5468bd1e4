// Reading files again: tasks go out one at a time, damage is reported, and a snapshot asked for.
#include "src/replica/scrub_driver.h"

#include <string>

#include "tests/support/catch.h"

namespace skiff::scrub_driver_test {

const ScrubConfig kConfig{.every = 1'000_s, .first = 100_s, .piece_bytes = 1'000, .pause = 1_s, .replace_again = 10_s};

struct Disk final : ScrubActions {
  std::string asked;
  ScrubDriver driver{kConfig, 0_s, *this};

  void scrub(const ScrubSchedule::Task& task) override { asked += task.begins ? "begin " : "piece "; }
  void damage_found(const store::Damage& damage) override { asked += "found " + damage.name + ' '; }
  void damage_removed(const store::Damage& damage) override { asked += "removed " + damage.name + ' '; }
  void replace_damaged(raft::Index at) override { asked += "replace " + std::to_string(at) + ' '; }
};

// D12: files rot while their node runs
TEST_CASE("a task goes out when it is due, and no other before its result", "[D12]") {
  Disk disk;
  disk.driver.tick(99_s);
  REQUIRE(disk.asked.empty());
  disk.driver.tick(100_s);
  disk.driver.tick(200_s);
  REQUIRE(disk.asked == "begin ");
  disk.driver.scrubbed(200_s, {.pass_bytes = 2'000, .is_under_way = true});
  REQUIRE(disk.driver.next_deadline() == 201_s);
  disk.driver.tick(201_s);
  disk.driver.put_off(201_s);
  disk.driver.tick(202_s);
  REQUIRE(disk.asked == "begin piece piece ");
}

// D12: files rot while their node runs
TEST_CASE("damage is reported, then a snapshot is asked for, and again while something is damaged", "[D12]") {
  Disk disk;
  const store::Damage damage{.name = "wal-1", .what = "corrupt"};
  disk.driver.noted(5_s, {.found = {damage}, .is_damaged = true, .replaced_at = 70});
  REQUIRE(disk.asked == "found wal-1 replace 70 ");
  disk.asked.clear();
  disk.driver.tick(15_s);
  disk.driver.scrubbed(15_s, {.is_damaged = true, .replaced_at = 80});
  REQUIRE(disk.asked == "piece replace 80 ");
  disk.asked.clear();
  disk.driver.noted(16_s, {.recovered = {damage}});
  REQUIRE(disk.asked == "removed wal-1 ");
  REQUIRE(disk.driver.counts().recovered == 1);
  REQUIRE(disk.driver.next_deadline() == 100_s);
}

}  // namespace skiff::scrub_driver_test

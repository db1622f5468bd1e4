// When files are read again, how fast, and what is said of it. No clock, no disk.
#include "src/replica/scrub_schedule.h"

#include "tests/support/catch.h"

namespace skiff::scrub_schedule_test {

using store::Damage;
using Scrubbed = store::Snapshots::Scrubbed;

const ScrubConfig kConfig{.every = 1'000_s, .first = 100_s, .piece_bytes = 1'000, .pause = 1_s, .replace_again = 10_s};

Scrubbed begun(uint64_t bytes) { return {.pass_bytes = bytes, .is_under_way = true}; }

// D12: files rot while their node runs
TEST_CASE("a pass begins some time after the start, goes on piece by piece, and comes again", "[D12]") {
  ScrubSchedule schedule(kConfig, 5_s);
  REQUIRE(schedule.next_deadline() == 105_s);
  REQUIRE_FALSE(schedule.due(105_s - 1_ns).has_value());
  auto task = schedule.due(105_s);
  REQUIRE(task->begins);
  REQUIRE(schedule.next_deadline() == raft::kNever);  // the disk has the word
  REQUIRE_FALSE(schedule.due(106_s).has_value());

  schedule.done(107_s, begun(2'000));
  REQUIRE(schedule.counts().is_under_way);
  REQUIRE(schedule.next_deadline() == 108_s);
  task = schedule.due(108_s);
  REQUIRE_FALSE(task->begins);
  REQUIRE(task->bytes == 1'000);
  schedule.done(109_s, {.bytes = 1'000, .is_under_way = true});
  REQUIRE(schedule.due(110_s)->bytes == 1'000);
  schedule.done(111_s, {.bytes = 1'000, .files = 1, .has_ended = true});
  REQUIRE(schedule.counts().passes == 1);
  REQUIRE(schedule.counts().bytes == 2'000);
  REQUIRE(schedule.counts().files == 1);
  REQUIRE(schedule.counts().last_ended == 111_s);
  REQUIRE(schedule.next_deadline() == 1'107_s);  // counted from where this one began
}

// D12: files rot while their node runs
TEST_CASE("what is much is read faster, so that half of the time is enough", "[D12]") {
  ScrubSchedule schedule(kConfig, 0_s);
  schedule.due(100_s);
  schedule.done(100_s, begun(1'000 * 4'999));
  REQUIRE(schedule.next_deadline() == 100_s + 1_s / 10);
}

// D12: files rot while their node runs
TEST_CASE("who has it off never reads anything again", "[D12]") {
  ScrubConfig config = kConfig;
  config.every = 0_s;
  REQUIRE(ScrubSchedule(config, 0_s).next_deadline() == raft::kNever);
}

// D12: files rot while their node runs
TEST_CASE("what is put off comes a pause later, and nothing of it is lost", "[D12]") {
  ScrubSchedule schedule(kConfig, 0_s);
  REQUIRE(schedule.due(100_s)->begins);
  schedule.put_off(100_s);
  REQUIRE(schedule.next_deadline() == 101_s);
  REQUIRE(schedule.due(101_s)->begins);
  schedule.done(101_s, begun(5'000));
  REQUIRE(schedule.due(102_s)->bytes == 1'000);
  schedule.put_off(102_s);
  REQUIRE(schedule.next_deadline() == 103_s);
  REQUIRE(schedule.due(103_s)->bytes == 1'000);
}

// D12: files rot while their node runs
TEST_CASE("damage asks for a snapshot at once, and again while it is there", "[D12]") {
  ScrubSchedule schedule(kConfig, 0_s);
  schedule.due(100_s);
  schedule.done(100_s, begun(2'000));
  const Damage damage{.name = "wal-1", .what = "rotten"};
  Scrubbed found{.bytes = 1'000, .is_under_way = true, .found = {damage}, .is_damaged = true, .replaced_at = 70};
  schedule.due(101_s);
  REQUIRE(schedule.done(101_s, found) == raft::Index{70});
  REQUIRE(schedule.counts().found == 1);
  REQUIRE(schedule.counts().is_damaged);

  // The pass goes on, and ends: it is not said with every piece.
  Scrubbed still{.has_ended = true, .is_damaged = true, .replaced_at = 70};
  schedule.due(102_s);
  REQUIRE_FALSE(schedule.done(102_s, still).has_value());
  REQUIRE(schedule.next_deadline() == 111_s);
  auto task = schedule.due(111_s);
  REQUIRE_FALSE(task->begins);
  REQUIRE(task->bytes == 0);
  still.has_ended = false;
  REQUIRE(schedule.done(111_s, still) == raft::Index{70});
  REQUIRE(schedule.next_deadline() == 121_s);

  // Until it is mended, which comes to light when the snapshot is there.
  REQUIRE_FALSE(schedule.note(112_s, {.recovered = {damage}}).has_value());
  REQUIRE(schedule.counts().recovered == 1);
  REQUIRE_FALSE(schedule.counts().is_damaged);
  REQUIRE(schedule.next_deadline() == 1'100_s);
}

}  // namespace skiff::scrub_schedule_test

// When files are read again, how fast, and what is said of it. No clock, no disk.
#include "src/replica/scrub_schedule.h"

#include "tests/support/catch.h"

namespace skiff::scrub_schedule_test {

using store::Damage;
using Scrubbed = store::Snapshots::Scrubbed;

constexpr uint64_t kS = 1'000'000'000;
const ScrubConfig kConfig{
    .every_ns = 1'000 * kS, .first_ns = 100 * kS, .piece_bytes = 1'000, .pause_ns = kS, .replace_again_ns = 10 * kS};

Scrubbed begun(uint64_t bytes) { return {.pass_bytes = bytes, .is_under_way = true}; }

// D12: files rot while their node runs
TEST_CASE("a pass begins some time after the start, goes on piece by piece, and comes again", "[D12]") {
  ScrubSchedule schedule(kConfig, 5 * kS);
  REQUIRE(schedule.next_deadline() == 105 * kS);
  REQUIRE_FALSE(schedule.due(105 * kS - 1).has_value());
  auto task = schedule.due(105 * kS);
  REQUIRE(task->begins);
  REQUIRE(schedule.next_deadline() == raft::kNever);  // the disk has the word
  REQUIRE_FALSE(schedule.due(106 * kS).has_value());

  schedule.done(107 * kS, begun(2'000));
  REQUIRE(schedule.counts().is_under_way);
  REQUIRE(schedule.next_deadline() == 108 * kS);
  task = schedule.due(108 * kS);
  REQUIRE_FALSE(task->begins);
  REQUIRE(task->bytes == 1'000);
  schedule.done(109 * kS, {.bytes = 1'000, .is_under_way = true});
  REQUIRE(schedule.due(110 * kS)->bytes == 1'000);
  schedule.done(111 * kS, {.bytes = 1'000, .files = 1, .has_ended = true});
  REQUIRE(schedule.counts().passes == 1);
  REQUIRE(schedule.counts().bytes == 2'000);
  REQUIRE(schedule.counts().files == 1);
  REQUIRE(schedule.counts().last_ended_ns == 111 * kS);
  REQUIRE(schedule.next_deadline() == 1'107 * kS);  // counted from where this one began
}

// D12: files rot while their node runs
TEST_CASE("what is much is read faster, so that half of the time is enough", "[D12]") {
  ScrubSchedule schedule(kConfig, 0);
  schedule.due(100 * kS);
  schedule.done(100 * kS, begun(1'000 * 4'999));
  REQUIRE(schedule.next_deadline() == 100 * kS + kS / 10);
}

// D12: files rot while their node runs
TEST_CASE("who has it off never reads anything again", "[D12]") {
  ScrubConfig config = kConfig;
  config.every_ns = 0;
  REQUIRE(ScrubSchedule(config, 0).next_deadline() == raft::kNever);
}

// D12: files rot while their node runs
TEST_CASE("what is put off comes a pause later, and nothing of it is lost", "[D12]") {
  ScrubSchedule schedule(kConfig, 0);
  REQUIRE(schedule.due(100 * kS)->begins);
  schedule.put_off(100 * kS);
  REQUIRE(schedule.next_deadline() == 101 * kS);
  REQUIRE(schedule.due(101 * kS)->begins);
  schedule.done(101 * kS, begun(5'000));
  REQUIRE(schedule.due(102 * kS)->bytes == 1'000);
  schedule.put_off(102 * kS);
  REQUIRE(schedule.next_deadline() == 103 * kS);
  REQUIRE(schedule.due(103 * kS)->bytes == 1'000);
}

// D12: files rot while their node runs
TEST_CASE("damage asks for a snapshot at once, and again while it is there", "[D12]") {
  ScrubSchedule schedule(kConfig, 0);
  schedule.due(100 * kS);
  schedule.done(100 * kS, begun(2'000));
  const Damage damage{.name = "wal-1", .what = "rotten"};
  Scrubbed found{.bytes = 1'000, .is_under_way = true, .found = {damage}, .is_damaged = true, .replaced_at = 70};
  schedule.due(101 * kS);
  REQUIRE(schedule.done(101 * kS, found) == raft::Index{70});
  REQUIRE(schedule.counts().found == 1);
  REQUIRE(schedule.counts().is_damaged);

  // The pass goes on, and ends: it is not said with every piece.
  Scrubbed still{.has_ended = true, .is_damaged = true, .replaced_at = 70};
  schedule.due(102 * kS);
  REQUIRE_FALSE(schedule.done(102 * kS, still).has_value());
  REQUIRE(schedule.next_deadline() == 111 * kS);
  auto task = schedule.due(111 * kS);
  REQUIRE_FALSE(task->begins);
  REQUIRE(task->bytes == 0);
  still.has_ended = false;
  REQUIRE(schedule.done(111 * kS, still) == raft::Index{70});
  REQUIRE(schedule.next_deadline() == 121 * kS);

  // Until it is mended, which comes to light when the snapshot is there.
  REQUIRE_FALSE(schedule.note(112 * kS, {.recovered = {damage}}).has_value());
  REQUIRE(schedule.counts().recovered == 1);
  REQUIRE_FALSE(schedule.counts().is_damaged);
  REQUIRE(schedule.next_deadline() == 1'100 * kS);
}

}  // namespace skiff::scrub_schedule_test

// When files are read again, how fast, and what is said of it. No clock, no disk.
#include "src/replica/scrubbing.h"

#include "tests/support/catch.h"

namespace skiff::scrubbing_test {

using store::Damage;
using Scrubbed = store::Snapshots::Scrubbed;

constexpr uint64_t kS = 1'000'000'000;
const ScrubConfig kConfig{
    .every_ns = 1'000 * kS, .first_ns = 100 * kS, .piece_bytes = 1'000, .pause_ns = kS, .replace_again_ns = 10 * kS};

Scrubbed begun(uint64_t bytes) { return {.pass_bytes = bytes, .is_under_way = true}; }

// D12: files rot while their node runs
TEST_CASE("a pass begins some time after the start, goes on piece by piece, and comes again", "[D12]") {
  Scrubbing scrubbing(kConfig, 5 * kS);
  REQUIRE(scrubbing.next_deadline() == 105 * kS);
  REQUIRE_FALSE(scrubbing.due(105 * kS - 1).has_value());
  auto order = scrubbing.due(105 * kS);
  REQUIRE(order->begins);
  REQUIRE(scrubbing.next_deadline() == raft::kNever);  // the disk has the word
  REQUIRE_FALSE(scrubbing.due(106 * kS).has_value());

  scrubbing.done(107 * kS, begun(2'000));
  REQUIRE(scrubbing.counts().is_under_way);
  REQUIRE(scrubbing.next_deadline() == 108 * kS);
  order = scrubbing.due(108 * kS);
  REQUIRE_FALSE(order->begins);
  REQUIRE(order->bytes == 1'000);
  scrubbing.done(109 * kS, {.bytes = 1'000, .is_under_way = true});
  REQUIRE(scrubbing.due(110 * kS)->bytes == 1'000);
  scrubbing.done(111 * kS, {.bytes = 1'000, .files = 1, .has_ended = true});
  REQUIRE(scrubbing.counts().passes == 1);
  REQUIRE(scrubbing.counts().bytes == 2'000);
  REQUIRE(scrubbing.counts().files == 1);
  REQUIRE(scrubbing.counts().last_ended_ns == 111 * kS);
  REQUIRE(scrubbing.next_deadline() == 1'107 * kS);  // counted from where this one began
}

// D12: files rot while their node runs
TEST_CASE("what is much is read faster, so that half of the time is enough", "[D12]") {
  Scrubbing scrubbing(kConfig, 0);
  scrubbing.due(100 * kS);
  scrubbing.done(100 * kS, begun(1'000 * 4'999));
  REQUIRE(scrubbing.next_deadline() == 100 * kS + kS / 10);
}

// D12: files rot while their node runs
TEST_CASE("who has it off never reads anything again", "[D12]") {
  ScrubConfig config = kConfig;
  config.every_ns = 0;
  REQUIRE(Scrubbing(config, 0).next_deadline() == raft::kNever);
}

// D12: files rot while their node runs
TEST_CASE("what is put off comes a pause later, and nothing of it is lost", "[D12]") {
  Scrubbing scrubbing(kConfig, 0);
  REQUIRE(scrubbing.due(100 * kS)->begins);
  scrubbing.put_off(100 * kS);
  REQUIRE(scrubbing.next_deadline() == 101 * kS);
  REQUIRE(scrubbing.due(101 * kS)->begins);
  scrubbing.done(101 * kS, begun(5'000));
  REQUIRE(scrubbing.due(102 * kS)->bytes == 1'000);
  scrubbing.put_off(102 * kS);
  REQUIRE(scrubbing.next_deadline() == 103 * kS);
  REQUIRE(scrubbing.due(103 * kS)->bytes == 1'000);
}

// D12: files rot while their node runs
TEST_CASE("damage asks for a snapshot at once, and again while it is there", "[D12]") {
  Scrubbing scrubbing(kConfig, 0);
  scrubbing.due(100 * kS);
  scrubbing.done(100 * kS, begun(2'000));
  const Damage damage{.name = "wal-1", .what = "rotten"};
  Scrubbed found{.bytes = 1'000, .is_under_way = true, .found = {damage}, .is_damaged = true, .replaced_at = 70};
  scrubbing.due(101 * kS);
  REQUIRE(scrubbing.done(101 * kS, found) == raft::Index{70});
  REQUIRE(scrubbing.counts().found == 1);
  REQUIRE(scrubbing.counts().is_damaged);

  // The pass goes on, and ends: it is not said with every piece.
  Scrubbed still{.has_ended = true, .is_damaged = true, .replaced_at = 70};
  scrubbing.due(102 * kS);
  REQUIRE_FALSE(scrubbing.done(102 * kS, still).has_value());
  REQUIRE(scrubbing.next_deadline() == 111 * kS);
  auto order = scrubbing.due(111 * kS);
  REQUIRE_FALSE(order->begins);
  REQUIRE(order->bytes == 0);
  still.has_ended = false;
  REQUIRE(scrubbing.done(111 * kS, still) == raft::Index{70});
  REQUIRE(scrubbing.next_deadline() == 121 * kS);

  // Until it is mended, which comes to light when the snapshot is there.
  REQUIRE_FALSE(scrubbing.note(112 * kS, {.recovered = {damage}}).has_value());
  REQUIRE(scrubbing.counts().recovered == 1);
  REQUIRE_FALSE(scrubbing.counts().is_damaged);
  REQUIRE(scrubbing.next_deadline() == 1'100 * kS);
}

}  // namespace skiff::scrubbing_test

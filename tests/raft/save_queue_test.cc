#include "raft/save_queue.h"

#include "tests/support/catch.h"
#include "tests/support/dies.h"

namespace skiff::save_queue_test {

using namespace skiff::raft;

constexpr HardState kFirst{.term = 1, .vote = 1};
constexpr HardState kSecond{.term = 2, .vote = 0};

static Effects hand_over(SaveQueue& saves, HardState hard_state, Time now = 0_s, uint64_t bytes = 0) {
  Effects effects;
  saves.hand_over({.hard_state = hard_state, .handed_at = now, .bytes = bytes}, effects);
  return effects;
}

TEST_CASE("saves are numbered in order, and take along what waits, once") {
  SaveQueue saves({});
  REQUIRE_FALSE(saves.has_unsaved());
  saves.add_hard_state();
  saves.add_restart({.term = 1, .index = 7});
  REQUIRE(saves.has_unsaved());
  REQUIRE(saves.next_number() == 1);

  const Effects first = hand_over(saves, kFirst);
  REQUIRE(first.save == 1);
  REQUIRE(first.hard_state == kFirst);
  REQUIRE(first.restart == LogPosition{.term = 1, .index = 7});
  REQUIRE_FALSE(saves.has_unsaved());

  const Effects second = hand_over(saves, kFirst);  // of entries alone
  REQUIRE(second.save == 2);
  REQUIRE_FALSE(second.hard_state.has_value());
  REQUIRE_FALSE(second.restart.has_value());
}

TEST_CASE("a hard state is durable once its save is confirmed, not before") {
  SaveQueue saves({});
  saves.add_hard_state();
  hand_over(saves, kFirst);
  saves.add_hard_state();
  hand_over(saves, kSecond);
  REQUIRE(saves.durable_hard_state() == HardState{});
  saves.confirmed(1);
  REQUIRE(saves.durable_hard_state() == kFirst);
  REQUIRE_FALSE(saves.is_empty());
  saves.confirmed(2);
  REQUIRE(saves.durable_hard_state() == kSecond);
  REQUIRE(saves.is_empty());
  saves.confirmed(1);  // late
  REQUIRE(saves.durable_hard_state() == kSecond);
}

TEST_CASE("one confirmation stands for all saves before it") {
  SaveQueue saves({});
  for (uint64_t bytes : {10, 20, 30}) hand_over(saves, kFirst, 0_s, bytes);
  REQUIRE(saves.bytes_under_way() == 60);
  saves.confirmed(2);
  REQUIRE(saves.bytes_under_way() == 30);
  saves.confirmed(3);
  REQUIRE(saves.bytes_under_way() == 0);
}

TEST_CASE("the queue is as old as its oldest save") {
  SaveQueue saves({});
  REQUIRE_FALSE(saves.is_older(0_s, 1'000_ns));
  hand_over(saves, kFirst, 100_ns);
  hand_over(saves, kFirst, 150_ns);
  REQUIRE_FALSE(saves.is_older(50_ns, 149_ns));
  REQUIRE(saves.is_older(50_ns, 150_ns));
  saves.confirmed(1);
  REQUIRE_FALSE(saves.is_older(50_ns, 150_ns));
}

TEST_CASE("a confirmation of a save that was never handed over is a mistake of ours") {
  SaveQueue saves({});
  hand_over(saves, kFirst);
  REQUIRE_FALSE(dies_saying([&] { saves.confirmed(2); }).empty());
  REQUIRE(dies_saying([&] { saves.confirmed(1); }).empty());
}

}  // namespace skiff::save_queue_test

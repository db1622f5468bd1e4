#include "src/replica/waiting.h"

#include <memory>

#include "tests/support/catch.h"

namespace skiff::waiting_test {

WaitingWrite write_number(uint64_t number, raft::Time deadline) {
  return {.number = number, .ticket = {}, .deadline = deadline, .command = raft::Payload::of("xyz")};
}

WaitingBarriers::Batch reads(std::initializer_list<raft::Time> deadlines) {
  WaitingBarriers::Batch batch;
  for (raft::Time deadline : deadlines) batch.push_back({.ticket = {}, .deadline = deadline});
  return batch;
}

TEST_CASE("a write that waits is taken once, in any order") {
  WaitingWrites writes;
  for (uint64_t number = 1; number <= 4; ++number)
    writes.add(write_number(writes.next_number(), 100_ns + number * 1_ns));
  REQUIRE(writes.size() == 4);
  REQUIRE(writes.bytes() == 12);

  REQUIRE(writes.take(2)->number == 2);
  REQUIRE_FALSE(writes.take(2));
  REQUIRE(writes.take(1)->number == 1);
  REQUIRE(writes.next_deadline() == 103_ns);
  REQUIRE_FALSE(writes.take(0));
  REQUIRE_FALSE(writes.take(5));
  REQUIRE(writes.next_number() == 5);
  REQUIRE(writes.bytes() == 6);
}

TEST_CASE("writes expire in order, and only when their time has come") {
  WaitingWrites writes;
  for (raft::Time deadline : {10_ns, 20_ns, 20_ns, 30_ns}) writes.add(write_number(writes.next_number(), deadline));
  writes.take(2);

  REQUIRE(writes.take_expired(9_ns).empty());
  auto expired = writes.take_expired(20_ns);
  REQUIRE(expired.size() == 2);
  REQUIRE(expired[0].number == 1);
  REQUIRE(expired[1].number == 3);
  REQUIRE(writes.next_deadline() == 30_ns);
  REQUIRE(writes.take_expired(30_ns).size() == 1);
  REQUIRE(writes.next_deadline() == raft::kNever);
  REQUIRE(writes.bytes() == 0);
}

TEST_CASE("writes are handed out in order, and no more than the window holds") {
  WaitingWrites writes;
  for (int count = 0; count < 5; ++count) writes.add(write_number(writes.next_number(), 100_ns));
  REQUIRE(writes.submit_next(7)->number == 1);
  REQUIRE(writes.submit_next(7)->number == 2);
  REQUIRE(writes.submit_next(7) == nullptr);

  writes.take(1);
  REQUIRE(writes.submit_next(7)->number == 3);
  REQUIRE(writes.submit_next(7) == nullptr);
  REQUIRE(writes.find(3)->submissions == 1);
  REQUIRE(writes.find(4)->submissions == 0);

  writes.resubmit_from(3);
  REQUIRE(writes.submit_next(7)->number == 3);
  REQUIRE(writes.find(3)->submissions == 2);
  writes.resubmit_from(0);
  REQUIRE_FALSE(writes.has_submitted());
  REQUIRE(writes.submit_next(1)->number == 2);  // one may always go
  REQUIRE(writes.submit_next(1) == nullptr);
}

TEST_CASE("what was answered in between is not handed out, and frees its place") {
  WaitingWrites writes;
  for (int count = 0; count < 4; ++count) writes.add(write_number(writes.next_number(), 100_ns));
  writes.take(2);
  REQUIRE(writes.submit_next(100)->number == 1);
  REQUIRE(writes.submit_next(100)->number == 3);
  writes.take(1);
  writes.take(3);
  REQUIRE_FALSE(writes.has_submitted());
  writes.take(4);
  REQUIRE(writes.submit_next(100) == nullptr);
  writes.add(write_number(writes.next_number(), 100_ns));
  REQUIRE(writes.submit_next(100)->number == 5);
}

TEST_CASE("a read waits for its confirmation, then for its index") {
  WaitingBarriers waiting;
  waiting.hold(reads({50_ns, 60_ns}));
  waiting.ask_held({1, 1}, 0_s);
  waiting.confirmed({1, 2}, 7);  // somebody else's
  REQUIRE(waiting.take_ready(100).empty());

  waiting.confirmed({1, 1}, 7);
  REQUIRE(waiting.take_ready(6).empty());
  REQUIRE(waiting.take_ready(7).size() == 2);
  REQUIRE(waiting.take_ready(7).empty());
  REQUIRE(waiting.size() == 0);
}

TEST_CASE("a refused read is held, and its old confirmation counts for nothing") {
  WaitingBarriers waiting;
  waiting.hold(reads({50_ns}));
  waiting.ask_held({1, 1}, 0_s);
  waiting.refused({1, 1});
  REQUIRE(waiting.has_held());

  waiting.ask_held({1, 2}, 5_ns);
  waiting.confirmed({1, 1}, 7);
  REQUIRE(waiting.take_ready(100).empty());
  waiting.confirmed({1, 2}, 8);
  REQUIRE(waiting.take_ready(8).size() == 1);
}

TEST_CASE("reads that were asked long ago are held again") {
  WaitingBarriers waiting;
  for (uint64_t number = 1; number <= 3; ++number) {
    waiting.hold(reads({500_ns}));
    waiting.ask_held({1, number}, number * 10_ns);
  }
  waiting.hold_asked_until(20_ns);
  REQUIRE(waiting.has_held());
  waiting.ask_held({1, 4}, 40_ns);
  waiting.confirmed({1, 4}, 0);
  REQUIRE(waiting.take_ready(0).size() == 2);
}

TEST_CASE("reads expire wherever they wait") {
  WaitingBarriers waiting;
  waiting.hold(reads({10_ns, 90_ns}));
  waiting.ask_held({1, 1}, 0_s);
  waiting.hold(reads({20_ns, 91_ns}));
  waiting.ask_held({1, 2}, 0_s);
  waiting.confirmed({1, 2}, 5);
  waiting.hold(reads({30_ns, 92_ns}));
  REQUIRE(waiting.next_deadline() == 10_ns);

  REQUIRE(waiting.take_expired(9_ns).empty());
  REQUIRE(waiting.take_expired(30_ns).size() == 3);
  REQUIRE(waiting.next_deadline() == 90_ns);
  REQUIRE(waiting.size() == 3);
  REQUIRE(waiting.take_expired(100_ns).size() == 3);
  REQUIRE(waiting.next_deadline() == raft::kNever);
}

}  // namespace skiff::waiting_test

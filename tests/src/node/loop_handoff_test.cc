#include "src/node/loop_handoff.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/support/catch.h"

namespace skiff::loop_handoff_test {

using Turn = LoopHandoff::Turn;

TEST_CASE("without anything to wait for, one thread has all turns") {
  int count = 0;
  LoopHandoff handoff([&] { return ++count < 100 ? Turn::more : Turn::last; });
  REQUIRE(handoff.start().has_value());
  handoff.run();
  REQUIRE(count == 100);
  REQUIRE(handoff.taken_over() == 0);
}

TEST_CASE("a thread that waits too long loses the loop, and has it back when the other waits") {
  // Given a first turn that waits until others are done, and a later one that waits for the first thread,
  std::atomic<int> count{0};
  std::thread::id first, second, third;
  LoopHandoff* self = nullptr;
  auto wait_for = [&](int turn) {
    while (count < turn) std::this_thread::yield();
  };
  LoopHandoff handoff([&] {
    const int number = ++count;
    auto& who = number == 1 ? first : number == 3 ? second : third;
    if (number != 2) who = std::this_thread::get_id();
    // when these wait,
    if (number == 1) return self->release_loop_while([&] { wait_for(3); }) ? Turn::more : Turn::lost;
    if (number == 5) return self->release_loop_while([&] { wait_for(6); }) ? Turn::more : Turn::lost;
    return number < 8 ? Turn::more : Turn::last;
  });
  self = &handoff;
  REQUIRE(handoff.start().has_value());
  handoff.run();

  // then each goes on where the other stood, and neither misses or repeats a turn.
  REQUIRE(count == 8);
  REQUIRE(first != second);
  REQUIRE(third == first);
  REQUIRE(handoff.taken_over() == 2);
}

TEST_CASE("one thread turns at any time, however long each of them waits") {
  std::atomic<bool> is_inside{false};
  std::atomic<int> overlaps{0};
  int count = 0;  // not atomic: the threads must see each other's writes
  LoopHandoff* self = nullptr;
  LoopHandoff handoff([&] {
    if (is_inside.exchange(true)) ++overlaps;
    const int number = ++count;
    is_inside = false;
    const auto wait = std::chrono::microseconds(number % 50 == 0 ? 5'000 : number % 7 == 0 ? 50 : 0);
    const bool is_ours = self->release_loop_while([&] { std::this_thread::sleep_for(wait); });
    if (!is_ours) return Turn::lost;
    return number < 1'000 ? Turn::more : Turn::last;
  });
  self = &handoff;
  REQUIRE(handoff.start().has_value());
  handoff.run();
  REQUIRE(overlaps == 0);
  REQUIRE(count >= 1'000);
  REQUIRE(handoff.taken_over() > 0);
}

}  // namespace skiff::loop_handoff_test

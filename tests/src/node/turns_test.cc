#include "src/node/turns.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/support/catch.h"

namespace skiff::turns_test {

using Turn = Turns::Turn;

TEST_CASE("without anything to wait for, one thread has all turns") {
  int count = 0;
  Turns turns([&] { return ++count < 100 ? Turn::more : Turn::last; });
  REQUIRE(turns.start().has_value());
  turns.run();
  REQUIRE(count == 100);
  REQUIRE(turns.taken_over() == 0);
}

TEST_CASE("who waits too long loses the loop, and has it back when the other waits") {
  // Given a first turn that waits until others have been taken, and a later one that waits for the first thread,
  std::atomic<int> count{0};
  std::thread::id first, second, third;
  Turns* self = nullptr;
  auto wait_for = [&](int turn) {
    while (count < turn) std::this_thread::yield();
  };
  Turns turns([&] {
    const int number = ++count;
    auto& who = number == 1 ? first : number == 3 ? second : third;
    if (number != 2) who = std::this_thread::get_id();
    // when it does,
    if (number == 1) return self->step_aside([&] { wait_for(3); }) ? Turn::more : Turn::lost;
    if (number == 5) return self->step_aside([&] { wait_for(6); }) ? Turn::more : Turn::lost;
    return number < 8 ? Turn::more : Turn::last;
  });
  self = &turns;
  REQUIRE(turns.start().has_value());
  turns.run();

  // then each goes on where the other stood, and neither misses or repeats a turn.
  REQUIRE(count == 8);
  REQUIRE(first != second);
  REQUIRE(third == first);
  REQUIRE(turns.taken_over() == 2);
}

TEST_CASE("one thread turns at any time, however long each of them waits") {
  std::atomic<bool> is_inside{false};
  std::atomic<int> overlaps{0};
  int count = 0;  // of no atomic: the threads must see each other's
  Turns* self = nullptr;
  Turns turns([&] {
    if (is_inside.exchange(true)) ++overlaps;
    const int number = ++count;
    is_inside = false;
    const auto wait = std::chrono::microseconds(number % 50 == 0 ? 5'000 : number % 7 == 0 ? 50 : 0);
    const bool is_ours = self->step_aside([&] { std::this_thread::sleep_for(wait); });
    if (!is_ours) return Turn::lost;
    return number < 1'000 ? Turn::more : Turn::last;
  });
  self = &turns;
  REQUIRE(turns.start().has_value());
  turns.run();
  REQUIRE(overlaps == 0);
  REQUIRE(count >= 1'000);
  REQUIRE(turns.taken_over() > 0);
}

}  // namespace skiff::turns_test

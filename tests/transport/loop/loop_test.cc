#include "transport/loop/loop.h"

#include <csignal>
#include <future>
#include <memory>
#include <optional>
#include <thread>

#include "tests/support/catch.h"
#include "transport/loop/async_queue.h"

namespace skiff::loop_test {

using namespace transport;

struct Flushed final : Loop::Flushable {
  explicit Flushed(Loop& on) : loop(on) {}
  void flush() override {
    ++times;
    if (then) then();
  }
  Loop& loop;
  int times = 0;
  std::function<void()> then;
};

TEST_CASE("a loop with nothing to do ends") {
  Loop loop;
  loop.run();
  REQUIRE_FALSE(loop.run_once());
  REQUIRE_FALSE(loop.run_nowait());
}

TEST_CASE("a loop is run for a while, and says whether it has come to its end") {
  Loop loop;
  std::promise<void> end;
  uv_work_t work{};  // like a look-up of a name: it cannot be cancelled once it runs
  work.data = &end;
  const auto wait = [](uv_work_t* request) { static_cast<std::promise<void>*>(request->data)->get_future().wait(); };
  REQUIRE(uv_queue_work(loop.uv(), &work, wait, [](uv_work_t*, int) {}) == 0);
  REQUIRE_FALSE(loop.run_for(20_ms));
  end.set_value();
  REQUIRE(loop.run_for(20_s));
}

TEST_CASE("a timer calls back once and never early") {
  Loop loop;
  int calls = 0;
  Timer timer(loop, [&] { ++calls; });
  const raft::Time started = loop.now();
  timer.start(1'500_us);
  loop.run();
  REQUIRE(calls == 1);
  REQUIRE(loop.now() - started >= 1'500_us);
}

TEST_CASE("a timer for a time that never comes does not expire at once") {
  Loop loop;
  bool rang = false;
  Timer never(loop, [&] { rang = true; });
  never.start(raft::kNever);
  Timer soon(loop, [&] { never.stop(); });
  soon.start(1_ms);
  loop.run();
  REQUIRE_FALSE(rang);
}

TEST_CASE("a timer repeats until it is stopped or destroyed") {
  Loop loop;
  int calls = 0;
  auto timer = std::make_unique<Timer>(loop, [] {});
  SECTION("stopped by its own callback") {
    timer = std::make_unique<Timer>(loop, [&] {
      if (++calls == 3) timer->stop();
    });
    timer->repeat(1_ms);
  }
  SECTION("destroyed by its own callback") {
    auto alive = std::make_shared<int>(3);
    timer = std::make_unique<Timer>(loop, [&calls, &timer, alive] {
      if (++calls == *alive) timer.reset();
      REQUIRE(*alive == 3);  // what the callback holds outlives the timer until it returns
    });
    timer->repeat(1_ms);
  }
  loop.run();
  REQUIRE(calls == 3);
  timer.reset();
}

TEST_CASE("a timer may be started again by its own callback") {
  Loop loop;
  int calls = 0;
  std::optional<Timer> timer;
  timer.emplace(loop, [&] {
    if (++calls < 3) timer->start(0_s);
  });
  timer->start(0_s);
  loop.run();
  REQUIRE(calls == 3);
}

TEST_CASE("a signal calls back and may destroy itself") {
  Loop loop;
  int calls = 0;
  std::unique_ptr<Signal> signal;
  signal = std::make_unique<Signal>(loop, SIGUSR1, [&] {
    ++calls;
    signal.reset();
  });
  ::raise(SIGUSR1);
  loop.run();
  REQUIRE(calls == 1);
}

TEST_CASE("an object that asked for a flush is flushed before the loop waits, even when nothing else is alive") {
  Loop loop;
  Flushed one(loop);
  SECTION("asked outside") {
    loop.flush_later(&one);
    loop.run();
    REQUIRE(one.times == 1);
  }
  SECTION("asked by a timer, in the same turn") {
    Timer timer(loop, [&] { loop.flush_later(&one); });
    Timer an_hour(loop, [] { FAIL("waited with output at hand"); });
    one.then = [&] { an_hour.stop(); };
    an_hour.start(1_h);
    timer.start(0_s);
    loop.run();
    REQUIRE(one.times == 1);
  }
  SECTION("asked by another flush") {
    Flushed two(loop);
    one.then = [&] { loop.flush_later(&two); };
    loop.flush_later(&one);
    loop.run_nowait();
    REQUIRE(two.times == 1);
  }
}

TEST_CASE("a last flush comes after all others, and after those that they ask for") {
  Loop loop;
  Flushed client(loop), peer(loop), stream(loop);
  std::string order;
  client.then = [&] {
    order += "client ";
    if (client.times == 1) loop.flush_later(&stream);
  };
  peer.then = [&] {
    order += "peer ";
    if (peer.times == 1) loop.flush_later(&peer);
  };
  stream.then = [&] {
    order += "stream ";
    if (stream.times == 1) loop.flush_last(&client);
  };
  loop.flush_last(&client);
  loop.flush_later(&peer);
  loop.run();
  REQUIRE(order == "peer peer client stream client ");
  Flushed gone(loop);
  loop.flush_last(&gone);
  loop.cancel_flush(&gone);
  loop.run();
  REQUIRE(gone.times == 0);
}

TEST_CASE("a hook is called in every turn, and lets the loop wait unless there is more to do") {
  Loop loop;
  int turns = 0;
  std::optional<TurnHook> hook;
  hook.emplace(loop, [&] {
    if (++turns == 100) hook->stay_awake(false);
  });
  bool has_rung = false;
  Timer timer(loop, [&] { has_rung = true; });
  timer.start(100_h);  // far away: only a loop that does not wait comes to its hundredth turn
  hook->stay_awake(true);
  while (turns < 100) loop.run_once();
  REQUIRE_FALSE(has_rung);
  timer.stop();
  loop.run();  // the hook keeps nothing alive
  hook.reset();
  loop.run();
}

TEST_CASE("a loop may end with flushes that were cancelled") {
  Loop loop;
  Flushed one(loop);
  loop.flush_later(&one);
  loop.cancel_flush(&one);
}

TEST_CASE("a flush that is cancelled does not happen") {
  Loop loop;
  Flushed one(loop);
  Flushed two(loop);
  SECTION("before") {
    loop.flush_later(&one);
    loop.flush_later(&two);
    loop.cancel_flush(&one);
  }
  SECTION("while another is flushed") {
    two.then = [&] { loop.cancel_flush(&one); };
    loop.flush_later(&two);
    loop.flush_later(&one);
  }
  loop.run();
  REQUIRE(one.times == 0);
  REQUIRE(two.times == 1);
}

TEST_CASE("a signal that is raised often wakes the loop once, and one that is destroyed does not wake it") {
  Loop loop;
  int woken = 0;
  auto signal = std::make_unique<AsyncSignal>(loop, [&] { ++woken; });
  for (int count = 0; count < 3; ++count) signal->raise();
  loop.run_once();
  REQUIRE(woken == 1);
  signal->raise_here();
  signal->raise_here();
  loop.run_once();
  REQUIRE(woken == 2);
  signal->raise();
  signal->raise_here();
  signal.reset();
  loop.run();
  REQUIRE(woken == 2);
}

TEST_CASE("work that a signal leaves over waits for the next turn, behind what is ready then") {
  Loop loop;
  std::vector<std::string> order;
  std::unique_ptr<AsyncSignal> signal;
  std::unique_ptr<AsyncQueue<int>> queue;
  queue = std::make_unique<AsyncQueue<int>>(loop, [&](std::vector<int>&&) { order.push_back("queue"); });
  signal = std::make_unique<AsyncSignal>(loop, [&] {
    order.push_back("signal");
    if (order.size() > 1) return;
    signal->raise();
    queue->push_here(1);
  });
  signal->raise_here();
  while (order.size() < 3) loop.run_once();
  REQUIRE(order == std::vector<std::string>{"signal", "queue", "signal"});
  signal.reset();
  queue.reset();
  loop.run();
}

TEST_CASE("an async queue drains everything that waits as one batch, in order") {
  Loop loop;
  std::vector<std::vector<int>> batches;
  std::unique_ptr<AsyncQueue<int>> queue;
  queue =
      std::make_unique<AsyncQueue<int>>(loop, [&](std::vector<int>&& batch) { batches.push_back(std::move(batch)); });
  for (int number = 0; number < 3; ++number) queue->push(number);
  REQUIRE(queue->size() == 3);
  loop.run_once();
  REQUIRE(batches == std::vector<std::vector<int>>{{0, 1, 2}});
  REQUIRE(queue->size() == 0);
  queue.reset();
  loop.run();
}

TEST_CASE("items that a drain pushes to its own queue are the next batch") {
  Loop loop;
  std::vector<size_t> sizes;
  std::unique_ptr<AsyncQueue<int>> queue;
  queue = std::make_unique<AsyncQueue<int>>(loop, [&](std::vector<int>&& batch) {
    sizes.push_back(batch.size());
    if (sizes.size() == 1) queue->push(7);
    REQUIRE(sizes.size() <= 2);
  });
  queue->push(1);
  queue->push(2);
  while (sizes.size() < 2) loop.run_once();
  REQUIRE(sizes == std::vector<size_t>{2, 1});
  queue.reset();
  loop.run();
}

TEST_CASE("an async queue takes pushes from other threads and loses none") {
  constexpr int kEach = 10'000;
  Loop loop;
  int taken = 0;
  std::unique_ptr<AsyncQueue<int>> queue;
  queue = std::make_unique<AsyncQueue<int>>(loop,
                                            [&](std::vector<int>&& batch) { taken += static_cast<int>(batch.size()); });
  const auto push_many = [&] {
    for (int count = 0; count < kEach; ++count) queue->push(count);
  };
  std::thread one(push_many);
  std::thread two(push_many);
  while (taken < 2 * kEach) loop.run_once();
  one.join();
  two.join();
  REQUIRE(taken == 2 * kEach);
  queue.reset();
  loop.run();
}

TEST_CASE(
    "items that the loop's callbacks push are drained before the loop waits again, and so are their consequences") {
  Loop loop;
  std::vector<std::string> order;
  std::unique_ptr<AsyncQueue<int>> second;
  std::unique_ptr<AsyncQueue<int>> first;
  second = std::make_unique<AsyncQueue<int>>(
      loop, [&](std::vector<int>&& batch) { order.push_back("second " + std::to_string(batch.size())); });
  first = std::make_unique<AsyncQueue<int>>(loop, [&](std::vector<int>&& batch) {
    order.push_back("first " + std::to_string(batch.size()));
    second->push_here(1);
    second->push_here(2);
  });
  Timer timer(loop, [&] {
    first->push_here(1);
    first->push_here(2);
    order.push_back("pushed");
  });
  timer.start(0_s);
  while (order.empty()) loop.run_nowait();
  REQUIRE(order == std::vector<std::string>{"pushed", "first 2", "second 2"});
  first.reset();
  second.reset();
}

TEST_CASE("a queue that feeds itself does not keep the loop from its sockets and timers") {
  Loop loop;
  bool has_rung = false;
  uint64_t drained = 0;
  std::unique_ptr<AsyncQueue<int>> queue;
  queue = std::make_unique<AsyncQueue<int>>(loop, [&](std::vector<int>&&) {
    ++drained;
    if (!has_rung && drained < 1'000'000) queue->push_here(1);
  });
  Timer timer(loop, [&] { has_rung = true; });
  timer.start(3_ms);
  queue->push_here(1);
  while (queue->size() > 0) loop.run_once();
  REQUIRE(has_rung);
  REQUIRE(drained > 2);
  queue.reset();
}

TEST_CASE("a queue that goes away with something in it is drained no more") {
  Loop loop;
  bool has_drained = false;
  auto queue = std::make_unique<AsyncQueue<int>>(loop, [&](std::vector<int>&&) { has_drained = true; });
  queue->push_here(1);
  queue.reset();
  loop.run();
  REQUIRE_FALSE(has_drained);
}

}  // namespace skiff::loop_test

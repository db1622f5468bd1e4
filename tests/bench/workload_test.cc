#include "bench/workload.h"

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/workload_world.h"
#include "tests/support/catch.h"
#include "transport/loop/listener.h"

namespace skiff::bench::workload_test {

using loop_world::run_until;
using workload_world::World;

TEST_CASE("an open loop charges a stall to every request that it holds up") {
  World world;
  world.plan.rate = 1000;
  world.plan.duration = 3_s;
  world.plan.clients = 4;
  world.start();
  run_until(world.loop, [&] { return world.workload->in_flight() > 0; });

  for (uint64_t ms = 0; ms <= 3000; ++ms) {  // the server stands still from 1000 to 2000
    world.answers_at_once = ms < 1000 || ms >= 2000;
    if (ms > 0) world.move_to_ms(ms);
    if (world.answers_at_once) {
      world.answer_all();
      run_until(world.loop, [&] { return world.workload->in_flight() == 0; });
    } else {
      world.settle();
    }
  }

  // 2000 were answered at once; of those planned in the stall, the one at 1000 waited 1000 ms, the last 1 ms.
  const Tally& tally = world.workload->tally();
  REQUIRE(world.workload->is_done());
  REQUIRE(tally.put.successes() == 3000);
  REQUIRE(tally.put.latency.at(2000.0 / 3000) == 0);
  for (const uint64_t ms : {1u, 100u, 500u, 900u, 1000u}) {
    const double quantile = (2000.0 + static_cast<double>(ms)) / 3000;
    const double shown = static_cast<double>(tally.put.latency.at(quantile - 1e-9));
    REQUIRE(shown >= static_cast<double>((ms * 1_ms).ns()));
    REQUIRE(shown <= static_cast<double>((ms * 1_ms).ns()) * 1.001);
  }
  // A closed loop would have told of the four that were on their way.
  REQUIRE(tally.service.at(0.99) == 0);
  REQUIRE(tally.service.at(1 - 4.0 / 3000) == 0);
  REQUIRE(tally.service.max_ns() >= (990_ms).ns());
}

TEST_CASE("a closed loop shows a stall in as many requests as it has clients") {
  World world;
  world.plan.duration = 3_s;
  world.plan.clients = 4;
  world.start();

  for (uint64_t ms = 0; ms < 3000; ++ms) {
    world.move_to_ms(ms);
    world.settle();
    if (ms < 1000 || ms >= 2000) world.answer_all();
  }
  world.answers_at_once = true;
  world.answer_all();
  world.move_to_ms(3000);
  world.run_to_the_end();

  const Tally& tally = world.workload->tally();
  REQUIRE(tally.put.latency.at(0.999) <= (2_ms).ns());
  REQUIRE(tally.put.latency.max_ns() >= (999_ms).ns());
  const auto bars = tally.put.latency.bars(10);
  REQUIRE(bars.back().count == 4);
}

TEST_CASE("errors are counted by class, 503 and 504 apart") {
  World world;
  world.plan.count = 6;
  world.start();

  for (const int status : {204, 503, 504, 503, 500, 404}) {
    world.settle();
    world.answer(status);
  }
  world.run_to_the_end();

  REQUIRE(world.ends(End::done) == 1);
  REQUIRE(world.ends(End::refused) == 2);
  REQUIRE(world.ends(End::unknown) == 1);
  REQUIRE(world.ends(End::rejected) == 2);  // 404 is no answer to a PUT
  REQUIRE(world.workload->tally().put.latency.count() == 1);
}

TEST_CASE("a GET of a key that is not there is an answer") {
  World world;
  world.plan.put_percent = 0;
  world.plan.count = 1;
  world.start();
  world.settle();
  world.answer(404);
  world.run_to_the_end();
  REQUIRE(world.ends(End::missing) == 1);
  REQUIRE(world.workload->tally().get.failures() == 0);
}

TEST_CASE("nothing is tried again unless it was asked for") {
  World world;
  world.plan.count = 1;
  world.start();
  world.settle();
  world.answer(503);
  world.run_to_the_end();
  REQUIRE(world.asked.size() == 1);
}

TEST_CASE("the latency of a request that is tried again counts from its first try") {
  World world;
  world.plan.count = 1;
  world.plan.retries = 2;
  world.plan.retry_wait = 10_ms;
  world.start();

  for (const uint64_t ms : {0u, 10u}) {
    world.settle();
    world.answer(503);
    run_until(world.loop, [&] { return world.workload->in_flight() == 0; });
    world.move_to_ms(ms + 9);
    REQUIRE(world.workload->in_flight() == 0);
    world.move_to_ms(ms + 10);
  }
  world.settle();
  world.answer(204);
  world.run_to_the_end();

  REQUIRE(world.asked == std::vector<std::string>(3, world.asked[0]));
  REQUIRE(world.workload->tally().retried == 2);
  REQUIRE(world.ends(End::done) == 1);
  REQUIRE(world.workload->tally().put.latency.max_ns() == (20_ms).ns());
}

TEST_CASE("a pipeline has as many requests in flight as it is deep, and answers find theirs") {
  World world;
  world.plan.depth = 8;
  world.plan.count = 8;
  world.start();
  run_until(world.loop, [&] { return world.held.size() == 8; });

  for (uint64_t ms = 1; ms <= 8; ++ms) {
    world.move_to_ms(ms);
    world.answer(204);
    run_until(world.loop, [&] { return world.workload->in_flight() == 8 - ms; });
  }

  for (uint64_t ms = 1; ms <= 8; ++ms) {
    const uint64_t shown = world.workload->tally().put.latency.at(static_cast<double>(ms) / 8);
    REQUIRE(shown / 100'000 == ms * 10);
  }
}

TEST_CASE("a request that is not answered in time ends so, and its connection with it") {
  World world;
  world.plan.count = 1;
  world.plan.timeout = 500_ms;
  world.start();
  world.settle();
  world.move_to_ms(499);
  REQUIRE_FALSE(world.workload->is_done());
  world.move_to_ms(500);
  REQUIRE(world.workload->is_done());
  REQUIRE(world.ends(End::timed_out) == 1);
}

TEST_CASE("requests that were planned and never sent are told") {
  World world;
  world.plan.rate = 10;
  world.plan.duration = 1_s;
  world.plan.timeout = 5_s;
  world.start();
  world.settle();
  world.move_to_ms(4999);
  REQUIRE_FALSE(world.workload->is_done());
  world.move_to_ms(6000);
  REQUIRE(world.workload->is_done());
  REQUIRE(world.ends(End::timed_out) == 1);
  REQUIRE(world.ends(End::never_sent) == 9);
}

TEST_CASE("requests in the warm-up of a workload do not count") {
  World world;
  world.plan.rate = 10;
  world.plan.warm_up = 1_s;
  world.plan.duration = 1_s;
  world.answers_at_once = true;
  world.start();
  run_until(world.loop, [&] { return world.asked.size() == 1 && world.workload->in_flight() == 0; });
  world.move_to_ms(2000);
  world.run_to_the_end();
  REQUIRE(world.asked.size() == 20);
  REQUIRE(world.workload->tally().put.successes() == 10);
}

TEST_CASE("clients are spread over the nodes") {
  World world;
  World other;  // its loop stands still, so it accepts, and answers nothing
  world.plan.nodes.push_back(other.plan.nodes[0]);
  world.plan.clients = 4;
  world.plan.count = 100;
  world.start();
  run_until(world.loop, [&] { return world.workload->in_flight() == 4 && world.held.size() == 2; });
  world.workload->interrupt();
}

TEST_CASE("when a connection breaks, its requests have, and another is made") {
  World world;
  std::vector<std::unique_ptr<transport::Stream>> streams;
  bool is_rude = true;
  auto rude =
      transport::Listener::open(world.loop, loop_world::kAnyPort, [&](std::unique_ptr<transport::Stream> stream) {
        if (is_rude) streams.clear();  // closes the earlier connections
        streams.push_back(std::move(stream));
        streams.back()->start({.received = [&](std::string_view) { streams.clear(); },
                               .closed = [](const std::string&) {},
                               .drained = nullptr,
                               .ended = nullptr});
      });
  world.plan.nodes = {{"127.0.0.1", (*rude)->port()}, world.plan.nodes[0]};
  world.plan.count = 2;
  world.start();
  run_until(world.loop, [&] { return world.ends(End::broken) == 1; });

  world.move_to_ms(1000);  // time to dial the next of the list
  world.settle();
  world.answer(204);
  world.run_to_the_end();

  REQUIRE(world.ends(End::done) == 1);
  rude->reset();
  streams.clear();
}

TEST_CASE("when no node can be reached the run ends with the reason") {
  World world;
  {
    auto gone = transport::Listener::open(world.loop, loop_world::kAnyPort, [](std::unique_ptr<transport::Stream>) {});
    world.plan.nodes = {{"127.0.0.1", (*gone)->port()}};
  }
  world.start();
  world.run_to_the_end();
  REQUIRE_FALSE(world.result->has_value());
  REQUIRE(world.result->error().what.find("connection refused") != std::string::npos);
}

TEST_CASE("progress is told interval by interval, and adds up") {
  World world;
  world.plan.rate = 100;
  world.plan.duration = 1_s;
  world.plan.interval = 250_ms;
  world.answers_at_once = true;
  world.start();
  run_until(world.loop, [&] { return world.asked.size() == 1 && world.workload->in_flight() == 0; });
  for (uint64_t ms = 10; ms <= 1000; ms += 10) {
    world.move_to_ms(ms);
    run_until(world.loop, [&] { return world.workload->in_flight() == 0; });
  }
  REQUIRE(world.intervals.size() == 4);
  uint64_t done = 0;
  for (const Interval& interval : world.intervals) done += interval.done;
  REQUIRE(done == 100);
}

TEST_CASE("an alarm rings once, and not when it was stopped") {
  transport::Loop loop;
  int rung = 0;
  {
    Alarm alarm(loop, [&] { ++rung; });
    alarm.start(1_us);
    run_until(loop, [&] { return rung == 1; });
    alarm.start(1_ms);
    alarm.stop();
    Alarm later(loop, [&] { rung += 10; });
    later.start(2_ms);
    run_until(loop, [&] { return rung >= 10; });
  }
  loop.run();
  REQUIRE(rung == 11);
}

}  // namespace skiff::bench::workload_test

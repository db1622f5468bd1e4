// The report of a run whose server cannot keep up, or does not run.
#include <memory>
#include <string>

#include "tests/bench/workload_world.h"
#include "tests/support/catch.h"
#include "transport/loop/listener.h"

namespace skiff::bench::overload_test {

using loop_world::run_until;
using workload_world::World;

TEST_CASE("an overloaded server's rate is what it did, also while it worked off the warm-up's backlog") {
  World world;
  world.plan.rate = 100;  // where the server does one in 50 ms
  world.plan.warm_up = 1_s;
  world.plan.duration = 1_s;
  world.plan.timeout = 1_s;
  world.start();
  for (uint64_t ms = 50; !world.workload->is_done(); ms += 50) {
    world.settle();
    world.move_to_ms(ms);
    if (world.workload->is_done()) break;
    world.answer(204);
  }

  const Tally& tally = world.workload->tally();
  REQUIRE(tally.seconds == 1);
  REQUIRE(tally.done_in_time == 21);  // those of 1000, 1050, ... 2000 ms, all of the warm-up
  REQUIRE(tally.put.planned() == 100);
  REQUIRE(tally.planned_rate() == 100);
  REQUIRE(tally.put.successes() == 0);  // 60 of the 200 were answered, 100 of which the warm-up had planned
  REQUIRE(world.ends(End::never_sent) + world.ends(End::timed_out) == 100);
  REQUIRE(tally.drained_s == 1);
  REQUIRE(tally.verdict().has_value());
}

TEST_CASE("a request that was planned in time counts when it is answered after the end, and the rate without it") {
  World world;
  world.plan.rate = 10;
  world.plan.duration = 1_s;
  world.start();
  world.settle();
  world.move_to_ms(1000);
  world.answers_at_once = true;
  world.move_to_ms(1500);
  world.answer_all();
  world.run_to_the_end();

  const Tally& tally = world.workload->tally();
  REQUIRE(tally.put.successes() == 10);
  REQUIRE(tally.done_in_time == 0);
  REQUIRE(tally.rate() == 0);
  REQUIRE(tally.planned_rate() == 10);
  REQUIRE(raft::Time::of_ns(tally.put.latency.max_ns()).ms() == 1500);
}

TEST_CASE("a node where no process listens is counted and named, and the others are asked") {
  World world;
  uint16_t port = 0;
  {
    auto gone = transport::Listener::open(world.loop, loop_world::kAnyPort, [](std::unique_ptr<transport::Stream>) {});
    port = (*gone)->port();
  }
  world.plan.nodes.push_back({"127.0.0.1", port});
  world.plan.clients = 4;
  world.plan.count = 10;
  world.answers_at_once = true;
  world.start();
  world.run_to_the_end();

  const Tally& tally = world.workload->tally();
  REQUIRE(tally.put.successes() == 10);
  REQUIRE(tally.failed_connects == 2);
  REQUIRE(tally.why_not_connected == "127.0.0.1:" + std::to_string(port) + ": connect: connection refused");
  REQUIRE(tally.verdict().has_value());
}

TEST_CASE("a run whose nodes all go ends early, and comes to nothing") {
  World world;
  world.plan.rate = 10;
  world.plan.duration = 10_s;
  world.plan.timeout = 1_s;
  world.answers_at_once = true;
  world.start();
  run_until(world.loop, [&] { return world.asked.size() == 1 && world.workload->in_flight() == 0; });
  world.server.reset();
  world.move_to_ms(500);
  run_until(world.loop, [&] { return world.ends(End::broken) == 1; });
  world.move_to_ms(1600);
  world.run_to_the_end();

  const Tally& tally = world.workload->tally();
  REQUIRE(tally.put.successes() == 1);
  REQUIRE_FALSE(tally.verdict().has_value());
  REQUIRE(tally.verdict().error().what.find("no node could be reached for 1.00 s") != std::string::npos);
  REQUIRE(tally.put.planned() == 17);  // of the 1.6 s that it lasted
  REQUIRE(tally.seconds == 1.6);
}

TEST_CASE("a run in which no request succeeds comes to nothing") {
  World world;
  world.plan.count = 3;
  world.start();
  for (int request = 0; request < 3; ++request) {
    world.settle();
    world.answer(503);
  }
  world.run_to_the_end();
  REQUIRE(world.workload->tally().verdict().error().what == "no request succeeded");
}

}  // namespace skiff::bench::overload_test

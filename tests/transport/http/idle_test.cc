// At the limit of connections: who gives way to whom.

#include "tests/support/catch.h"
#include "tests/transport/http/http_world.h"

namespace skiff::http_idle_test {

using namespace http_world;

HttpLimits three_connections() {
  HttpLimits limits;
  limits.connections_max = 3;
  return limits;
}

// Asks, and waits for the answer.
void use(World& world, Client& client) {
  const size_t before = client.count("200 OK");
  client.stream->write(get("/used"));
  world.until([&] { return client.count("200 OK") == before + 1; });
  for (int turn = 0; turn < 3; ++turn) world.loop.run_nowait();
}

TEST_CASE("at the limit of connections the one that has been idle longest gives way to the new one") {
  World world(three_connections());
  world.echo();
  Client& first = world.connect();
  Client& second = world.connect();
  Client& third = world.connect();
  world.until([&] { return world.server->connections_open() == 3; });
  use(world, first);
  use(world, third);
  Client& fourth = world.connect();
  world.until([&] { return second.is_closed; });
  REQUIRE_FALSE(second.was_reset);
  use(world, fourth);
  Client& fifth = world.connect();
  world.until([&] { return first.is_closed; });
  use(world, fifth);
  use(world, third);
  REQUIRE(world.server->counters().connections_gave_way == 2);
  REQUIRE(world.server->counters().connections_turned_away == 0);
  REQUIRE(world.server->connections_open() == 3);
}

TEST_CASE("connections that have a request under way, or a part of one, do not give way") {
  World world(three_connections());
  Client& under_way = world.say(get("/0"));
  Client& half = world.say("PUT /half HTTP/1.1\r\nContent-Le");
  world.until([&] { return world.asked.size() == 1; });
  for (int turn = 0; turn < 3; ++turn) world.loop.run_nowait();
  std::vector<Client*> idle;
  for (int count = 0; count < 10; ++count) {
    idle.push_back(&world.connect());
    world.until([&] { return idle.size() < 2 || idle[idle.size() - 2]->is_closed; });
  }
  REQUIRE(world.server->counters().connections_gave_way == 9);
  REQUIRE(world.server->counters().connections_turned_away == 0);
  world.answer(0, "<0>");
  half.stream->write("ngth: 1\r\nHost: h\r\n\r\nx");
  world.until([&] { return world.asked.size() == 2; });
  world.answer(1, "<1>");
  world.until([&] { return under_way.heard.ends_with("<0>") && half.heard.ends_with("<1>"); });
}

TEST_CASE("a request that has arrived and was not read yet is not lost by giving way") {
  HttpLimits limits;
  limits.connections_max = 1;
  World world(limits);
  world.echo();
  Client& first = world.connect();
  world.until([&] { return world.server->connections_open() == 1; });
  first.stream->write(get("/first"));
  Client& second = world.clients.emplace_back();
  second.connect(world.loop, world.server->port());  // both come in the same turn
  world.until([&] { return first.heard.ends_with("/first") || first.is_closed; });
  REQUIRE(first.heard.ends_with("/first"));
}

TEST_CASE("connections that were told 503 do not count towards the limit") {
  HttpLimits limits = three_connections();
  limits.linger = 1_h;
  World world(limits);
  std::vector<Client*> busy;
  for (size_t count = 0; count < 3; ++count) busy.push_back(&world.say(get("/busy")));
  world.until([&] { return world.asked.size() == 3; });
  for (uint64_t count = 1; count <= 2; ++count) {
    world.connect().stream->pause_reading();  // so that they do not close it themselves
    world.until([&] { return world.server->counters().connections_turned_away == count; });
  }
  REQUIRE(world.server->connections_open() == 5);
  world.answer(0, "<0>");
  world.until([&] { return busy[0]->heard.ends_with("<0>"); });
  busy[0]->stream.reset();
  world.until([&] { return world.server->connections_open() == 4; });
  world.say(get("/new"));
  world.until([&] { return world.asked.size() == 4; });
  REQUIRE(world.server->counters().connections_turned_away == 2);
}

}  // namespace skiff::http_idle_test

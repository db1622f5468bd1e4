#include "transport/http/limits.h"

#include <dirent.h>
#include <malloc.h>

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/transport/http/http_world.h"

namespace skiff::http_limits_test {

using namespace http_world;

size_t open_descriptors() {
  size_t count = 0;
  DIR* directory = ::opendir("/proc/self/fd");
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

TEST_CASE("a client that never stops sending is cut off") {
  HttpLimits limits;
  limits.linger_bytes_max = 100'000;
  limits.linger = 1_h;
  World world(limits);
  Client& client = world.say("rubbish\r\n\r\n" + std::string(30'000'000, 'x'));
  world.until([&] { return world.server->connections_open() == 0; });
  world.until([&] { return client.is_closed; });
}

TEST_CASE("no more requests are taken than may wait, and the rest comes when there is room") {
  HttpLimits limits;
  limits.unanswered_max = 3;
  World world(limits);
  std::string many;
  for (int number = 0; number < 10; ++number) many += get("/" + std::to_string(number));
  Client& client = world.say(many);
  world.until([&] { return world.asked.size() == 3; });
  for (int turn = 0; turn < 5; ++turn) world.loop.run_nowait();
  REQUIRE(world.asked.size() == 3);
  for (size_t which = 0; which < 10; ++which) {
    world.until([&] { return world.asked.size() > which; });
    REQUIRE(world.asked.size() <= which + 3);
    world.answer(which, "<" + std::to_string(which) + ">");
  }
  world.until([&] { return client.heard.ends_with("<9>"); });
  REQUIRE(client.count("200 OK") == 10);
}

TEST_CASE("a client that does not read its answers is not read from, and is served when it does") {
  HttpLimits limits;
  limits.outbox_bytes_max = 100'000;
  World world(limits);
  auto value = raft::Payload::of(std::string(4'000'000, 'v'));
  world.handler = [&](World::Asked& one) { world.server->answer(one.ticket, octets(value)); };
  Client& client = world.connect();
  client.stream->pause_reading();
  for (int number = 0; number < 10; ++number) {
    client.stream->write(get("/"));
    for (int turn = 0; turn < 5; ++turn) world.loop.run_nowait();
  }
  REQUIRE(world.asked.size() < 10);
  client.stream->resume_reading();
  world.until([&] { return client.heard.size() > 10 * value->size(); });
  REQUIRE(world.asked.size() == 10);
}

TEST_CASE("a client that never reads its answers is closed at a deadline") {
  HttpLimits limits;
  limits.write_timeout = 20_ms;
  World world(limits);
  auto value = raft::Payload::of(std::string(20'000'000, 'v'));
  world.handler = [&](World::Asked& one) { world.server->answer(one.ticket, octets(value)); };
  Client& client = world.connect();
  client.stream->pause_reading();
  client.stream->write(get("/"));
  world.until([&] { return world.asked.size() == 1; });
  world.until([&] { return world.server->connections_open() == 0; });
  world.until([&] { return value.owners() == 1; });
}

TEST_CASE("a client that is slow with a request gets a 408, an idle one is closed without an answer") {
  HttpLimits limits;
  limits.header_timeout = limits.body_timeout = limits.idle_timeout = 1_h;
  SECTION("with the headers") {
    limits.header_timeout = 20_ms;
    World world(limits);
    Client& client = world.say("GET /a HTTP/1.1\r\nHos");
    world.until([&] { return client.is_closed; });
    REQUIRE(client.heard.starts_with("HTTP/1.1 408 "));
    REQUIRE(client.heard.ends_with("the headers took too long\n"));
    REQUIRE(world.asked.empty());
  }
  SECTION("with the body") {
    limits.body_timeout = 20_ms;
    World world(limits);
    Client& client = world.say("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhell");
    world.until([&] { return client.is_closed; });
    REQUIRE(client.heard.starts_with("HTTP/1.1 408 "));
    REQUIRE(client.heard.ends_with("the body took too long\n"));
    REQUIRE(world.asked.empty());
  }
  SECTION("with everything") {
    limits.idle_timeout = 20_ms;
    World world(limits);
    Client& client = world.connect();
    world.until([&] { return client.is_closed; });
    REQUIRE(client.heard.empty());
  }
}

TEST_CASE("a byte now and then buys a slow client no time") {
  HttpLimits limits;
  limits.header_timeout = 50_ms;
  World world(limits);
  Client& client = world.say("GET /");
  Timer drip(world.loop, [&] { client.stream->write("a"); });
  drip.repeat(5_ms);
  world.until([&] { return client.is_closed; });
  REQUIRE(client.heard.starts_with("HTTP/1.1 408 "));
}

// A server whose deadlines, of 100 ms each, are counted on a clock that a test moves.
struct TimedWorld : World {
  static HttpLimits hundred_ms() {
    HttpLimits limits;
    limits.idle_timeout = limits.header_timeout = limits.body_timeout = 100_ms;
    return limits;
  }
  TimedWorld() : World(hundred_ms(), [this] { return clock; }) {}
  void pass(raft::Time time) {
    clock += time;
    server->check_deadlines();
  }

  raft::Time clock;
};

TEST_CASE("a client is not idle while it waits for its answer, nor between requests that come in time") {
  TimedWorld world;
  world.handler = [&](World::Asked& one) {
    if (one.request.path != "/wait") world.server->answer(one.ticket, text(200, "x"));
  };
  Client& waiting = world.say(get("/wait"));
  Client& busy = world.connect();
  world.until([&] { return world.asked.size() == 1; });
  for (size_t round = 1; round <= 5; ++round) {
    world.pass(99_ms);
    busy.stream->write(get("/again"));
    world.until([&] { return busy.count("200 OK") == round || busy.is_closed; });
    REQUIRE_FALSE(busy.is_closed);
  }
  REQUIRE(world.server->connections_open() == 2);
  for (int times = 0; times < 2; ++times) world.pass(100_ms);  // from when it is seen to have taken its answer
  world.until([&] { return busy.is_closed; });
  REQUIRE_FALSE(waiting.is_closed);
  REQUIRE(world.server->connections_open() == 1);
}

TEST_CASE("a connection that is younger than the look at the clock is not late") {
  TimedWorld world;
  world.clock = 1_s;
  Client& client = world.connect();
  world.until([&] { return world.server->connections_open() == 1; });
  world.clock = 0_s;
  world.pass(1_ms);
  for (int turn = 0; turn < 5; ++turn) world.loop.run_nowait();
  REQUIRE_FALSE(client.is_closed);
  REQUIRE(world.server->connections_open() == 1);
}

TEST_CASE("over the limit of connections, and none is idle: the next is told 503 and closed, the first are served") {
  HttpLimits limits;
  limits.connections_max = 2;
  World world(limits);
  Client& first = world.say(get("/first"));
  Client& second = world.say(get("/second"));
  world.until([&] { return world.asked.size() == 2; });
  Client& third = world.say(get("/a"));
  world.until([&] { return third.is_closed; });
  REQUIRE_FALSE(third.was_reset);
  REQUIRE(third.heard.starts_with("HTTP/1.1 503 "));
  REQUIRE(third.heard.find("Retry-After: 1\r\n") != std::string::npos);
  REQUIRE(world.server->counters().connections_turned_away == 1);
  for (size_t which : {0, 1}) world.answer(which, world.asked[which].request.path);
  world.until([&] { return first.heard.ends_with("/first") && second.heard.ends_with("/second"); });
  first.stream.reset();
  world.until([&] { return world.server->connections_open() == 1; });
  Client& fourth = world.say(get("/fourth"));
  world.until([&] { return world.asked.size() == 3; });
  world.answer(2, "/fourth");
  world.until([&] { return fourth.heard.ends_with("/fourth"); });
  REQUIRE(world.server->counters().connections_gave_way == 0);
}

TEST_CASE("bodies that together take too much memory are refused with 503") {
  HttpLimits limits;
  limits.bodies_bytes_max = 1000;
  World world(limits);
  Client& first = world.say(put("/a", std::string(600, 'a')));
  world.until([&] { return world.asked.size() == 1; });
  SECTION("announced") {
    Client& second = world.say("PUT /b HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 401\r\n\r\n");
    world.until([&] { return second.is_closed; });
    REQUIRE(second.heard.starts_with("HTTP/1.1 503 "));
  }
  SECTION("in chunks") {
    Client& second =
        world.say("PUT /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n191\r\n" + std::string(401, 'b'));
    world.until([&] { return second.is_closed; });
    REQUIRE(second.heard.starts_with("HTTP/1.1 503 "));
  }
  REQUIRE(world.server->counters().bodies_bytes == 600);
  Client& fits = world.say(put("/c", std::string(400, 'c')));
  world.until([&] { return world.asked.size() == 2; });
  REQUIRE(world.server->counters().bodies_bytes == 1000);
  world.answer(0, "a");
  world.answer(1, "c");
  REQUIRE(world.server->counters().bodies_bytes == 0);
  world.until([&] { return first.heard.ends_with("a") && fits.heard.ends_with("c"); });
}

TEST_CASE("a body that never comes gives its memory back when the client goes") {
  World world;
  Client& client = world.connect();
  SECTION("with a reset") {  // which is what bytes that it has not read turn its close into
    client.stream->pause_reading();
    client.stream->write(get("/a"));
    world.until([&] { return world.asked.size() == 1; });
    world.answer(0, "not read");
    for (int turn = 0; turn < 5; ++turn) world.loop.run_nowait();
  }
  SECTION("without") {}
  client.stream->write("PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nx");
  world.until([&] { return world.server->counters().bodies_bytes == 1000; });
  client.stream.reset();
  world.until([&] { return world.server->connections_open() == 0; });
  REQUIRE(world.server->counters().bodies_bytes == 0);
}

#ifndef __SANITIZE_ADDRESS__  // which has an allocator of its own
size_t allocated_bytes() {
  const struct mallinfo2 now = ::mallinfo2();
  return now.uordblks + now.hblkhd;
}

TEST_CASE("the part of a body that came before it was refused is let go of at once") {
  HttpLimits limits;
  limits.body_bytes_max = 40'000'000;
  limits.body_timeout = 200_ms;
  limits.linger = 1_h;
  World world(limits);
  Client& client = world.say("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 30000000\r\n\r\n");
  world.until([&] { return world.server->counters().bodies_bytes == 30'000'000; });
  const size_t held = allocated_bytes();
  world.until([&] { return client.heard.find("408") != std::string::npos; });
  REQUIRE(world.server->counters().bodies_bytes == 0);
  REQUIRE(world.server->connections_open() == 1);
  REQUIRE(allocated_bytes() + 20'000'000 < held);
}
#endif

TEST_CASE("every request has its own time, also when it begins with the end of the one before") {
  TimedWorld world;
  world.echo();
  Client& client = world.say("GET /a HTTP/1.1\r\nHo");
  for (size_t round = 1; round <= 5; ++round) {
    world.pass(99_ms);
    client.stream->write("st: h\r\n\r\nGET /a HTTP/1.1\r\nHo");
    world.until([&] { return client.count("200 OK") == round || client.is_closed; });
    REQUIRE_FALSE(client.is_closed);
  }
  world.pass(100_ms);
  world.until([&] { return client.is_closed; });
  REQUIRE(client.count("408") == 1);
}

TEST_CASE("a thousand connections, idle, half open and half read, leave nothing behind") {
  constexpr size_t kMany = 1000;
  World world;
  const size_t descriptors_before = open_descriptors();
  for (size_t number = 0; number < kMany; ++number) {
    Client& client = world.clients.emplace_back();
    client.connect(world.loop, world.server->port());
  }
  world.until([&] { return world.server->connections_open() == kMany; });
  world.until([&] {
    return std::all_of(world.clients.begin(), world.clients.end(),
                       [](const Client& one) { return one.stream != nullptr; });
  });
  size_t number = 0;
  for (Client& client : world.clients) {
    if (number % 4 == 1) client.stream->write("GET /a HTTP/1.1\r\nHost:");
    if (number % 4 == 2) client.stream->write("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nx");
    if (number % 4 == 3) client.stream->write(get("/a"));
    ++number;
  }
  world.until([&] { return world.asked.size() == kMany / 4; });
  world.until([&] { return world.server->counters().bodies_bytes == 100 * (kMany / 4); });
  REQUIRE(open_descriptors() >= descriptors_before + 2 * kMany);
  world.clients.clear();
  for (const World::Asked& one : world.asked) world.server->answer(one.ticket, text(200, "late"));
  world.until([&] { return world.server->connections_open() == 0; });
  for (int turn = 0; turn < 3; ++turn) world.loop.run_nowait();
  REQUIRE(open_descriptors() <= descriptors_before + 1);  // the one that libuv keeps in reserve
  REQUIRE(world.server->counters().bodies_bytes == 0);
  REQUIRE(world.server->counters().answers == kMany / 4);
}

}  // namespace skiff::http_limits_test

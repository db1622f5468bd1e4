// Pipelined requests take effect in the order in which they were sent (RFC 9112, 9.3.2): which of them the handler gets
// at the same time, and which wait.

#include "tests/support/catch.h"
#include "tests/transport/http/http_world.h"

namespace skiff::http_order_test {

using namespace http_world;

// The requests that the handler got, in order: "PUT /a". A test decides which are answered.
struct AdminWorld : World {
  explicit AdminWorld(const HttpLimits& limits = {}) : World(limits) {}
  std::string asked_so_far() {
    for (int turn = 0; turn < 4; ++turn) loop.run_nowait();
    std::string paths;
    for (const Asked& one : asked) paths += one.request.path;
    return paths;
  }
};

std::string del(const std::string& path) { return "DELETE " + path + " HTTP/1.1\r\nHost: h\r\n\r\n"; }
std::string head(const std::string& path) { return "HEAD " + path + " HTTP/1.1\r\nHost: h\r\n\r\n"; }
std::string post(const std::string& path) {
  return "POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
}

TEST_CASE("a read behind a write waits until that is answered, and goes on by itself") {
  AdminWorld world;
  Client& client = world.connect();
  SECTION("PUT, GET") { client.stream->write(put("/0", "x") + get("/1")); }
  SECTION("DELETE, HEAD") { client.stream->write(del("/0") + head("/1")); }
  SECTION("PUT, GET, byte by byte") {
    for (char byte : put("/0", "x") + get("/1")) {
      client.stream->write(std::string(1, byte));
      world.loop.run_nowait();
    }
  }
  SECTION("PUT, and GET in another packet") {
    client.stream->write(put("/0", "x"));
    world.until([&] { return world.asked.size() == 1; });
    client.stream->write(get("/1"));
  }
  world.until([&] { return world.asked.size() == 1; });
  REQUIRE(world.asked_so_far() == "/0");
  world.answer(0, "<0>");
  world.until([&] { return world.asked.size() == 2; });
  world.answer(1, "<1>");
  world.until([&] { return client.count("200 OK") == 2; });
}

TEST_CASE("a write behind reads waits until all of them are answered") {
  AdminWorld world;
  Client& client = world.say(get("/0") + head("/1") + get("/2") + put("/3", "x"));
  world.until([&] { return world.asked.size() == 3; });
  for (size_t which : {2, 0}) world.answer(which, "<>");
  REQUIRE(world.asked_so_far() == "/0/1/2");
  world.answer(1, "<>");
  world.until([&] { return world.asked.size() == 4; });
  REQUIRE(world.asked[3].request.body == "x");
  world.answer(3, "<3>");
  world.until([&] { return client.heard.ends_with("<3>"); });
}

TEST_CASE("reads behind one another run side by side, and so do writes") {
  AdminWorld world;
  world.say(get("/0") + get("/1") + head("/2") + put("/3", "x") + del("/4") + put("/5", "x") + get("/6") + get("/7"));
  world.until([&] { return world.asked.size() == 3; });
  REQUIRE(world.asked_so_far() == "/0/1/2");
  for (size_t which : {0, 1, 2}) world.answer(which, "<>");
  world.until([&] { return world.asked.size() == 6; });
  REQUIRE(world.asked_so_far() == "/0/1/2/3/4/5");
  for (size_t which : {3, 4}) world.answer(which, "<>");
  REQUIRE(world.asked_so_far() == "/0/1/2/3/4/5");
  world.answer(5, "<>");
  world.until([&] { return world.asked.size() == 8; });
}

TEST_CASE("a request that is no read and no write of a key runs alone") {
  AdminWorld world;
  world.say(put("/0", "x") + post("/1") + post("/2") + put("/3", "x"));
  for (size_t which = 0; which < 4; ++which) {
    world.until([&] { return world.asked.size() == which + 1; });
    REQUIRE(world.asked_so_far().ends_with("/" + std::to_string(which)));
    world.answer(which, "<>");
  }
}

TEST_CASE("a request that is answered at once holds no other up, whatever it is") {
  AdminWorld world;
  world.echo();
  Client& client = world.say(put("/0", "") + get("/1") + post("/2") + del("/3") + get("/4") + put("/5", ""));
  world.until([&] { return client.heard.ends_with("/5"); });
  REQUIRE(world.asked.size() == 6);
  REQUIRE(client.count("200 OK") == 6);
}

TEST_CASE("a read behind a write that takes effect later than it is answered waits for that") {
  AdminWorld world;
  world.handler = [&](World::Asked& one) {
    if (one.request.method != Method::put) return;
    world.server->takes_effect_later(one.ticket);
    world.server->answer(one.ticket, no_body(202));
  };
  Client& client = world.say(put("/0", "x") + put("/1", "x") + get("/2"));
  world.until([&] { return client.count("202 Accepted") == 2; });
  world.server->took_effect(world.asked[1].ticket);
  REQUIRE(world.asked_so_far() == "/0/1");
  world.server->took_effect(world.asked[0].ticket);
  world.until([&] { return world.asked.size() == 3; });
  world.answer(2, "<2>");
  world.until([&] { return client.heard.ends_with("<2>"); });
}

TEST_CASE("connections do not wait for one another") {
  AdminWorld world;
  world.say(put("/0", "x"));
  world.until([&] { return world.asked.size() == 1; });
  world.say(get("/1"));
  world.until([&] { return world.asked.size() == 2; });
}

TEST_CASE("a request that waits is dropped with its connection, and its memory is given back") {
  AdminWorld world;
  Client& client = world.connect();
  client.stream->pause_reading();  // so that its end is a reset
  client.stream->write(get("/0"));
  world.until([&] { return world.asked.size() == 1; });
  world.answer(0, "not read");
  for (int turn = 0; turn < 5; ++turn) world.loop.run_nowait();
  client.stream->write(get("/1") + put("/2", std::string(600, 'x')));
  world.until([&] { return world.server->counters().bodies_bytes == 600; });
  client.stream.reset();
  world.until([&] { return world.server->connections_open() == 0; });
  REQUIRE(world.server->counters().bodies_bytes == 0);
  world.answer(1, "late");
  world.server->took_effect(world.asked[1].ticket);  // of a connection that is gone
  REQUIRE(world.asked_so_far() == "/0/1");
}

TEST_CASE("a request that waits has no deadline of the connection's, and is answered when the server drains") {
  HttpLimits limits;
  limits.idle_timeout = limits.header_timeout = limits.body_timeout = 100_ms;
  raft::Time clock;
  World world(limits, [&] { return clock; });
  Client& client = world.say(put("/0", "x") + get("/1", "Connection: close\r\n"));
  world.until([&] { return world.asked.size() == 1; });
  for (int turn = 0; turn < 4; ++turn) world.loop.run_nowait();
  clock += 1_s;
  world.server->check_deadlines();
  REQUIRE(world.server->connections_open() == 1);
  world.server->drain();
  world.answer(0, "<0>");
  world.until([&] { return world.asked.size() == 2; });
  world.answer(1, "<1>");
  world.until([&] { return client.is_closed; });
  REQUIRE(client.heard.find("<0>") < client.heard.find("<1>"));
}

TEST_CASE("alternating reads and writes, many of them, get through in order") {
  AdminWorld world;
  std::string all, expected;
  for (int number = 0; number < 500; ++number) {
    const std::string path = "/" + std::to_string(number);
    all += number % 3 == 0 ? put(path, "v") : get(path);
    expected += path;
  }
  Client& client = world.say(all);
  for (size_t answered = 0; answered < 500;) {
    world.until([&] { return world.asked.size() > answered; });
    REQUIRE(world.asked.size() <= answered + 2);
    const size_t last = world.asked.size();
    for (; answered < last; ++answered) world.answer(answered, "<>");
  }
  world.until([&] { return client.count("200 OK") == 500; });
  REQUIRE(world.asked_so_far() == expected);
}

}  // namespace skiff::http_order_test

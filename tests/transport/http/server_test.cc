#include "transport/http/server.h"

#include "tests/support/catch.h"
#include "tests/transport/http/http_world.h"

namespace skiff::http_server_test {

using namespace http_world;

TEST_CASE("a connection is kept and asked again") {
  World world;
  world.echo();
  Client& client = world.say(get("/one"));
  world.until([&] { return client.heard.ends_with("/one"); });
  REQUIRE(client.heard.starts_with("HTTP/1.1 200 OK\r\n"));
  REQUIRE(client.heard.find("Connection:") == std::string::npos);
  client.stream->write(put("/two", "body"));
  world.until([&] { return client.heard.ends_with("/twobody"); });
  REQUIRE(world.server->counters().connections_accepted == 1);
  REQUIRE(world.server->counters().requests == 2);
  REQUIRE(world.server->counters().answers == 2);
  REQUIRE_FALSE(client.is_closed);
}

TEST_CASE("requests that come byte by byte are answered like any other") {
  World world;
  world.echo();
  Client& client = world.connect();
  std::string expected_end = "/abody";
  for (char byte : put("/a", "body")) {
    client.stream->write(std::string(1, byte));
    world.loop.run_nowait();
  }
  world.until([&] { return client.heard.ends_with(expected_end); });
}

// A5: clients leave in the middle of a request, or send several requests at once
TEST_CASE("answers leave in the order of the requests, whatever the order they are given in", "[A5]") {
  World world;
  Client& client = world.say(get("/0") + get("/1") + get("/2") + get("/3"));
  world.until([&] { return world.asked.size() == 4; });
  for (size_t which : {3, 1, 2}) world.answer(which, "<" + std::to_string(which) + ">");
  world.loop.run_nowait();
  world.loop.run_nowait();
  REQUIRE(client.heard.empty());
  world.answer(0, "<0>");
  world.until([&] { return client.count("200 OK") == 4; });
  size_t last = 0;
  for (const char* words : {"<0>", "<1>", "<2>", "<3>"}) {
    REQUIRE(client.heard.find(words) > last);
    last = client.heard.find(words);
  }
}

TEST_CASE("HEAD tells the length of what GET would give, and gives nothing") {
  World world;
  world.echo();
  Client& client = world.say("HEAD /12345 HTTP/1.1\r\nHost: h\r\n\r\n" + get("/after"));
  world.until([&] { return client.heard.ends_with("/after"); });
  REQUIRE(client.count("Content-Length: 6\r\n") == 2);
  REQUIRE(client.count("/12345") == 0);
}

TEST_CASE("HEAD has no body either where it is refused, or takes too long, or the node stops") {
  World world;
  Client& refused = world.say("HEAD /% HTTP/1.1\r\nHost: h\r\n\r\n");
  Client& amid = world.say("HEAD /a HTTP/1.1\r\n");
  for (int turn = 0; turn < 5; ++turn) world.loop.run_nowait();
  world.server->drain();
  world.until([&] { return refused.is_closed && amid.is_closed; });
  REQUIRE(refused.heard.starts_with("HTTP/1.1 400 "));
  REQUIRE(amid.heard.starts_with("HTTP/1.1 503 "));
  REQUIRE(refused.heard.ends_with("\r\n\r\n"));
  REQUIRE(amid.heard.ends_with("\r\n\r\n"));
}

TEST_CASE("a large stored value arrives whole and is let go of") {
  World world;
  std::string big(3'000'000, '\0');
  for (size_t at = 0; at < big.size(); ++at) big[at] = static_cast<char>(at * 7 + at / 255);
  auto stored = raft::Payload::of(big);
  world.handler = [&](World::Asked& one) { world.server->answer(one.ticket, octets(stored)); };
  Client& client = world.say(get("/a") + get("/b"));
  world.until([&] { return client.heard.size() > 2 * big.size(); });
  REQUIRE((client.heard.find(big) != std::string::npos));
  REQUIRE((client.heard.ends_with(big)));
  world.until([&] { return stored.owners() == 1; });
}

TEST_CASE("Connection: close and HTTP/1.0 end the connection after the answer") {
  World world;
  world.echo();
  bool is_1_0 = false;
  SECTION("1.0") { is_1_0 = true; }
  SECTION("1.1") { is_1_0 = false; }
  Client& client = world.say(is_1_0 ? "GET /a HTTP/1.0\r\n\r\n" + get("/not-read")
                                    : get("/a", "Connection: close\r\n") + get("/not-read"));
  world.until([&] { return client.is_closed; });
  REQUIRE_FALSE(client.was_reset);
  REQUIRE(client.heard.ends_with("/a"));
  REQUIRE(client.heard.find("Connection: close\r\n") != std::string::npos);
  REQUIRE(world.asked.size() == 1);
  world.until([&] { return world.server->connections_open() == 0; });
}

TEST_CASE("a refused request is answered in turn, and then the connection closes") {
  World world;
  Client& client = world.say(get("/a") + "rubbish\r\n\r\n" + get("/b"));
  world.until([&] { return world.server->counters().refused == 1; });
  REQUIRE(client.heard.empty());
  world.answer(0, "first");
  world.until([&] { return client.is_closed; });
  REQUIRE_FALSE(client.was_reset);
  REQUIRE(client.heard.find("first") < client.heard.find("400 Bad Request"));
  REQUIRE(client.heard.find("malformed request") != std::string::npos);
  REQUIRE(world.asked.size() == 1);
}

TEST_CASE("a client that goes on sending still reads why it was refused") {
  HttpLimits limits;
  limits.body_bytes_max = 100;
  World world(limits);
  Client& client = world.connect();
  client.stream->pause_reading();
  client.stream->write("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n");
  world.until([&] { return world.server->counters().refused == 1; });
  for (int piece = 0; piece < 30; ++piece) {
    client.stream->write(std::string(100'000, 'x'));
    for (int turn = 0; turn < 3; ++turn) world.loop.run_nowait();
  }
  client.stream->resume_reading();
  world.until([&] { return client.is_closed; });
  REQUIRE_FALSE(client.was_reset);
  REQUIRE(client.heard.starts_with("HTTP/1.1 413 "));
  REQUIRE(world.asked.empty());
  world.until([&] { return world.server->connections_open() == 0; });
}

TEST_CASE("a client that ended its half gets every answer") {
  World world;
  Client& client = world.say(get("/0") + get("/1"));
  client.stream->finish_writing();
  world.until([&] { return world.asked.size() == 2; });
  for (int turn = 0; turn < 5; ++turn) world.loop.run_nowait();
  REQUIRE_FALSE(client.is_closed);
  world.answer(1, "second");
  world.answer(0, "first");
  world.until([&] { return client.is_closed; });
  REQUIRE_FALSE(client.was_reset);
  REQUIRE(client.heard.find("first") < client.heard.find("second"));
  REQUIRE(client.heard.ends_with("second"));
  world.until([&] { return world.server->connections_open() == 0; });
}

// A5: clients leave in the middle of a request, or send several requests at once
TEST_CASE("a client that ends in the middle of a request is told, one that asked nothing is not", "[A5]") {
  World world;
  Client& amid = world.say("GET /a HTT");
  Client& quiet = world.connect();
  amid.stream->finish_writing();
  quiet.stream->finish_writing();
  world.until([&] { return amid.is_closed && quiet.is_closed; });
  REQUIRE(amid.heard.starts_with("HTTP/1.1 400 "));
  REQUIRE(quiet.heard.empty());
}

// A5: clients leave in the middle of a request, or send several requests at once
TEST_CASE("answering a client that has gone does nothing", "[A5]") {
  World world;
  Client& client = world.say(put("/a", "12345") + put("/b", "678"));
  world.until([&] { return world.asked.size() == 2; });
  REQUIRE(world.server->counters().bodies_bytes == 8);
  client.stream->write("rubbish\r\n\r\n");
  world.until([&] { return world.server->counters().refused == 1; });
  client.stream.reset();
  world.answer(0, std::string(1'000'000, 'x'));  // breaks the connection while it is written to
  world.until([&] { return world.server->connections_open() == 0; });
  world.answer(1, "nobody hears this");
  REQUIRE(world.server->counters().answers == 2);
  REQUIRE(world.server->counters().bodies_bytes == 0);
}

TEST_CASE("a client that waits to be told gets its 100 Continue, in turn") {
  World world;
  Client& client =
      world.say(get("/first") + "PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  world.until([&] { return world.asked.size() == 1; });
  for (int turn = 0; turn < 5; ++turn) world.loop.run_nowait();
  REQUIRE(client.heard.empty());
  world.answer(0, "first");
  world.until([&] {
    return client.heard.ends_with(
        "first"
        "HTTP/1.1 100 Continue\r\n\r\n");
  });
  client.stream->write("hello");
  world.until([&] { return world.asked.size() == 2; });
  REQUIRE(world.asked[1].request.body == "hello");
  world.answer(1, "second");
  world.until([&] { return client.heard.ends_with("second"); });
  REQUIRE(client.count("100 Continue") == 1);
}

TEST_CASE("a client that does not wait is not told, and one with too large a body is refused instead") {
  World world;
  world.echo();
  Client& hasty = world.say(put("/a", "body", "Expect: 100-continue\r\n"));
  Client& large = world.say("PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1048577\r\n\r\n");
  world.until([&] { return hasty.heard.ends_with("/abody") && large.is_closed; });
  REQUIRE(hasty.count("100 Continue") == 0);
  REQUIRE(large.heard.starts_with("HTTP/1.1 413 "));
}

TEST_CASE("draining answers what is in flight, refuses what is incomplete, and closes the rest") {
  World world;
  Client& idle = world.connect();
  Client& waiting = world.say(get("/0") + get("/1"));
  Client& amid = world.say("GET /2 HTTP");
  world.until([&] { return world.asked.size() == 2 && world.server->connections_open() == 3; });
  for (int turn = 0; turn < 5; ++turn) world.loop.run_nowait();
  bool was_told = false;
  world.server->drain([&] { was_told = true; });
  world.until([&] { return idle.is_closed && amid.is_closed; });
  REQUIRE(idle.heard.empty());
  REQUIRE(amid.heard.starts_with("HTTP/1.1 503 "));
  REQUIRE_FALSE(waiting.is_closed);
  REQUIRE_FALSE(world.server->is_drained());
  world.answer(1, "second");
  world.answer(0, "first");
  world.until([&] { return waiting.is_closed; });
  REQUIRE(waiting.count("Connection: close") == 1);
  REQUIRE(waiting.heard.find("first") < waiting.heard.find("Connection: close"));
  REQUIRE(waiting.heard.ends_with("second"));
  world.until([&] { return world.server->is_drained(); });
  REQUIRE(was_told);

  Client late;
  std::optional<Dial> dial;
  bool is_refused = false;
  dial.emplace(world.loop, Address{"127.0.0.1", world.server->port()},
               [&](std::unique_ptr<Stream>, Dial::Failure failure) { is_refused = failure.refused; });
  world.until([&] { return is_refused; });
}

TEST_CASE("draining a server without connections is done at once") {
  World world;
  bool was_told = false;
  world.server->drain([&] { was_told = true; });
  REQUIRE(was_told);
  REQUIRE(world.server->is_drained());
}

TEST_CASE("a server is destroyed with everything in flight") {
  World world;
  Client& client =
      world.say(put("/a", "") + put("/b", "body") + "PUT /c HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n");
  world.until([&] { return world.asked.size() == 2; });
  world.answer(0, "x");
  world.server.reset();
  world.until([&] { return client.is_closed; });
}

}  // namespace skiff::http_server_test

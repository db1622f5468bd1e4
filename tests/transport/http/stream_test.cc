// Answers whose body is made while it leaves.
#include <memory>

#include "tests/support/catch.h"
#include "tests/transport/http/http_world.h"
#include "transport/http/server.h"

namespace skiff::http_stream_test {

using namespace http_world;

// The pieces of the bodies, and how they ended.
struct Story {
  size_t pieces = 3;
  size_t piece_bytes = 5;
  raft::Time wait;
  size_t breaks_at = ~size_t{0};  // the number of the piece that cannot be made
  size_t made = 0;
  bool is_alive = false;
  std::string told;
};

class Teller final : public BodySource {
 public:
  explicit Teller(Story& story) : story_(story) { story_.is_alive = true; }
  ~Teller() override { story_.is_alive = false; }

  std::optional<Piece> next() override {
    if (story_.made == story_.breaks_at) return std::nullopt;
    const bool is_last = ++story_.made > story_.pieces;
    std::string bytes(is_last ? 0 : story_.piece_bytes, static_cast<char>('a' + story_.made % 26));
    story_.told += bytes;
    return Piece{std::move(bytes), is_last, story_.wait};
  }

 private:
  Story& story_;
};

Response telling(Story& story) {
  Response response;
  response.source = std::make_unique<Teller>(story);
  return response;
}

// Every request but /told gets its path back.
void tell(World& world, Story& story) {
  world.handler = [&world, &story](World::Asked& one) {
    const bool is_told = one.request.path == "/told";
    world.server->answer(one.ticket, is_told ? telling(story) : text(200, one.request.path));
  };
}

TEST_CASE("a body that is made while it leaves comes in chunks, and the connection is kept") {
  World world;
  Story story;
  tell(world, story);
  Client& client = world.say(get("/before") + get("/told") + get("/after"));
  world.until([&] { return client.heard.ends_with("/after"); });
  REQUIRE(client.count("Transfer-Encoding: chunked\r\n") == 1);
  REQUIRE(client.heard.find("\r\n\r\n5\r\nbbbbb\r\n5\r\nccccc\r\n5\r\nddddd\r\n0\r\n\r\nHTTP/1.1 200") !=
          std::string::npos);
  REQUIRE(client.heard.find("/before") < client.heard.find("bbbbb"));
  REQUIRE_FALSE(story.is_alive);
  REQUIRE_FALSE(client.is_closed);
}

TEST_CASE("no more is made than the client takes, and never many pieces in a turn of the loop") {
  World world;
  Story story{.pieces = 2'000, .piece_bytes = 30'000};
  tell(world, story);
  Client& client = world.connect();
  client.stream->pause_reading();
  client.stream->write(get("/told"));
  world.until([&] { return story.made > 0; });
  size_t before = 0, turns_without = 0;
  while (turns_without < 50) {
    before = story.made;
    world.loop.run_nowait();
    REQUIRE(story.made <= before + 2);  // output is flushed before such a turn, too
    turns_without = story.made == before ? turns_without + 1 : 0;
  }
  REQUIRE(story.made < story.pieces / 2);
  REQUIRE(story.is_alive);

  client.stream->resume_reading();
  world.until([&] { return client.heard.ends_with("\r\n0\r\n\r\n"); });
  REQUIRE(story.made == story.pieces + 1);
  REQUIRE_FALSE(story.is_alive);
}

TEST_CASE("a source that wants a rest between its pieces gets it, and others are served meanwhile") {
  World world;
  Story story{.wait = 1_h};
  tell(world, story);
  Client& client = world.say(get("/told") + get("/behind"));
  world.until([&] { return client.heard.ends_with("bbbbb\r\n"); });
  for (int number = 0; number < 20; ++number) {
    Client& other = world.say(get("/other"));
    world.until([&] { return other.heard.ends_with("/other"); });
  }
  REQUIRE(story.made == 1);
  REQUIRE(story.is_alive);
}

TEST_CASE("a piece that is larger than any buffer arrives whole") {
  World world;
  Story story{.pieces = 2, .piece_bytes = 20'000'000};
  tell(world, story);
  Client& client = world.say(get("/told"));
  world.until([&] { return client.heard.ends_with("\r\n0\r\n\r\n"); });
  REQUIRE((client.heard.find("1312d00\r\n" + story.told.substr(0, story.piece_bytes) + "\r\n") != std::string::npos));
  REQUIRE((client.heard.find(story.told.substr(story.piece_bytes)) != std::string::npos));
}

TEST_CASE("a body that no client waits for any more is destroyed") {
  World world;
  Story story{.pieces = 1'000'000, .piece_bytes = 30'000};
  SECTION("the client goes away in the middle") {
    tell(world, story);
    Client& client = world.say(get("/told"));
    world.until([&] { return client.heard.size() > 100'000; });
    REQUIRE(story.is_alive);
    client.stream.reset();
  }
  SECTION("the client goes away before the answer") {
    Client& client = world.say(get("/told"));
    world.until([&] { return world.asked.size() == 1; });
    client.stream.reset();
    world.server->answer(world.asked[0].ticket, telling(story));
  }
  world.until([&] { return world.server->connections_open() == 0; });
  REQUIRE_FALSE(story.is_alive);
}

TEST_CASE("a body that cannot be gone on with ends without its last chunk, and ends the connection") {
  World world;
  Story story{.breaks_at = 2};
  tell(world, story);
  Client& client = world.say(get("/told") + get("/after"));
  world.until([&] { return client.is_closed; });
  REQUIRE(client.heard.find("ccccc") != std::string::npos);
  REQUIRE(client.count("0\r\n\r\n") == 0);
  REQUIRE(client.count("/after") == 0);
  REQUIRE_FALSE(story.is_alive);
}

TEST_CASE("HTTP/1.0 gets the bytes as they are, and the end of the connection as their end") {
  World world;
  Story story;
  tell(world, story);
  Client& client = world.say("GET /told HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  world.until([&] { return client.is_closed; });
  REQUIRE(client.heard.find("chunked") == std::string::npos);
  REQUIRE(client.heard.ends_with("\r\n\r\n" + story.told));
  REQUIRE_FALSE(client.was_reset);
}

TEST_CASE("HEAD makes nothing") {
  World world;
  Story story;
  tell(world, story);
  Client& client = world.say("HEAD /told HTTP/1.1\r\nHost: h\r\n\r\n" + get("/after"));
  world.until([&] { return client.heard.ends_with("/after"); });
  REQUIRE(client.count("Transfer-Encoding: chunked\r\n") == 1);
  REQUIRE(story.made == 0);
  REQUIRE_FALSE(story.is_alive);
}

TEST_CASE("a server that stops lets what has begun come to its end") {
  World world;
  Story story{.pieces = 100, .piece_bytes = 30'000};
  tell(world, story);
  Client& client = world.say(get("/told") + get("/late"));
  world.until([&] { return client.heard.size() > 50'000; });
  world.server->drain();
  world.until([&] { return client.is_closed; });
  REQUIRE(client.count("\r\n0\r\n\r\n") == 1);
  world.until([&] { return world.server->is_drained(); });
}

TEST_CASE("a client that takes what is made too slowly is closed, though it takes some now and then") {
  raft::Time now;
  HttpLimits limits;
  limits.write_timeout = 1_s;
  Story story{.pieces = 10, .piece_bytes = 60'000'000};
  bool is_fast_enough = true, is_closed = false;
  SECTION("fast enough") {}
  SECTION("too slow") {
    limits.streamed_bytes_min = 1'000'000'000;
    is_fast_enough = false;
  }
  World world(limits, [&] { return now; });
  tell(world, story);
  Client& client = world.connect();
  client.stream->pause_reading();
  client.stream->write(get("/told"));
  world.until([&] { return story.made > 0; });
  for (int round = 0; round < 10 && !is_closed; ++round) {
    now += 300_ms;
    const size_t heard = client.heard.size();
    client.stream->resume_reading();
    world.until([&] { return client.heard.size() > heard + 4'000'000 || client.is_closed; });
    client.stream->pause_reading();
    world.server->check_deadlines();
    is_closed = world.server->connections_open() == 0;
  }
  REQUIRE(is_closed != is_fast_enough);
  REQUIRE(story.is_alive == is_fast_enough);
}

TEST_CASE("a client that takes nothing of what is made is closed at the same deadline as any other") {
  raft::Time now;
  HttpLimits limits;
  limits.write_timeout = 1_s;
  World world(limits, [&] { return now; });
  Story story{.pieces = 1'000, .piece_bytes = 200'000};
  tell(world, story);
  Client& client = world.connect();
  client.stream->pause_reading();
  client.stream->write(get("/told"));
  for (size_t made = 0; made == 0 || made != story.made;) {
    made = story.made;
    for (int turn = 0; turn < 20; ++turn) world.loop.run_nowait();
  }
  world.server->check_deadlines();
  now = 999_ms;
  world.server->check_deadlines();
  REQUIRE(story.is_alive);
  now = 1_s;
  world.server->check_deadlines();
  REQUIRE(world.server->connections_open() == 0);
  REQUIRE_FALSE(story.is_alive);
}

}  // namespace skiff::http_stream_test

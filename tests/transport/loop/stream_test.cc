#include "transport/loop/stream.h"

#include <memory>
#include <optional>
#include <string>

#include "tests/support/catch.h"
#include "tests/transport/loop/loop_world.h"
#include "transport/loop/dial.h"
#include "transport/loop/listener.h"

namespace skiff::stream_test {

using namespace transport;
using loop_world::kAnyPort;

// Two ends of one connection on loopback, both on one loop.
struct Pair {
  struct End {
    std::unique_ptr<Stream> stream;
    std::string received;
    std::string closed;
    int drained = 0;
    bool ended = false;

    void start(bool keeps_half_open = false) {
      Stream::Events events;
      events.received = [this](std::string_view bytes) { received += bytes; };
      events.closed = [this](const std::string& why) { closed = why; };
      events.drained = [this] { ++drained; };
      if (keeps_half_open) events.ended = [this] { ended = true; };
      stream->start(std::move(events));
    }
  };

  Pair() {
    auto opened =
        Listener::open(loop, kAnyPort, [this](std::unique_ptr<Stream> stream) { server.stream = std::move(stream); });
    listener = std::move(opened.value());
    dial.emplace(loop, Address{"127.0.0.1", listener->port()},
                 [this](std::unique_ptr<Stream> stream, Dial::Failure) { client.stream = std::move(stream); });
    run_until([this] { return client.stream && server.stream; });
    dial.reset();
    listener.reset();
  }
  ~Pair() {
    client.stream.reset();
    server.stream.reset();
    dial.reset();
    loop.run();
  }

  template <class Condition>
  void run_until(Condition condition) {
    loop_world::run_until(loop, condition);
  }

  Loop loop;
  End client;
  End server;
  std::unique_ptr<Listener> listener;
  std::optional<Dial> dial;
};

std::string pattern(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

TEST_CASE("bytes go both ways, in order, and so does the end") {
  Pair pair;
  pair.client.start();
  pair.server.start();
  pair.client.stream->write("hello ");
  pair.client.stream->write("there");
  pair.server.stream->write("welcome");
  pair.run_until([&] { return pair.server.received == "hello there" && pair.client.received == "welcome"; });
  pair.client.stream.reset();
  pair.run_until([&] { return !pair.server.closed.empty(); });
  REQUIRE(pair.server.closed == "end of stream");
}

TEST_CASE("more than the kernel takes at once arrives whole") {
  Pair pair;
  const std::string big = pattern(5'000'000);
  const auto shared = raft::Payload::of(pattern(3'000'000));
  pair.client.start();
  pair.server.start();
  std::string expected;
  for (int round = 0; round < 3; ++round) {
    pair.client.stream->write("small");
    pair.client.stream->write(big);
    pair.client.stream->write_shared(*shared, shared);
    expected += "small" + big + std::string(*shared);
    pair.loop.run_nowait();
  }
  REQUIRE(pair.client.stream->outbox_bytes() > 0);
  pair.run_until([&] { return pair.server.received.size() >= expected.size(); });
  REQUIRE((pair.server.received == expected));
  pair.run_until([&] { return pair.client.stream->outbox_bytes() == 0 && pair.client.drained > 0; });
  pair.run_until([&] { return shared.owners() == 1; });
}

TEST_CASE("many small pieces arrive whole, also when they are more than fit one call") {
  Pair pair;
  pair.client.start();
  pair.server.start();
  std::string expected;
  for (int number = 0; number < 1000; ++number) {
    auto shared = raft::Payload::of(std::to_string(number) + ",");
    pair.client.stream->write_shared(*shared, shared);
    expected += *shared;
  }
  pair.run_until([&] { return pair.server.received.size() == expected.size(); });
  REQUIRE(pair.server.received == expected);
}

TEST_CASE("a side that does not read fills the outbox of the other, and gets all bytes later") {
  Pair pair;
  pair.client.start();
  pair.server.start();
  pair.server.stream->pause_reading();
  const std::string big = pattern(20'000'000);
  pair.client.stream->write(big);
  for (int turn = 0; turn < 20; ++turn) pair.loop.run_nowait();
  REQUIRE(pair.client.stream->outbox_bytes() > 0);
  REQUIRE(pair.client.drained == 0);
  REQUIRE(pair.server.received.empty());
  pair.server.stream->resume_reading();
  pair.run_until([&] { return pair.server.received.size() == big.size() && pair.client.drained == 1; });
  REQUIRE((pair.server.received == big));
}

TEST_CASE("a stream may be destroyed by each of its callbacks") {
  Pair pair;
  pair.server.start();
  Stream::Events events;
  bool called = false;
  auto destroy = [&, witness = std::make_shared<int>(1)] {
    called = true;
    pair.client.stream.reset();
    REQUIRE(*witness == 1);
  };
  events.received = [](std::string_view) {};
  events.closed = [](const std::string&) {};
  SECTION("received") {
    events.received = [destroy](std::string_view) { destroy(); };
    pair.client.stream->start(events);
    pair.server.stream->write("x");
  }
  SECTION("closed, at the end of the stream") {
    events.closed = [destroy](const std::string&) { destroy(); };
    pair.client.stream->start(events);
    pair.server.stream->close_after_writing();
  }
  SECTION("closed, here") {
    events.closed = [destroy](const std::string&) { destroy(); };
    pair.client.stream->start(events);
    pair.client.stream->write("last words");
    pair.client.stream->close_after_writing();
  }
  SECTION("drained, at once") {
    events.drained = destroy;
    pair.client.stream->start(events);
    pair.client.stream->write("x");
  }
  SECTION("drained, later") {
    events.drained = destroy;
    pair.client.stream->start(events);
    pair.client.stream->write(std::string(20'000'000, 'x'));
  }
  SECTION("ended") {
    events.ended = destroy;
    pair.client.stream->start(events);
    pair.server.stream->finish_writing();
  }
  pair.run_until([&] { return called; });
}

TEST_CASE("a stream destroyed with a full outbox takes its bytes along and leaks nothing") {
  Pair pair;
  pair.server.start();
  pair.server.stream->pause_reading();
  pair.client.start();
  auto shared = raft::Payload::of(std::string(20'000'000, 'x'));
  pair.client.stream->write_shared(*shared, shared);
  SECTION("not yet flushed") {}
  SECTION("half written") { pair.loop.run_nowait(); }
  pair.client.stream.reset();
  pair.run_until([&] { return shared.owners() == 1; });
}

TEST_CASE("closing after writing sends everything first") {
  Pair pair;
  pair.client.start();
  pair.server.start();
  const std::string big = pattern(10'000'000);
  pair.client.stream->write(big);
  pair.client.stream->close_after_writing();
  pair.client.stream->write("not any more");
  pair.run_until([&] { return !pair.server.closed.empty() && !pair.client.closed.empty(); });
  REQUIRE((pair.server.received == big));
  REQUIRE(pair.server.closed == "end of stream");
  REQUIRE(pair.client.closed == "closed here");
}

TEST_CASE("closing after writing with nothing to write calls back later, not at once") {
  Pair pair;
  pair.client.start();
  pair.client.stream->close_after_writing();
  REQUIRE(pair.client.closed.empty());
  pair.run_until([&] { return pair.client.closed == "closed here"; });
}

TEST_CASE("a half-closed connection still carries the answer") {
  Pair pair;
  pair.client.start();
  pair.server.start(true);
  pair.client.stream->write("question");
  pair.client.stream->finish_writing();
  pair.run_until([&] { return pair.server.ended; });
  REQUIRE(pair.server.received == "question");
  REQUIRE(pair.server.closed.empty());
  pair.server.ended = false;
  pair.server.stream->pause_reading();
  pair.server.stream->resume_reading();
  for (int turn = 0; turn < 3; ++turn) pair.loop.run_nowait();
  REQUIRE_FALSE(pair.server.ended);  // the end comes once
  pair.server.stream->write("answer");
  pair.server.stream->close_after_writing();
  pair.run_until([&] { return !pair.client.closed.empty(); });
  REQUIRE(pair.client.received == "answer");
}

TEST_CASE("a broken connection is told once, with the reason") {
  Pair pair;
  pair.client.start();
  pair.server.start();
  pair.server.stream->pause_reading();
  pair.client.stream->write("never read");
  pair.loop.run_nowait();
  pair.loop.run_nowait();
  pair.server.stream.reset();  // unread bytes: the kernel answers with a reset
  pair.run_until([&] { return !pair.client.closed.empty(); });
  REQUIRE(pair.client.closed == "read: connection reset by peer");
  pair.client.stream->write("into the void");
  pair.client.stream->close_after_writing();
  pair.client.stream->resume_reading();
  REQUIRE(pair.client.stream->outbox_bytes() == 0);
}

TEST_CASE("a stream is handed over in the middle of a callback") {
  Pair pair;
  pair.server.start();
  std::string first;
  Stream::Events greeting;
  greeting.closed = [](const std::string&) {};
  greeting.received = [&](std::string_view bytes) {
    first += bytes;
    pair.client.start();
  };
  pair.client.stream->start(std::move(greeting));
  pair.server.stream->write("hello");
  pair.run_until([&] { return first == "hello"; });
  pair.server.stream->write("more");
  pair.run_until([&] { return pair.client.received == "more"; });
  REQUIRE(first == "hello");
}

TEST_CASE("a stream knows who is at the other end, and takes a timeout") {
  Pair pair;
  pair.client.stream->set_peer_timeout(1_s);
  REQUIRE(pair.server.stream->remote().starts_with("127.0.0.1:"));
  REQUIRE(pair.client.stream->remote() != pair.server.stream->remote());
}

}  // namespace skiff::stream_test

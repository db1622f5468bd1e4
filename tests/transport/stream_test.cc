#include "transport/stream.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <vector>

#include "tests/support/catch.h"
#include "transport/listener.h"

namespace skiff::stream_test {

using namespace transport;

const Address kAnyPort{"127.0.0.1", 0};

template <class Condition>
void run_until(Loop& loop, Condition condition) {
  while (!condition()) {
    const bool is_alive = loop.run_once();
    REQUIRE((is_alive || condition()));
  }
}

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
    stream_test::run_until(loop, condition);
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
  const auto shared = std::make_shared<const std::string>(pattern(3'000'000));
  pair.client.start();
  pair.server.start();
  std::string expected;
  for (int round = 0; round < 3; ++round) {
    pair.client.stream->write("small");
    pair.client.stream->write(big);
    pair.client.stream->write_shared(*shared, shared);
    expected += "small" + big + *shared;
    pair.loop.run_nowait();
  }
  REQUIRE(pair.client.stream->outbox_bytes() > 0);
  pair.run_until([&] { return pair.server.received.size() >= expected.size(); });
  REQUIRE((pair.server.received == expected));
  pair.run_until([&] { return pair.client.stream->outbox_bytes() == 0 && pair.client.drained > 0; });
  pair.run_until([&] { return shared.use_count() == 1; });
}

TEST_CASE("many small pieces arrive whole, also when they are more than fit one call") {
  Pair pair;
  pair.client.start();
  pair.server.start();
  std::string expected;
  for (int number = 0; number < 1000; ++number) {
    auto shared = std::make_shared<const std::string>(std::to_string(number) + ",");
    pair.client.stream->write_shared(*shared, shared);
    expected += *shared;
  }
  pair.run_until([&] { return pair.server.received.size() == expected.size(); });
  REQUIRE(pair.server.received == expected);
}

TEST_CASE("who does not read fills the outbox of who writes, and finds everything later") {
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
  auto shared = std::make_shared<const std::string>(20'000'000, 'x');
  pair.client.stream->write_shared(*shared, shared);
  SECTION("not yet flushed") {}
  SECTION("half written") { pair.loop.run_nowait(); }
  pair.client.stream.reset();
  pair.run_until([&] { return shared.use_count() == 1; });
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
  pair.client.stream->set_peer_timeout_ms(1000);
  REQUIRE(pair.server.stream->remote().starts_with("127.0.0.1:"));
  REQUIRE(pair.client.stream->remote() != pair.server.stream->remote());
}

TEST_CASE("a port that is taken is an error that names the address") {
  Loop loop;
  auto first = Listener::open(loop, kAnyPort, [](std::unique_ptr<Stream>) {});
  const Address taken{"127.0.0.1", first.value()->port()};
  auto second = Listener::open(loop, taken, [](std::unique_ptr<Stream>) {});
  REQUIRE_FALSE(second.has_value());
  REQUIRE(second.error().what == "listen on 127.0.0.1:" + std::to_string(taken.port) + ": address already in use");
  auto nowhere = Listener::open(loop, {"not.a.host.invalid", 0}, [](std::unique_ptr<Stream>) {});
  REQUIRE_FALSE(nowhere.has_value());
  first.value().reset();
  loop.run();
}

struct Dialled {
  std::unique_ptr<Stream> stream;
  std::optional<Dial::Failure> failure;

  Dial::Done done() {
    return [this](std::unique_ptr<Stream> connected, Dial::Failure why) {
      if (connected)
        stream = std::move(connected);
      else
        failure = std::move(why);
    };
  }
};

TEST_CASE("dialling a port where nobody listens is refused") {
  Loop loop;
  auto listener = Listener::open(loop, kAnyPort, [](std::unique_ptr<Stream>) {}).value();
  const Address closed{"127.0.0.1", listener->port()};
  listener.reset();
  Dialled dialled;
  std::optional<Dial> dial;
  dial.emplace(loop, closed, dialled.done());
  run_until(loop, [&] { return dialled.failure.has_value(); });
  REQUIRE(dialled.failure->refused);
  REQUIRE(dialled.failure->why == "connect to 127.0.0.1:" + std::to_string(closed.port) + ": connection refused");
  dial.reset();
  loop.run();
}

TEST_CASE("dialling what cannot be looked up or reached fails, later and once") {
  Loop loop;
  Dialled dialled;
  std::optional<Dial> dial;
  SECTION("no such name") { dial.emplace(loop, Address{"no.such.host.invalid", 1}, dialled.done()); }
  SECTION("a name that is too long") { dial.emplace(loop, Address{std::string(300, 'x'), 1}, dialled.done()); }
  SECTION("an address that cannot be connected to") {
    dial.emplace(loop, Address{"255.255.255.255", 1}, dialled.done());
  }
  REQUIRE_FALSE(dialled.failure.has_value());
  run_until(loop, [&] { return dialled.failure.has_value(); });
  REQUIRE_FALSE(dialled.failure->refused);
  dial.reset();
  loop.run();
}

TEST_CASE("dialling by name finds the listener") {
  Loop loop;
  std::unique_ptr<Stream> accepted;
  auto listener =
      Listener::open(loop, kAnyPort, [&](std::unique_ptr<Stream> stream) { accepted = std::move(stream); }).value();
  Dialled dialled;
  std::optional<Dial> dial;
  dial.emplace(loop, Address{"localhost", listener->port()}, dialled.done());
  run_until(loop, [&] { return dialled.stream && accepted; });
  dialled.stream.reset();
  accepted.reset();
  dial.reset();
  listener.reset();
  loop.run();
}

TEST_CASE("a dial that is destroyed never calls back") {
  Loop loop;
  auto listener = Listener::open(loop, kAnyPort, [](std::unique_ptr<Stream>) {}).value();
  Dialled dialled;
  std::optional<Dial> dial;
  SECTION("at once") { dial.emplace(loop, Address{"127.0.0.1", listener->port()}, dialled.done()); }
  SECTION("while it connects") {
    dial.emplace(loop, Address{"127.0.0.1", listener->port()}, dialled.done());
    loop.run_nowait();
  }
  SECTION("while the name is looked up") { dial.emplace(loop, Address{"localhost", listener->port()}, dialled.done()); }
  dialled.stream.reset();
  const bool was_called = dialled.failure.has_value();
  dial.reset();
  listener.reset();
  loop.run();
  REQUIRE_FALSE(was_called);
  REQUIRE_FALSE(dialled.failure.has_value());
}

TEST_CASE("an IPv6 listener is dialled and seen with brackets") {
  Loop loop;
  std::unique_ptr<Stream> accepted;
  auto listener =
      Listener::open(loop, {"::1", 0}, [&](std::unique_ptr<Stream> stream) { accepted = std::move(stream); });
  if (!listener) return;  // a machine without IPv6
  Dialled dialled;
  std::optional<Dial> dial;
  dial.emplace(loop, Address{"::1", (*listener)->port()}, dialled.done());
  run_until(loop, [&] { return dialled.stream && accepted; });
  REQUIRE(accepted->remote().starts_with("[::1]:"));
  dialled.stream.reset();
  accepted.reset();
  dial.reset();
  listener->reset();
  loop.run();
}

TEST_CASE("a listener may be destroyed by the connection it accepts") {
  Loop loop;
  std::unique_ptr<Listener> listener;
  int accepted = 0;
  listener = Listener::open(loop, kAnyPort, [&](std::unique_ptr<Stream>) {
               ++accepted;
               listener.reset();
             }).value();
  const Address address{"127.0.0.1", listener->port()};
  Dialled dialled[2];
  std::optional<Dial> dials[2];
  for (int which : {0, 1}) dials[which].emplace(loop, address, dialled[which].done());
  run_until(loop, [&] { return accepted > 0; });
  for (auto& dial : dials) dial.reset();
  for (auto& one : dialled) one.stream.reset();
  loop.run();
  REQUIRE(accepted == 1);
}

// Takes every descriptor this process may still have.
class Scarcity {
 public:
  Scarcity() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~Scarcity() {
    release();
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  void take_all() {
    for (int taken = ::open("/dev/null", O_RDONLY); taken >= 0; taken = ::open("/dev/null", O_RDONLY)) {
      taken_.push_back(taken);
    }
    REQUIRE(errno == EMFILE);
  }
  void leave(int count) {
    for (; count > 0; --count) {
      ::close(taken_.back());
      taken_.pop_back();
    }
  }
  void release() {
    for (int taken : taken_) ::close(taken);
    taken_.clear();
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST_CASE("a listener out of descriptors waits without spinning and goes on when there are some") {
  Loop loop;
  Scarcity scarcity;
  std::unique_ptr<Stream> accepted;
  auto listener =
      Listener::open(loop, kAnyPort, [&](std::unique_ptr<Stream> stream) { accepted = std::move(stream); }).value();
  scarcity.take_all();
  scarcity.leave(2);  // for the dialling end, and for the one libuv keeps in reserve
  Dialled dialled;
  std::optional<Dial> dial;
  dial.emplace(loop, Address{"127.0.0.1", listener->port()}, dialled.done());
  run_until(loop, [&] { return dialled.stream || dialled.failure; });
  REQUIRE(dialled.stream);
  int turns = 0;
  bool is_over = false;
  Timer over(loop, [&] { is_over = true; });
  over.start_ns(250'000'000);
  run_until(loop, [&] { return ++turns > 1000 || is_over; });
  REQUIRE(turns < 30);
  REQUIRE(accepted == nullptr);
  scarcity.release();
  run_until(loop, [&] { return accepted != nullptr; });
  dialled.stream.reset();
  accepted.reset();
  dial.reset();
  listener.reset();
  loop.run();
}

}  // namespace skiff::stream_test

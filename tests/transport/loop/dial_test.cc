#include "transport/loop/dial.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <vector>

#include "tests/support/catch.h"
#include "tests/transport/loop/loop_world.h"
#include "transport/loop/listener.h"
#include "transport/loop/stream.h"

namespace skiff::dial_test {

using namespace transport;
using loop_world::kAnyPort;
using loop_world::run_until;

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

TEST_CASE("dialling a port where no process listens is refused") {
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

// Nothing is ready to be dealt with: in the next turn the loop would wait.
bool rests(Loop& loop) {
  pollfd events{.fd = uv_backend_fd(loop.uv()), .events = POLLIN, .revents = 0};
  return ::poll(&events, 1, 0) == 0 && uv_backend_timeout(loop.uv()) != 0;
}

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
  for (int turn = 0; turn < 1000 && !rests(loop); ++turn) loop.run_nowait();
  REQUIRE(rests(loop));  // though a connection waits to be accepted
  REQUIRE(accepted == nullptr);
  scarcity.release();
  run_until(loop, [&] { return accepted != nullptr; });
  dialled.stream.reset();
  accepted.reset();
  dial.reset();
  listener.reset();
  loop.run();
}

}  // namespace skiff::dial_test

// Peers: what arrives, what is lost, and what comes back.
#include "transport/peers/peers.h"

#include "tests/support/catch.h"
#include "tests/transport/peers/peers_world.h"

namespace skiff::peers_test {

TEST_CASE("peers hear each other, in order") {
  Logged logged;
  World world;
  Node a(world, 1), b(world, 2), c(world, 3);
  send_join_request({&a, &b, &c});
  world.until(
      [&] { return a.is_connected_to(2) && a.is_connected_to(3) && b.is_connected_to(1) && c.is_connected_to(1); });
  for (uint64_t round = 1; round <= 500; ++round) {
    a.send(2, Heartbeat{0, round});
    b.send(1, raft::HeartbeatReply{round});
    c.send(1, raft::HeartbeatReply{1000 + round});
  }
  world.until([&] { return a.inbox.size() == 1000 && b.inbox.size() == 500; });

  for (uint64_t round = 1; round <= 500; ++round) {
    REQUIRE(std::get<Heartbeat>(b.inbox[round - 1].body).round == round);
  }
  std::map<NodeId, uint64_t> last = {{2, 0}, {3, 1000}};
  for (const Message& message : a.inbox) {
    REQUIRE(std::get<raft::HeartbeatReply>(message.body).round == ++last[message.from]);
  }
  REQUIRE(a.happened["connected 2"] == 1);
  REQUIRE(a.status_of(2).counters.sent == 500);
  REQUIRE(a.status_of(2).received == 500);
  REQUIRE(a.status_of(2).counters.dropped == 0);
  REQUIRE(logged.count("connected") == 6);
}

TEST_CASE("an entry larger than the whole outbox passes") {
  Logged logged;
  World world;
  Peers::Limits limits = quick();
  limits.link.outbox_bytes_max = 100'000;
  limits.link.stall_timeout = 5_s;
  Node a(world, 1, limits), b(world, 2);
  send_join_request({&a, &b});
  world.until([&] { return a.is_connected_to(2); });
  world.until([&] { return a.status_of(2).outbox_bytes == 0; });
  a.send(2, one_entry(bytes(9'000'001, 'v')));
  world.until([&] { return b.inbox.size() == 1; });
  REQUIRE(*std::get<AppendEntries>(b.inbox[0].body).entries[0].payload == std::string(9'000'001, 'v'));
}

TEST_CASE("the members can be changed while everything runs") {
  Logged logged;
  World world;
  Node a(world, 1), b(world, 2), c(world, 3);
  send_join_request({&a, &b});
  world.until([&] { return a.is_connected_to(2) && b.is_connected_to(1); });
  REQUIRE(a.peers->status().size() == 1);  // itself is not among them

  send_join_request({&a, &c});  // node 2 is not told
  world.until([&] { return a.is_connected_to(3) && c.is_connected_to(1); });
  a.send(2, Heartbeat{});  // goes nowhere
  REQUIRE(a.peers->status().size() == 1);
  world.until([&] { return b.happened["disconnected 1"] > 0; });
  world.until([&] { return b.status_of(1).error.find("does not know this node as a member") != std::string::npos; });
  REQUIRE(b.inbox.empty());

  Node moved(world, 3);  // the same node, at another address
  moved.peers->set_members({a.member(), moved.member()});
  a.peers->set_members({a.member(), moved.member()});
  world.until([&] { return a.is_connected_to(3); });
  a.send(3, Heartbeat{0, 7});
  world.until([&] { return moved.inbox.size() == 1; });
  REQUIRE(c.inbox.empty());
}

TEST_CASE("a peer that moved while we were away is found where it says it is") {
  Logged logged;
  World world;
  Node a(world, 1), b(world, 2);
  const Address nobody = [&] {
    Node gone(world, 9);
    return gone.member().address;
  }();

  SECTION("at another address than we know") {
    a.peers->set_members({a.member(), {2, nobody}});
    world.until([&] { return a.happened["gone 2"] > 0; });
    b.peers->set_members({a.member(), b.member()});
    world.until([&] { return a.is_connected_to(2); });
    a.send(2, Heartbeat{0, 7});
    world.until([&] { return b.inbox.size() == 1; });
    // Another step on the way there is another link, that knows it as well.
    Node never(world, 9);
    a.peers->set_members({a.member(), {2, never.member().address}});
    world.until([&] { return a.is_connected_to(2); });
  }
  SECTION("at once, though the next dial is far off") {
    Peers::Limits patient = quick();
    patient.link.redial_first = patient.link.redial_max = 1_h;
    Node waits(world, 1, patient);
    waits.peers->set_members({waits.member(), {2, nobody}});
    world.until([&] { return waits.happened["gone 2"] > 0; });
    b.peers->set_members({waits.member(), b.member()});
    world.until([&] { return waits.is_connected_to(2); });
  }
  SECTION("and is not gone while it may be there") {
    int calls = 0;
    OddPeer silent(world, [&calls](Caller&) { ++calls; });
    b.peers->set_members({a.member(), silent.member(2)});
    a.peers->set_members({a.member(), {2, nobody}});
    world.until([&] { return calls > 2; });
    REQUIRE(a.happened["gone 2"] <= 1);  // before it had greeted
  }
  SECTION("or where we know it, if it is not there") {
    b.peers->set_members({a.member(), {2, nobody}});  // it is told to move, and has not yet
    a.peers->set_members({a.member(), b.member()});
    world.until([&] { return b.is_connected_to(1) && a.is_connected_to(2); });
    const uint16_t port = b.peers->port();
    b.peers.reset();
    world.until([&] { return a.happened["gone 2"] > 2; });  // nobody is at either
    REQUIRE(logged.count("peer 2 at " + to_url(nobody) + ": connect to") == 1);
    REQUIRE(logged.count("connection refused") == 2);
    Node again(world, 2, quick(), kCluster, port);
    again.peers->set_members({a.member(), {2, nobody}});
    world.until([&] { return a.is_connected_to(2); });
  }
}

TEST_CASE("a peer that restarts is connected again, and its absence is reported") {
  Logged logged;
  World world;
  Node a(world, 1);
  auto b = std::make_unique<Node>(world, 2);
  send_join_request({&a, b.get()});
  world.until([&] { return a.is_connected_to(2) && b->is_connected_to(1); });
  const uint16_t port = b->peers->port();
  const Peers::Member member = b->member();
  REQUIRE(a.happened["gone 2"] == 0);

  b.reset();
  world.until([&] { return a.happened["gone 2"] >= 3; });  // at every dial
  REQUIRE(a.happened["disconnected 2"] == 1);
  REQUIRE_FALSE(a.is_connected_to(2));
  a.send(2, Heartbeat{});
  REQUIRE(a.status_of(2).counters.dropped == 1);

  b = std::make_unique<Node>(world, 2, quick(), kCluster, port);
  b->peers->set_members({a.member(), member});
  world.until([&] { return a.is_connected_to(2); });
  a.send(2, Heartbeat{0, 9});
  world.until([&] { return b->inbox.size() == 1; });
  REQUIRE(logged.count("connection refused") == 1);
  REQUIRE(logged.count("connection lost") == 1);
}

TEST_CASE("a connection that breaks after a good while is dialled again at once") {
  Logged logged;
  World world;
  Peers::Limits limits = quick();
  limits.link.redial_first = limits.link.redial_max = 1_h;
  limits.link.settled = 0_s;
  Node a(world, 1, limits), b(world, 2);
  send_join_request({&a, &b});
  for (int times = 1; times <= 3; ++times) {
    world.until([&] { return a.happened["connected 2"] == times; });
    b.peers->set_members({});  // refuses all connections
    b.peers->set_members({a.member()});
  }
}

TEST_CASE("a peer that never was there is reported gone") {
  Logged logged;
  World world;
  auto port = Listener::open(world.loop, kAnyPort, [](std::unique_ptr<Stream>) {}).value()->port();
  world.loop.run();
  Node a(world, 1);
  a.peers->set_members({{2, {"127.0.0.1", port}}});
  world.until([&] { return a.happened["gone 2"] >= 2; });
  REQUIRE(a.happened["disconnected 2"] == 0);
}

TEST_CASE("a peer that takes nothing fills its outbox, loses messages, and is cut off in the end") {
  Logged logged;
  World world;
  OddPeer stuck(world, [](Caller& caller) {
    caller.stream->write(encode(Greeting{kProtocolVersion, kCluster, 2, 1, 1}));
    caller.stream->pause_reading();
  });
  Peers::Limits limits = quick();
  limits.link.outbox_bytes_max = 1'000'000;
  limits.link.outbox_bytes_reserved = 10'000;
  Node a(world, 1, limits);
  a.peers->set_members({stuck.member(2)});
  world.until([&] { return a.is_connected_to(2); });

  // when more is sent than the kernel and the outbox take, bulk data first
  do {
    while (a.status_of(2).outbox_bytes < 900'000) a.send(2, one_entry(bytes(100'000)));
    world.loop.run_nowait();
  } while (a.status_of(2).outbox_bytes < 900'000);
  REQUIRE(a.status_of(2).counters.dropped == 0);
  a.send(2, one_entry(bytes(100'000)));
  REQUIRE(a.status_of(2).counters.dropped == 1);
  REQUIRE(a.status_of(2).outbox_bytes <= 1'000'000);
  const uint64_t before = a.status_of(2).counters.sent;
  a.send(2, Heartbeat{});  // there is room kept for this
  REQUIRE(a.status_of(2).counters.sent == before + 1);
  for (int i = 0; i < 3000; ++i) a.send(2, Heartbeat{});  // but not for as many as come
  REQUIRE(a.status_of(2).outbox_bytes > 1'000'000);
  REQUIRE(a.status_of(2).outbox_bytes <= 1'010'000);
  REQUIRE(a.status_of(2).counters.dropped > 1);

  // then it is given up
  world.until([&] { return a.happened["disconnected 2"] > 0; });
  REQUIRE_THAT(logged.text(), Catch::Contains("took no bytes") || Catch::Contains("timed out"));
}

TEST_CASE("a message too large for any frame is dropped and logged") {
  Logged logged;
  World world;
  Node a(world, 1), b(world, 2);
  send_join_request({&a, &b});
  world.until([&] { return a.is_connected_to(2); });
  a.send(2, one_entry(bytes(kFrameBytesMax)));
  REQUIRE(a.status_of(2).counters.dropped == 1);
  REQUIRE(logged.count("too large for any frame") == 1);
  a.send(2, Heartbeat{0, 4});
  world.until([&] { return b.inbox.size() == 1; });
}

// Passes bytes on between one caller at a time and a port; damages one of them.
struct Wire {
  Wire(World& inside, uint16_t port) : world(inside), target(port) {
    listener = Listener::open(world.loop, kAnyPort, [this](std::unique_ptr<Stream> stream) {
                 accepted(std::move(stream));
               }).value();
  }
  void accepted(std::unique_ptr<Stream> stream) {
    ++connections;
    there.reset();
    passed = 0;
    here = std::move(stream);
    here->start({.received = [this](std::string_view more) { pass(more); },
                 .closed = [this](const std::string&) { there.reset(); }});
    here->pause_reading();
    dial = std::make_unique<Dial>(world.loop, Address{"127.0.0.1", target},
                                  [this](std::unique_ptr<Stream> dialled, Dial::Failure) {
                                    there = std::move(dialled);
                                    if (there) join();
                                  });
  }
  void join() {
    there->start({.received = [this](std::string_view more) { here->write(std::string(more)); },
                  .closed = [this](const std::string&) { here.reset(); }});
    here->resume_reading();
  }
  void pass(std::string_view more) {
    std::string copy(more);
    if (connections == 1 && passed <= damaged && damaged < passed + copy.size()) {
      copy[damaged - passed] = static_cast<char>(copy[damaged - passed] ^ 0x10);
    }
    passed += copy.size();
    if (there) there->write(std::move(copy));
  }

  World& world;
  uint16_t target;
  size_t damaged = ~size_t{0};  // which byte of the first connection
  size_t passed = 0;
  int connections = 0;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Stream> here, there;
  std::unique_ptr<Dial> dial;
};

TEST_CASE("a byte damaged on the way breaks the connection, never a message") {
  // in the greeting's header and body; in the header, length and body of the third message
  const size_t greeting = encode(Greeting{1, 1, 1, 1, 1}).size();
  const size_t message = encode(Message{1, 2, 1, Heartbeat{0, 1}}).size();
  for (size_t damaged : {size_t{0}, size_t{30}, greeting + 2 * message, greeting + 2 * message + 7,
                         greeting + 2 * message + 10, greeting + 3 * message - 1}) {
    CAPTURE(damaged);
    Logged logged;
    World world;
    Node a(world, 1), b(world, 2);
    Wire wire(world, b.peers->port());
    wire.damaged = damaged;
    a.peers->set_members({{2, {"127.0.0.1", wire.listener->port()}}});
    b.peers->set_members({a.member()});
    uint64_t round = 0;
    world.until([&] {
      if (a.is_connected_to(2)) a.send(2, Heartbeat{0, ++round});
      return wire.connections >= 2 && b.inbox.size() >= 5;
    });
    REQUIRE(wire.connections == 2);
    REQUIRE(b.peers->listener().turned_away() == 1);
    uint64_t last = 0;
    for (const Message& arrived : b.inbox) {
      uint64_t next = std::get<Heartbeat>(arrived.body).round;
      REQUIRE(next > last);
      REQUIRE(next <= round);
      last = next;
    }
  }
}

TEST_CASE("an event may change the members") {
  for (const char* event : {"connected", "disconnected", "gone", "received"}) {
    CAPTURE(event);
    Logged logged;
    World world;
    Node a(world, 1);
    auto b = std::make_unique<Node>(world, 2);
    send_join_request({&a, b.get()});
    int count = 0;
    a.on_event = [&] {
      const bool is_due =
          event == std::string("received") ? !a.inbox.empty() : a.happened.contains(std::string(event) + " 2");
      if (!is_due) return;
      ++count;
      a.peers->set_members({});
    };
    if (event != std::string("connected")) {
      world.until([&] { return a.is_connected_to(2) && b->is_connected_to(1); });
      b->send(1, Heartbeat{0, 1});
      b->send(1, Heartbeat{0, 2});
      world.until([&] { return a.inbox.size() == 2; });
      b.reset();
    }
    world.until([&] { return count > 0; });
    REQUIRE(a.peers->status().empty());
  }
}

TEST_CASE("a port in use is an error that names it") {
  World world;
  Node a(world, 1);
  auto second =
      Peers::open(world.loop, {kCluster, 2, 1}, a.member().address, quick(), 1, {.received = [](Message&&) {}});
  REQUIRE_FALSE(second.has_value());
  REQUIRE_THAT(second.error().what, Catch::Contains(std::to_string(a.peers->port())));
}

}  // namespace skiff::peers_test

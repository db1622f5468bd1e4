// Two processes with one data directory, as the members see them.
#include "tests/support/catch.h"
#include "tests/transport/peers/peers_world.h"
#include "transport/peers/running_processes.h"

namespace skiff::peers_test {

// D10: a node comes back under its old id without its data
TEST_CASE("another process is one with another number at another place", "[D10]") {
  const RunningProcess first{7, "10.0.0.3", 9021, "http://10.0.0.3:9021"};
  struct Row {
    std::string name;
    RunningProcess process;
    bool is_another;
  };
  const std::vector<Row> table = {
      {"itself", first, false},
      {"itself by another way", {7, "10.1.0.3", 9021, "http://10.0.0.3:9021"}, false},
      {"its next start", {8, "10.0.0.3", 9021, "http://10.0.0.3:9021"}, false},
      {"at another host", {8, "10.0.0.7", 9021, "http://10.0.0.3:9021"}, true},
      {"at another port", {8, "10.0.0.3", 9022, "http://10.0.0.3:9021"}, true},
      {"behind the same router", {8, "10.0.0.3", 9021, "http://10.0.0.7:9021"}, true},
      {"an older version", {0, "10.0.0.7", 9021, ""}, false},
  };
  for (auto side : {RunningProcesses::Side::listener, RunningProcesses::Side::link}) {
    RunningProcesses running;
    running.connected(3, side, first);
    for (const Row& row : table) {
      INFO(row.name);
      REQUIRE(running.other_than(3, row.process).has_value() == row.is_another);
      REQUIRE_FALSE(running.other_than(2, row.process).has_value());
    }
    running.disconnected(3, side);
    REQUIRE_FALSE(running.other_than(3, table[3].process).has_value());
  }
  REQUIRE(to_text(first) == "http://10.0.0.3:9021");
  REQUIRE(to_text(RunningProcess{8, "10.0.0.7", 9021, "http://10.0.0.3:9021"}) ==
          "http://10.0.0.3:9021 (10.0.0.7:9021)");
}

Greeting greeting_of_process(uint64_t number, uint16_t port) {
  Greeting greeting{kProtocolVersion, kCluster, 2, 1, 1, 20, "http://127.0.0.1:" + std::to_string(port)};
  greeting.process = number;
  greeting.port = port;
  return greeting;
}

// D10: a node comes back under its old id without its data
TEST_CASE("a second process is turned away while the first is connected, and not after", "[D10]") {
  Logged logged;
  World world;
  Node a(world, 1);
  OddPeer silent(world, [](Caller&) {});
  a.peers->set_members({silent.member(2)});
  auto first = std::make_unique<Caller>(world, a.peers->port());
  first->stream->write(encode(greeting_of_process(7, 9021)));
  world.until([&] { return first->answer().has_value(); });
  REQUIRE(decode_greeting(*first->answer())->port == a.peers->port());

  for (int again = 0; again < 3; ++again) {
    Caller second(world, a.peers->port());
    second.stream->write(encode(greeting_of_process(8, 9022)) + encode(Message{2, 1, 1, Heartbeat{}}));
    world.until([&] { return second.is_closed; });
    REQUIRE(second.is_refused(Refusal::running_twice));
    REQUIRE(decode_refusal_address(*second.answer()) == std::string("http://127.0.0.1:9021"));
  }
  REQUIRE(logged.count("node 2 runs twice with one data directory: at http://127.0.0.1:9021 and at "
                       "http://127.0.0.1:9022") == 1);
  REQUIRE(a.inbox.empty());
  REQUIRE_FALSE(first->is_closed);

  SECTION("the first one's next start takes its place at once") {
    Caller restarted(world, a.peers->port());
    restarted.stream->write(encode(greeting_of_process(9, 9021)));
    world.until([&] { return restarted.answer().has_value() && first->is_closed; });
    REQUIRE(restarted.answer()->kind == FrameKind::greeting);
  }
  SECTION("the second one is let in when the first has gone") {
    first.reset();
    world.until([&] { return a.peers->listener().connections() == 0; });
    Caller moved(world, a.peers->port());
    moved.stream->write(encode(greeting_of_process(8, 9022)));
    world.until([&] { return moved.answer().has_value(); });
    REQUIRE(moved.answer()->kind == FrameKind::greeting);
  }
}

// D10: a node comes back under its old id without its data
TEST_CASE("a process that is reached where the members say takes the place of another that came in", "[D10]") {
  Logged logged;
  World world;
  Node a(world, 1);
  bool is_there = false;
  OddPeer home(world, [&](Caller& caller) {
    if (is_there) caller.stream->write(encode(greeting_of_process(7, 9021)));
  });
  a.peers->set_members({home.member(2)});
  Caller copy(world, a.peers->port());
  Greeting greeting = greeting_of_process(8, 9022);
  greeting.address.clear();
  copy.stream->write(encode(greeting));
  world.until([&] { return copy.answer().has_value(); });

  is_there = true;
  world.until([&] { return a.is_connected_to(2) && copy.is_closed; });
  REQUIRE(logged.count("node 2 runs twice") == 1);
}

// D10: a node comes back under its old id without its data
TEST_CASE("a process that is reached elsewhere than the members say is not talked to beside another", "[D10]") {
  Logged logged;
  World world;
  Node a(world, 1);
  OddPeer copy(world, [&](Caller& caller) { caller.stream->write(encode(greeting_of_process(8, 9022))); });
  const Address nobody = [&] {
    Node gone(world, 9);
    return gone.member().address;
  }();
  a.peers->set_members({{2, nobody}});
  Caller first(world, a.peers->port());
  Greeting greeting = greeting_of_process(7, 9021);
  greeting.address = to_url(copy.member(2).address);
  first.stream->write(encode(greeting));
  world.until([&] { return logged.count("node 2 runs twice") == 1 && copy.callers.size() > 2; });
  REQUIRE(a.happened["connected 2"] == 0);
  REQUIRE_FALSE(first.is_closed);
}

// D10: a node comes back under its old id without its data
TEST_CASE("a process that is turned away as the second one is told where the first runs", "[D10]") {
  Logged logged;
  World world;
  OddPeer peer(world, [&](Caller& caller) { caller.stream->write(encode(Refusal::running_twice, "http://a:1")); });
  std::vector<std::pair<NodeId, std::string>> told;
  Peers::Events events{.received = [](Message&&) {},
                       .runs_twice = [&](NodeId by, const std::string& address) { told.emplace_back(by, address); }};
  auto peers = Peers::open(world.loop, {kCluster, 1, 1}, {"127.0.0.1", 0}, quick(), 1, std::move(events)).value();
  peers->set_members({peer.member(2)});
  world.until([&] { return !told.empty(); });
  REQUIRE(told.front() == std::pair<NodeId, std::string>{2, "http://a:1"});
}

// D10: a node comes back under its old id without its data
TEST_CASE("the first process hears of the second one at its own peer port", "[D10]") {
  Logged logged;
  World world;
  auto start = [&](uint64_t process) {
    PeerIdentity us{.cluster = kCluster, .self = 2, .incarnation = 1, .data_dir_id = 20, .address = "http://a:1"};
    us.process = process;
    return Peers::open(world.loop, us, {"127.0.0.1", 0}, quick(), 1, {.received = [](Message&&) {}}).value();
  };
  auto first = start(7), second = start(8);
  second->tell_first_process("http://127.0.0.1:" + std::to_string(first->port()));
  world.until([&] { return logged.count("node 2 runs twice") == 1; });
  second->tell_first_process("nowhere");
  world.until([&] { return first->listener().connections() == 0; });
}

}  // namespace skiff::peers_test

// Where a peer is looked for: at the log's address, where it says, and where --cluster says.
#include "tests/support/catch.h"
#include "tests/transport/peers/peers_world.h"

namespace skiff::peers_test {

Address nobody_at(World& world) {
  Node gone(world, 9);
  return gone.member().address;
}

struct Placed {
  Placed(World& world, NodeId id, std::string address, std::map<NodeId, Address> configured) {
    Peers::Events events{.received = [](Message&&) {}, .gone = [this](NodeId) { ++gone; }};
    PeerIdentity us{.cluster = kCluster, .self = id, .incarnation = 1, .address = std::move(address)};
    us.configured = std::move(configured);
    peers = Peers::open(world.loop, us, {"127.0.0.1", 0}, quick(), id, std::move(events)).value();
  }
  Address address() const { return {"127.0.0.1", peers->port()}; }
  Peers::Status status() const { return peers->status().at(0); }

  std::unique_ptr<Peers> peers;
  int gone = 0;
};

// M17: a member moves to another address
TEST_CASE("a peer is found where --cluster says, if it is not where the log does", "[M17]") {
  Logged logged;
  World world;
  const Address old_one = nobody_at(world), old_two = nobody_at(world);
  Node two(world, 2);
  Placed one(world, 1, "", {{2, two.member().address}});
  two.peers->set_members({{1, one.address()}});  // without an entry of its own it does not say where it is
  one.peers->set_members({{1, old_one}, {2, old_two}});
  world.until([&] { return one.status().is_connected; });
  REQUIRE_FALSE(one.status().moved_to.has_value());
}

// M17: a member moves to another address
TEST_CASE("a peer that says it is where it was found, and not where the log says, has moved", "[M17]") {
  Logged logged;
  World world;
  const Address old_one = nobody_at(world), old_two = nobody_at(world);
  Node probe(world, 2);
  const uint16_t port = probe.peers->port();
  probe.peers.reset();
  const Address new_two{"127.0.0.1", port};
  Placed one(world, 1, "", {{2, new_two}});
  one.peers->set_members({{1, old_one}, {2, old_two}});
  world.until([&] { return one.gone > 0; });

  PeerIdentity us{.cluster = kCluster, .self = 2, .incarnation = 1, .address = to_url(new_two)};
  us.process = 5;
  auto two = Peers::open(world.loop, us, new_two, quick(), 2, {.received = [](Message&&) {}}).value();
  two->set_members({{1, one.address()}, {2, old_two}});  // its own entry is the log's, and it knows better
  world.until([&] { return one.status().moved_to == new_two; });

  // When the log knows, the connection stays.
  one.peers->set_members({{1, old_one}, {2, new_two}});
  REQUIRE(one.status().is_connected);
  REQUIRE_FALSE(one.status().moved_to.has_value());
  REQUIRE(one.status().address == new_two);
}

// M17: a member moves to another address
TEST_CASE("a peer that comes back elsewhere before its old address was dialled again has moved, too", "[M17]") {
  Logged logged;
  World world;
  Peers::Limits patient = quick();
  patient.link.redial_first = 100_ms;  // two is back sooner
  patient.link.redial_max = 100_ms;
  const PeerIdentity us{.cluster = kCluster, .self = 1, .incarnation = 1};
  auto one = Peers::open(world.loop, us, {"127.0.0.1", 0}, patient, 1, {.received = [](Message&&) {}}).value();
  const Address at_one{"127.0.0.1", one->port()};
  const auto status = [&] { return one->status().at(0); };
  const auto process_of_two = [&](uint64_t process, const Address& address) {
    PeerIdentity two{.cluster = kCluster, .self = 2, .incarnation = 1, .address = to_url(address)};
    two.process = process;
    return Peers::open(world.loop, two, address, quick(), 2, {.received = [](Message&&) {}}).value();
  };
  const Address old_two = nobody_at(world), new_two = nobody_at(world);

  auto two = process_of_two(4, old_two);
  two->set_members({{1, at_one}, {2, old_two}});
  one->set_members({{1, at_one}, {2, old_two}});
  world.until([&] { return status().is_connected; });
  two.reset();
  world.until([&] { return !status().is_connected; });
  two = process_of_two(5, new_two);
  two->set_members({{1, at_one}, {2, old_two}});
  world.until([&] { return status().moved_to == new_two; });
}

// M17: a member moves to another address
TEST_CASE("the log's address is dialled first, and --cluster's no more once the peer was there", "[M17]") {
  Logged logged;
  World world;
  int calls = 0;
  OddPeer elsewhere(world, [&calls](Caller&) { ++calls; });
  auto two = std::make_unique<Node>(world, 2);
  const Peers::Member member = two->member();
  Placed one(world, 1, "", {{2, elsewhere.member(2).address}});
  two->peers->set_members({{1, one.address()}, member});
  one.peers->set_members({member});
  world.until([&] { return one.status().is_connected; });
  two.reset();
  world.until(
      [&] { return one.gone >= 3; });  // a process that is not there is noticed at once, whatever --cluster says
  REQUIRE(calls == 0);
}

// M17: a member moves to another address
TEST_CASE("a member that was told to move, and has not yet, has not moved back", "[M17]") {
  Logged logged;
  World world;
  Placed one(world, 1, "", {});
  const Address old_two = nobody_at(world), next_two = nobody_at(world);
  PeerIdentity us{.cluster = kCluster, .self = 2, .incarnation = 1, .address = to_url(old_two), .process = 5};
  auto start_two = [&] {
    auto two = Peers::open(world.loop, us, old_two, quick(), 2, {.received = [](Message&&) {}}).value();
    two->set_members({{1, one.address()}, {2, old_two}});
    return two;
  };
  auto two = start_two();
  one.peers->set_members({{2, old_two}});
  world.until([&] { return one.status().is_connected; });

  one.peers->set_members({{2, next_two}});
  world.until([&] { return one.status().is_connected; });
  REQUIRE_FALSE(one.status().moved_to.has_value());

  two.reset();
  us.process = 6;
  two = start_two();  // it is started again where it was: so be it
  world.until([&] { return one.status().moved_to == old_two; });
}

}  // namespace skiff::peers_test

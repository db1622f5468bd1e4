// A data folder that was lost, and an empty one that comes back under the same id.
#include "tests/support/catch.h"
#include "tests/transport/peers_world.h"
#include "transport/peer.h"

namespace skiff::peers_test {

TEST_CASE("the first data folder that is met under an id is the one that counts") {  // [D10]
  int learned = 0;
  KnownPeers known({{3, 30}}, [&](const KnownPeers::Instances& instances) {
    ++learned;
    REQUIRE(instances == KnownPeers::Instances{{2, 20}, {3, 30}});
  });
  REQUIRE(known.meet(3, 30));
  REQUIRE_FALSE(known.meet(3, 31));
  REQUIRE(known.meet(3, 30));
  REQUIRE(known.meet(2, 20));
  REQUIRE(known.meet(2, 20));
  REQUIRE_FALSE(known.meet(2, 21));
  REQUIRE(known.meet(2, 0));  // does not say
  REQUIRE(learned == 1);
}

struct Knowing {
  Knowing(World& world, KnownPeers::Instances instances) : known(std::move(instances), {}) {
    Peers::Events events{.received = [](Message&&) {},
                         .connected = [this](NodeId) { ++connected; },
                         .disowned = [this](NodeId by) { disowned_by = by; }};
    PeerIdentity us{.cluster = kCluster, .self = 1, .incarnation = 1, .instance = 10, .known = &known};
    peers = Peers::open(world.loop, us, {"127.0.0.1", 0}, quick(), 1, std::move(events)).value();
  }
  KnownPeers known;
  std::unique_ptr<Peers> peers;
  int connected = 0;
  NodeId disowned_by = 0;
};

TEST_CASE("a node with another data folder than before is turned away, and told why") {  // [D10]
  Logged logged;
  World world;
  Knowing a(world, {{2, 20}});
  OddPeer silent(world, [](Caller&) {});
  a.peers->set_members({silent.member(2)});
  Caller empty(world, a.peers->port());
  empty.stream->write(encode(Greeting{kProtocolVersion, kCluster, 2, 1, 1, 21}));
  world.until([&] { return empty.is_closed; });
  REQUIRE(empty.is_refused(Refusal::other_instance));
  REQUIRE(logged.count("another data folder when we met it") == 1);

  Caller same(world, a.peers->port());
  same.stream->write(encode(Greeting{kProtocolVersion, kCluster, 2, 1, 7, 20}));
  world.until([&] { return same.answer().has_value(); });
  REQUIRE(same.answer()->kind == FrameKind::greeting);
  REQUIRE(decode_greeting(*same.answer())->instance == 10);
}

TEST_CASE("a learner that was met, and has no folder any more, is not welcomed again") {  // [D10]
  Logged logged;
  World world;
  Knowing a(world, {{2, 20}});
  OddPeer silent(world, [](Caller&) {});
  a.peers->set_members({silent.member(2), silent.member(3)});
  a.peers->set_reception({.welcome = {.cluster = kCluster, .members = {}}, .newcomers = {2, 3}, .removed = {}});
  Caller lost(world, a.peers->port()), fresh(world, a.peers->port());
  lost.stream->write(encode(Introduction{kProtocolVersion, 2}));
  fresh.stream->write(encode(Introduction{kProtocolVersion, 3}));
  world.until([&] { return lost.is_closed && fresh.is_closed; });
  REQUIRE(lost.is_refused(Refusal::other_instance));
  REQUIRE(fresh.answer()->kind == FrameKind::welcome);
}

TEST_CASE("who was removed hears that first, whatever folder it comes with") {  // [D10]
  Logged logged;
  World world;
  Knowing a(world, {{2, 20}});
  a.peers->set_reception({.welcome = {}, .newcomers = {}, .removed = {2}});
  Caller removed(world, a.peers->port());
  removed.stream->write(encode(Greeting{kProtocolVersion, kCluster, 2, 1, 1, 21}));
  world.until([&] { return removed.is_closed; });
  REQUIRE(removed.is_refused(Refusal::removed));
  REQUIRE_FALSE(a.known.meet(2, 21));
}

TEST_CASE("a node learns from whoever turns it away that it has lost its data") {  // [D10]
  Logged logged;
  World world;
  Knowing a(world, {});
  OddPeer knows_better(world, [](Caller& caller) { caller.stream->write(encode(Refusal::other_instance)); });
  a.peers->set_members({knows_better.member(2)});
  world.until([&] { return a.disowned_by == 2; });
  REQUIRE(a.connected == 0);
}

TEST_CASE("a node with another data folder than before is sent nothing") {  // [D10]
  Logged logged;
  World world;
  Knowing a(world, {{2, 20}});
  OddPeer empty(world, [](Caller& caller) {
    caller.stream->write(encode(Greeting{kProtocolVersion, kCluster, 2, 1, 1, 21}));
  });
  a.peers->set_members({empty.member(2)});
  world.until([&] { return logged.count("not the peer we know: it had another data folder") > 0; });
  REQUIRE(a.connected == 0);
}

TEST_CASE("who is no member is compared with what is known, and remembered only once it is one") {
  int learned = 0;
  KnownPeers known({{2, 20}}, [&](const KnownPeers::Instances&) { ++learned; });
  known.learn_only({2, 3});
  REQUIRE(known.meet(9, 90));
  REQUIRE(known.meet(9, 91));
  REQUIRE_FALSE(known.has_met(9));
  REQUIRE_FALSE(known.meet(2, 21));
  REQUIRE(learned == 0);
  REQUIRE(known.meet(3, 30));
  REQUIRE_FALSE(known.meet(3, 31));
  REQUIRE(learned == 1);
  known.learn_only({2, 3, 9});
  REQUIRE(learned == 2);
  REQUIRE(known.meet(9, 91));
  REQUIRE_FALSE(known.meet(9, 90));
}

}  // namespace skiff::peers_test

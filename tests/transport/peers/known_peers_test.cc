// A data directory that was lost, and an empty one that comes back under the same id.
#include "tests/support/catch.h"
#include "tests/transport/peers/peers_world.h"
#include "transport/peers/greeting_rules.h"

namespace skiff::peers_test {

// D10: a node comes back under its old id without its data
TEST_CASE("the first data directory that is seen under an id is the one that counts") {  // [D10]
  int learned = 0;
  KnownPeers known({{3, 30}}, [&](const KnownPeers::DataDirIds& data_dir_ids) {
    ++learned;
    REQUIRE(data_dir_ids == KnownPeers::DataDirIds{{2, 20}, {3, 30}});
  });
  REQUIRE(known.compare_or_learn(3, 30));
  REQUIRE_FALSE(known.compare_or_learn(3, 31));
  REQUIRE(known.compare_or_learn(3, 30));
  REQUIRE(known.compare_or_learn(2, 20));
  REQUIRE(known.compare_or_learn(2, 20));
  REQUIRE_FALSE(known.compare_or_learn(2, 21));
  REQUIRE(known.compare_or_learn(2, 0));  // does not say
  REQUIRE(learned == 1);
}

struct Knowing {
  Knowing(World& world, KnownPeers::DataDirIds data_dir_ids) : known(std::move(data_dir_ids), {}) {
    Peers::Events events{.received = [](Message&&) {},
                         .connected = [this](NodeId) { ++connected; },
                         .compared = [this](NodeId by, const DataDirMatch& match) { heard[by].push_back(match); }};
    PeerIdentity us{.cluster = kCluster, .self = 1, .incarnation = 1, .data_dir_id = 10, .known = &known};
    peers = Peers::open(world.loop, us, {"127.0.0.1", 0}, quick(), 1, std::move(events)).value();
  }
  KnownPeers known;
  std::unique_ptr<Peers> peers;
  int connected = 0;
  std::map<NodeId, std::vector<DataDirMatch>> heard;
};

// D10: a node comes back under its old id without its data
TEST_CASE("a node with another data directory than before is turned away, and told why") {  // [D10]
  Logged logged;
  World world;
  Knowing a(world, {{2, 20}});
  OddPeer silent(world, [](Caller&) {});
  a.peers->set_members({silent.member(2)});
  Caller empty(world, a.peers->port());
  empty.stream->write(encode(Greeting{kProtocolVersion, kCluster, 2, 1, 1, 21}));
  world.until([&] { return empty.is_closed; });
  REQUIRE(empty.is_refused(Refusal::other_data_dir_id));
  REQUIRE(logged.count("another data directory before") == 1);

  Caller same(world, a.peers->port());
  same.stream->write(encode(Greeting{kProtocolVersion, kCluster, 2, 1, 7, 20}));
  world.until([&] { return same.answer().has_value(); });
  REQUIRE(same.answer()->kind == FrameKind::greeting);
  REQUIRE(decode_greeting(*same.answer())->data_dir_id == 10);
}

// D10: a node comes back under its old id without its data
TEST_CASE("a learner that was known, and has no directory any more, is not admitted again") {  // [D10]
  Logged logged;
  World world;
  Knowing a(world, {{2, 20}});
  OddPeer silent(world, [](Caller&) {});
  a.peers->set_members({silent.member(2), silent.member(3)});
  a.peers->set_admission_rules({.join_reply = {.cluster = kCluster, .members = {}}, .joining = {2, 3}, .removed = {}});
  Caller lost(world, a.peers->port()), fresh(world, a.peers->port());
  lost.stream->write(encode(JoinRequest{kProtocolVersion, 2}));
  fresh.stream->write(encode(JoinRequest{kProtocolVersion, 3}));
  world.until([&] { return lost.is_closed && fresh.is_closed; });
  REQUIRE(lost.is_refused(Refusal::other_data_dir_id));
  REQUIRE(fresh.answer()->kind == FrameKind::join_reply);
}

// D10: a node comes back under its old id without its data
TEST_CASE("a removed node is told that first, whatever directory it comes with") {  // [D10]
  Logged logged;
  World world;
  Knowing a(world, {{2, 20}});
  a.peers->set_admission_rules({.join_reply = {}, .joining = {}, .removed = {2}});
  Caller removed(world, a.peers->port());
  removed.stream->write(encode(Greeting{kProtocolVersion, kCluster, 2, 1, 1, 21}));
  world.until([&] { return removed.is_closed; });
  REQUIRE(removed.is_refused(Refusal::removed));
  REQUIRE_FALSE(a.known.compare_or_learn(2, 21));
}

// D10: a node comes back under its old id without its data
TEST_CASE("a node learns from a member that refuses it that it has lost its data") {  // [D10]
  Logged logged;
  World world;
  Knowing a(world, {});
  OddPeer knows_better(world, [](Caller& caller) { caller.stream->write(encode(Refusal::other_data_dir_id)); });
  a.peers->set_members({knows_better.member(2)});
  world.until([&] { return !a.heard[2].empty(); });
  REQUIRE(a.heard[2].front() == DataDirMatch{.own_differs = true});
  REQUIRE(a.connected == 0);
}

// D10: a node comes back under its old id without its data
TEST_CASE("a node with another data directory than before is sent nothing") {  // [D10]
  Logged logged;
  World world;
  Knowing a(world, {{2, 20}});
  OddPeer empty(world, [](Caller& caller) {
    caller.stream->write(encode(Greeting{kProtocolVersion, kCluster, 2, 1, 1, 21}));
  });
  a.peers->set_members({empty.member(2)});
  world.until([&] { return logged.count("not the peer we know: it had another data directory") > 0; });
  REQUIRE(a.connected == 0);
}

TEST_CASE("a node that is no member is compared with the known numbers, and remembered only once it is one") {
  int learned = 0;
  KnownPeers known({{2, 20}}, [&](const KnownPeers::DataDirIds&) { ++learned; });
  known.learn_only({2, 3});
  REQUIRE(known.compare_or_learn(9, 90));
  REQUIRE(known.compare_or_learn(9, 91));
  REQUIRE_FALSE(known.knows(9));
  REQUIRE_FALSE(known.compare_or_learn(2, 21));
  REQUIRE(learned == 0);
  REQUIRE(known.compare_or_learn(3, 30));
  REQUIRE_FALSE(known.compare_or_learn(3, 31));
  REQUIRE(learned == 1);
  known.learn_only({2, 3, 9});
  REQUIRE(learned == 2);
  REQUIRE(known.compare_or_learn(9, 91));
  REQUIRE_FALSE(known.compare_or_learn(9, 90));
}

// Node 1 with the data directory 10 is greeted by node 2 with 20.
Greeting greeting_of_two(KnownPeers::DataDirIds knows) {
  Greeting greeting{kProtocolVersion, kCluster, 2, 1, 1, 20};
  greeting.known = std::move(knows);
  return greeting;
}

// D10: a node comes back under its old id without its data
TEST_CASE("a greeting is compared with what both sides remember, and taught from only if it matches", "[D10]") {
  using Known = KnownPeers::DataDirIds;
  struct Row {
    std::string name;
    Known knows, says;
    DataDirMatch match;
    Known learned;
  };
  const DataDirMatch own{.own_differs = true}, peer{.peer_differs = true}, others{.others_differ = true};
  const DataDirMatch both{.peer_differs = true, .own_differs = true};
  const std::vector<Row> table = {
      {"unknown nodes", {}, {}, {}, {{2, 20}}},
      {"old acquaintances", {{2, 20}}, {{1, 10}}, {}, {{2, 20}}},
      {"it has another directory", {{2, 21}}, {{1, 10}}, peer, {{2, 21}}},
      {"it remembers another of ours", {}, {{1, 11}, {3, 30}}, own, {}},
      {"each has another", {{2, 21}}, {{1, 11}}, both, {{2, 21}}},
      {"it tells of a third", {}, {{3, 30}}, {}, {{2, 20}, {3, 30}}},
      {"but not of one that is no member", {}, {{9, 90}}, {}, {{2, 20}}},
      {"what is known already stays", {{2, 20}, {3, 31}}, {{1, 10}, {3, 30}}, {}, {{2, 20}, {3, 31}}},
      {"unknown nodes of two foundings", {{3, 31}}, {{3, 30}}, others, {{3, 31}}},
      {"unknown nodes that know each other's by hearsay", {{2, 20}, {3, 31}}, {{3, 30}}, others, {{2, 20}, {3, 31}}},
      {"most of what they know is the same", {{3, 30}, {4, 40}}, {{3, 30}, {4, 41}}, {}, {{2, 20}, {3, 30}, {4, 40}}},
  };
  for (const Row& row : table) {
    INFO(row.name);
    KnownPeers known(row.knows, {});
    known.learn_only({1, 2, 3, 4});
    REQUIRE(known.greeted(greeting_of_two(row.says), 10) == row.match);
    REQUIRE(known.of_members() == row.learned);
  }
}

// D10: a node comes back under its old id without its data
TEST_CASE("a node that remembers another data directory of this one is refused, and nothing is learned of it",
          "[D10]") {
  Logged logged;
  World world;
  Knowing a(world, {});
  OddPeer silent(world, [](Caller&) {});
  a.peers->set_members({silent.member(2)});

  Caller old(world, a.peers->port());
  old.stream->write(encode(greeting_of_two({{1, 11}})) + encode(Message{2, 1, 1, Heartbeat{}}));
  world.until([&] { return old.is_closed; });
  REQUIRE(old.is_refused(Refusal::unexpected_data_dir));
  REQUIRE(a.heard[2] == std::vector{DataDirMatch{.own_differs = true}});
  REQUIRE(logged.count("node 2, which remembers another data directory of this node") == 1);
  REQUIRE_FALSE(a.known.knows(2));

  Caller fresh(world, a.peers->port());
  Greeting another{kProtocolVersion, kCluster, 2, 1, 1, 22};
  another.known = {{1, 10}};
  fresh.stream->write(encode(another));
  world.until([&] { return fresh.answer().has_value(); });
  REQUIRE(fresh.answer()->kind == FrameKind::greeting);
  REQUIRE(decode_greeting(*fresh.answer())->known == KnownPeers::DataDirIds{{2, 22}});
  REQUIRE(a.heard[2].back().is_match());
}

// D10: a node comes back under its old id without its data
TEST_CASE("two of different foundings that do not know each other refuse each other", "[D10]") {
  Logged logged;
  World world;
  Knowing a(world, {{3, 31}});
  OddPeer other(world, [](Caller& caller) { caller.stream->write(encode(greeting_of_two({{3, 30}}))); });
  a.peers->set_members({other.member(2), other.member(3)});
  world.until([&] { return logged.count("it remembers other data directories of the members") > 0; });
  REQUIRE(a.connected == 0);
  Caller caller(world, a.peers->port());
  caller.stream->write(encode(greeting_of_two({{3, 30}})));
  world.until([&] { return caller.is_closed; });
  REQUIRE(caller.is_refused(Refusal::other_founding));
  REQUIRE_FALSE(a.known.knows(2));
}

// D10: a node comes back under its old id without its data
TEST_CASE("a peer that answers with another directory of this node than ours is sent nothing", "[D10]") {
  Logged logged;
  World world;
  Knowing a(world, {});
  const auto answer = [](const std::string& said) { return [said](Caller& caller) { caller.stream->write(said); }; };
  OddPeer greets(world, answer(encode(greeting_of_two({{1, 11}}))));
  OddPeer refuses(world, answer(encode(Refusal::unexpected_data_dir)));
  a.peers->set_members({greets.member(2), refuses.member(3)});
  world.until([&] { return !a.heard[2].empty() && !a.heard[3].empty(); });
  REQUIRE(a.heard[2].front() == DataDirMatch{.own_differs = true});
  REQUIRE(a.heard[3].front() == DataDirMatch{.peer_differs = true});
  REQUIRE(a.connected == 0);
  REQUIRE_FALSE(a.known.knows(2));
}

}  // namespace skiff::peers_test

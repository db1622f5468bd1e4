// A node that was added learns its cluster, or that it will never be admitted.
#include "transport/peers/join_client.h"

#include "tests/support/catch.h"
#include "tests/transport/peers/peers_world.h"

namespace skiff::peers_test {

struct Arrival {
  std::optional<JoinReply> join_reply;
  std::optional<Refusal> refusal;
  JoinClient joining_peer;

  Arrival(World& world, NodeId self, std::vector<Address> ask)
      : joining_peer(world.loop, self, std::move(ask), {.answer_timeout = 200_ms, .pause = 1_ms},
                     {.got_join_reply = [this](JoinReply&& said) { join_reply = std::move(said); },
                      .refused = [this](Refusal said) { refusal = said; }}) {}
};

// M1: members are added and removed, with and without a vote
TEST_CASE("a joining node asks one member after the other until it has been added", "[M1]") {
  Logged logged;
  World world;
  Node a(world, 1), b(world, 2);
  OddPeer silent(world, [](Caller&) {});
  OddPeer odd(world, [](Caller& caller) { caller.stream->write("what?  what?  what?  what?"); });
  const Address nobody = [&] {
    Node gone(world, 9);
    return gone.member().address;
  }();
  const JoinReply told{.cluster = kCluster, .members = {{1, "http://a:1"}}};
  Arrival arrival(world, 4, {nobody, silent.member(1).address, odd.member(1).address, a.member().address});
  world.until([&] { return a.peers->listener().turned_away() > 1; });
  REQUIRE_FALSE(arrival.join_reply.has_value());
  REQUIRE(logged.count("waits to be added: " + to_url(a.member().address) + ": it does not know") ==
          1);  // though it asked twice
  REQUIRE(logged.count(to_url(nobody) + ": connect to") == 1);
  REQUIRE(logged.count("no answer within 200 ms") == 1);

  a.peers->set_members({a.member(), {4, {"127.0.0.1", 1}}});
  a.peers->set_admission_rules({.join_reply = told, .joining = {4}, .removed = {}});
  world.until([&] { return arrival.join_reply.has_value(); });
  REQUIRE(arrival.join_reply == told);
  REQUIRE_FALSE(arrival.refusal.has_value());
}

// M1: members are added and removed, with and without a vote
TEST_CASE("a joining node that will never be admitted is told so", "[M1]") {
  Logged logged;
  World world;
  Node a(world, 1);
  a.peers->set_members({a.member(), {2, {"127.0.0.1", 1}}});
  a.peers->set_admission_rules({.join_reply = {.cluster = kCluster, .members = {}}, .joining = {}, .removed = {3}});
  Arrival removed(world, 3, {a.member().address}), voter(world, 2, {a.member().address});
  OddPeer knows_it(world, [](Caller& caller) { caller.stream->write(encode(Refusal::other_data_dir_id)); });
  Arrival emptied(world, 4, {knows_it.member(1).address});
  world.until([&] { return removed.refusal && voter.refusal && emptied.refusal; });
  REQUIRE(removed.refusal == Refusal::removed);
  REQUIRE(voter.refusal == Refusal::taken);
  REQUIRE(emptied.refusal == Refusal::other_data_dir_id);
}

}  // namespace skiff::peers_test

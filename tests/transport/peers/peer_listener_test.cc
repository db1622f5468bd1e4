// Which connections are admitted, which are refused, and how either side learns why.
#include "transport/peers/peer_listener.h"

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/transport/peers/peers_world.h"

namespace skiff::peers_test {

TEST_CASE("a peer that does not belong here is told why, and logged") {
  struct UnidentifiedPeer {
    Greeting greeting;
    Refusal reason;
    std::string line;
  };
  const std::vector<UnidentifiedPeer> table = {
      {{kProtocolVersion, kCluster + 1, 2, 1, 1}, Refusal::other_cluster, "as node 2 of another cluster"},
      {{kProtocolVersion, kCluster, 9, 1, 1}, Refusal::unknown_member, "as node 9, which is no member"},
      {{kProtocolVersion, kCluster, 1, 1, 1}, Refusal::unknown_member, "as node 1, which is no member"},
      {{kProtocolVersion + 1, kCluster, 2, 1, 1},
       Refusal::other_version,
       "it speaks version " + std::to_string(kProtocolVersion + 1) + " of the peer protocol"},
      {{kProtocolVersion, kCluster, 2, 3, 1}, Refusal::other_node, "takes this node for node 3"},
  };
  for (const UnidentifiedPeer& unidentified : table) {
    CAPTURE(unidentified.line);
    Logged logged;
    World world;
    Node a(world, 1);
    OddPeer silent(world, [](Caller&) {});
    a.peers->set_members({a.member(), silent.member(2)});
    for (int again = 0; again < 3; ++again) {
      Caller caller(world, a.peers->port());
      caller.stream->write(encode(unidentified.greeting) + encode(Message{2, 1, 1, Heartbeat{}}));
      world.until([&] { return caller.is_closed; });
      REQUIRE(caller.is_refused(unidentified.reason));
    }
    REQUIRE(logged.count(unidentified.line) == 1);
    REQUIRE(a.inbox.empty());
    REQUIRE(a.peers->listener().turned_away() == 3);
    world.until([&] { return a.peers->listener().connections() == 0; });
  }
}

TEST_CASE("a node of our cluster that we do not know, and that says where it is, is admitted and discovered") {
  Logged logged;
  World world;
  std::vector<PeerMember> discovered;
  Node a(world, 1, quick(), kCluster, 0, [&](const PeerMember& member) { discovered.push_back(member); });
  OddPeer silent(world, [](Caller&) {});
  a.peers->set_members({a.member(), silent.member(2)});
  a.peers->set_admission_rules({.join_reply = {}, .joining = {}, .removed = {8}, .leaving = {7}, .discovered = {}});
  const std::string heartbeat = encode(Message{9, 1, 1, Heartbeat{}});

  SECTION("a later member") {
    Caller caller(world, a.peers->port());
    caller.stream->write(encode(Greeting{kProtocolVersion, kCluster, 9, 1, 1, 0, "http://127.0.0.1:9029"}) + heartbeat);
    world.until([&] { return !a.inbox.empty(); });
    REQUIRE(discovered == std::vector<PeerMember>{{.id = 9, .address = {.host = "127.0.0.1", .port = 9029}}});
    // Once it is known it is no news; when it is no member after all it is sent away.
    a.peers->set_members({a.member(), silent.member(2), silent.member(9)});
    REQUIRE_FALSE(caller.is_closed);
    a.peers->set_members({a.member(), silent.member(2)});
    world.until([&] { return caller.is_closed; });
  }
  SECTION("a node that could not be a member") {
    const std::vector<std::pair<Greeting, Refusal>> table = {
        {{kProtocolVersion, kCluster, 9, 1, 1, 0, ""}, Refusal::unknown_member},
        {{kProtocolVersion, kCluster, 9, 1, 1, 0, "nowhere at all"}, Refusal::unknown_member},
        {{kProtocolVersion, kCluster, 1, 1, 1, 0, "http://127.0.0.1:9029"}, Refusal::unknown_member},
        {{kProtocolVersion, kCluster, 8, 1, 1, 0, "http://127.0.0.1:9029"}, Refusal::removed},
        {{kProtocolVersion, kCluster, 7, 1, 1, 0, "http://127.0.0.1:9029"}, Refusal::unknown_member},
        {{kProtocolVersion, kCluster + 1, 9, 1, 1, 0, "http://127.0.0.1:9029"}, Refusal::other_cluster}};
    for (const auto& [greeting, reason] : table) {
      Caller caller(world, a.peers->port());
      caller.stream->write(encode(greeting) + heartbeat);
      world.until([&] { return caller.is_closed; });
      REQUIRE(caller.is_refused(reason));
    }
    REQUIRE(discovered.empty());
    REQUIRE(a.inbox.empty());
  }
}

// M8: a removed node comes back
TEST_CASE("a node that was removed for good is told so, and reports it", "[M8]") {
  Logged logged;
  World world;
  Node a(world, 1), b(world, 2);
  b.peers->set_members({a.member(), b.member()});
  a.peers->set_members({a.member()});
  world.until([&] { return a.peers->listener().turned_away() > 0; });
  REQUIRE(b.happened["removed 1"] == 0);  // it is only not known, yet
  a.peers->set_admission_rules({.join_reply = {}, .joining = {}, .removed = {2}});
  world.until([&] { return b.happened["removed 1"] > 0; });
  REQUIRE(logged.count("greets as node 2, which was removed from this cluster") == 1);
  REQUIRE(b.happened["connected 1"] == 0);
}

// M1: members are added and removed, with and without a vote
TEST_CASE("a member that was only just added is told where it is, and an unknown node is not", "[M1]") {
  Logged logged;
  World world;
  Node a(world, 1);
  const JoinReply told{.cluster = kCluster, .members = {{1, "http://a:1"}, {4, "http://d:4"}}};
  a.peers->set_members({a.member(), {4, {"127.0.0.1", 1}}, {2, {"127.0.0.1", 2}}});
  a.peers->set_admission_rules({.join_reply = told, .joining = {4}, .removed = {3}});

  Caller joining_peer(world, a.peers->port());
  joining_peer.stream->write(encode(JoinRequest{.from = 4}));
  world.until([&] { return joining_peer.is_closed; });
  REQUIRE(joining_peer.answer()->kind == FrameKind::join_reply);
  REQUIRE(decode_join_reply(*joining_peer.answer()) == told);
  REQUIRE(a.peers->listener().turned_away() == 0);

  const std::vector<std::pair<JoinRequest, Refusal>> rows = {{{.from = 2}, Refusal::taken},
                                                             {{.from = 3}, Refusal::removed},
                                                             {{.from = 9}, Refusal::unknown_member},
                                                             {{kProtocolVersion + 1, 4}, Refusal::other_version}};
  for (const auto& [join_request, refusal] : rows) {
    CAPTURE(join_request.from);
    Caller caller(world, a.peers->port());
    caller.stream->write(encode(join_request));
    world.until([&] { return caller.is_closed; });
    REQUIRE(caller.is_refused(refusal));
  }
  world.until([&] { return a.peers->listener().connections() == 0; });
}

// bug-18: a node of another cluster is admitted
TEST_CASE("two clusters that connect by mistake stay apart, and say so once", "[bug-18]") {
  Logged logged;
  World world;
  Node a(world, 1), b(world, 2, quick(), kCluster + 1);
  send_join_request({&a, &b});
  world.until([&] { return a.peers->listener().turned_away() > 5 && b.peers->listener().turned_away() > 5; });

  const std::string line = "peer 2 at " + to_url(b.member().address) + ": turned away: it belongs to another cluster";
  REQUIRE(logged.count(line) == 1);
  REQUIRE(a.happened["connected 2"] == 0);
  REQUIRE(a.status_of(2).error == "turned away: it belongs to another cluster");
  a.send(2, Heartbeat{});
  REQUIRE(a.status_of(2).counters.dropped == 1);
}

TEST_CASE("a peer that answers the greeting wrongly is sent nothing") {
  const std::vector<std::pair<std::string, std::string>> table = {
      {encode(Greeting{kProtocolVersion, kCluster + 1, 2, 1, 1}), "it belongs to another cluster"},
      {encode(Greeting{kProtocolVersion, kCluster, 3, 1, 1}), "another node lives at that address"},
      {encode(Greeting{kProtocolVersion, kCluster, 2, 3, 1}), "another node lives at that address"},
      {encode(Greeting{kProtocolVersion + 1, kCluster, 2, 1, 1}), "it speaks another version"},
      {encode(Message{2, 1, 1, Heartbeat{}}), "not the kind of frame that was due"},
      {encode(Refusal{99}), "no known reason"},
      {"HTTP/1.1 400 Bad Request\r\n\r\n", "this is no peer's frame"},
  };
  for (const auto& [said, error] : table) {
    CAPTURE(error);
    Logged logged;
    World world;
    OddPeer odd(world, [said = said](Caller& caller) { caller.stream->write(said); });
    Node a(world, 1);
    a.peers->set_members({odd.member(2)});
    world.until([&] { return odd.callers.size() > 3; });  // it tries again
    REQUIRE(a.happened["connected 2"] == 0);
    REQUIRE_THAT(a.status_of(2).error, Catch::Contains(error));
    REQUIRE(logged.count(error) == 1);
  }
}

TEST_CASE("a peer that sends a second frame is cut off") {
  Logged logged;
  World world;
  const std::string greeting = encode(Greeting{kProtocolVersion, kCluster, 2, 1, 1});
  OddPeer odd(world, [&](Caller& caller) { caller.stream->write(greeting + greeting); });
  Node a(world, 1);
  a.peers->set_members({odd.member(2)});
  world.until([&] { return odd.callers.size() > 1; });
  REQUIRE(logged.count("it sent a second frame") == 1);
}

TEST_CASE("a peer that accepts and says nothing is given up and dialled again") {
  Logged logged;
  World world;
  OddPeer silent(world, [](Caller&) {});
  Peers::Limits limits = quick();
  limits.link.greeting_timeout = 20_ms;
  Node a(world, 1, limits);
  a.peers->set_members({silent.member(2)});
  world.until([&] { return silent.callers.size() > 2; });
  REQUIRE_THAT(logged.text(), Catch::Contains("no greeting within 20 ms"));
  world.until([&] { return silent.callers.front()->is_closed; });
}

TEST_CASE("garbage on the port does no harm") {
  std::string large_frame = encode(Message{2, 1, 1, one_entry(bytes(5000))});
  std::string damaged = encode(Greeting{kProtocolVersion, kCluster, 2, 1, 1});
  damaged[40] = static_cast<char>(damaged[40] ^ 1);
  const std::vector<std::string> table = {
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      std::string(100'000, '\0'),
      std::string(100'000, '\xff'),
      damaged,
      large_frame,
      encode(Message{2, 1, 1, Heartbeat{}}),
      encode(Refusal::other_cluster),
      encode(Greeting{}),
  };
  Logged logged;
  World world;
  Node a(world, 1), b(world, 2);
  send_join_request({&a, &b});
  world.until([&] { return a.is_connected_to(2) && b.is_connected_to(1); });
  for (const std::string& garbage : table) {
    Caller caller(world, a.peers->port());
    caller.stream->write(garbage);
    world.until([&] { return caller.is_closed; });
    REQUIRE(caller.heard.empty());
  }
  b.send(1, Heartbeat{0, 5});
  world.until([&] { return a.inbox.size() == 1; });
  REQUIRE(a.peers->listener().turned_away() == table.size());
  REQUIRE(a.happened["disconnected 2"] == 0);
}

TEST_CASE("a member that sends in another's name is cut off") {
  const std::vector<Message> table = {{3, 1, 1, Heartbeat{}}, {2, 3, 1, Heartbeat{}}, {2, 1, 0, Heartbeat{}}};
  for (const Message& forged : table) {
    Logged logged;
    World world;
    Node a(world, 1);
    OddPeer silent(world, [](Caller&) {});
    a.peers->set_members({silent.member(2), silent.member(3)});
    Caller caller(world, a.peers->port());
    caller.stream->write(encode(Greeting{kProtocolVersion, kCluster, 2, 1, 1}) +
                         encode(Message{2, 1, 1, Heartbeat{0, 77}}) + encode(forged) +
                         encode(Message{2, 1, 1, Heartbeat{0, 78}}));
    world.until([&] { return caller.is_closed; });
    REQUIRE(a.inbox.size() == 1);  // what came before it was all right
    REQUIRE(std::get<Heartbeat>(a.inbox[0].body).round == 77);
    REQUIRE(logged.count("turned 127.0.0.1") == 1);
  }
}

TEST_CASE("silent connections are bounded, time out, and give their descriptors back") {
  Logged logged;
  World world;
  Peers::Limits limits = quick();
  limits.listener.unidentified_max = 8;
  Node a(world, 1, limits), b(world, 2);
  Caller first(world, a.peers->port());  // the loop's own descriptors are open from here on
  world.until([&] { return a.peers->listener().connections() == 1; });
  const size_t before = open_descriptors();
  {
    std::vector<std::unique_ptr<Caller>> callers;
    for (int i = 0; i < 50; ++i) {
      callers.push_back(std::make_unique<Caller>(world, a.peers->port()));
      REQUIRE(a.peers->listener().connections() <= 8);
    }
    world.until([&] { return a.peers->listener().turned_away() >= 43; });

    send_join_request({&a, &b});  // a member comes in all the same
    world.until([&] { return b.is_connected_to(1) && a.is_connected_to(2); });
    world.until([&] { return a.peers->listener().connections() == 1; });
    world.until([&] {
      return std::all_of(callers.begin(), callers.end(), [](const auto& caller) { return caller->is_closed; });
    });
    REQUIRE(logged.count("did not greet in time") == 1);
    a.peers->set_members({});
    b.peers->set_members({});
  }
  world.until([&] { return first.is_closed && open_descriptors() == before - 2; });  // both ends of it
}

TEST_CASE("a member that connects again takes the place of its older connection") {
  Logged logged;
  World world;
  Node a(world, 1);
  OddPeer silent(world, [](Caller&) {});
  a.peers->set_members({silent.member(2)});
  const std::string greeting = encode(Greeting{kProtocolVersion, kCluster, 2, 1, 1});
  Caller older(world, a.peers->port());
  older.stream->write(greeting);
  world.until([&] { return older.answer().has_value(); });
  Caller newer(world, a.peers->port());
  newer.stream->write(greeting + encode(Message{2, 1, 1, Heartbeat{0, 3}}));
  world.until([&] { return older.is_closed && a.inbox.size() == 1; });
  REQUIRE_FALSE(newer.is_closed);
  REQUIRE(a.peers->listener().connections() == 1);
}

}  // namespace skiff::peers_test

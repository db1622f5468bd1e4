#include "src/node/setup.h"

#include <algorithm>
#include <memory>
#include <set>

#include "raft/membership.h"
#include "tests/support/catch.h"

namespace skiff::node_setup_test {

constexpr uint64_t kCluster = 7;

std::string address_of(raft::NodeId id) { return "http://127.0.0.1:" + std::to_string(9020 + id); }

raft::Configuration configuration_of(const std::vector<raft::NodeId>& voters, std::vector<raft::NodeId> removed = {}) {
  raft::Configuration configuration = raft::founded_by(voters);
  for (raft::Member& member : configuration.members) member.address = address_of(member.id);
  configuration.removed = std::move(removed);
  return configuration;
}

store::Identity identity_of(raft::NodeId node, const std::vector<raft::NodeId>& founders) {
  store::Identity identity{.cluster = kCluster, .node = node, .founders = {}};
  for (raft::NodeId founder : founders) identity.founders.push_back({.id = founder, .address = address_of(founder)});
  return identity;
}

// As a node whose log ends behind a snapshot with these members.
std::vector<raft::NodeId> connections_of(const store::Identity& identity, const raft::Configuration& members) {
  raft::Config config{.id = identity.node};
  config.hard_state.term = 1;
  config.snapshot = {.position = {.term = 1, .index = 10}, .configuration = raft::Payload::of(raft::encode(members))};
  const raft::Raft raft(std::move(config), 0_s);
  std::vector<raft::NodeId> discovered;
  for (const transport::PeerMember& member : known_members(raft, identity).members) discovered.push_back(member.id);
  return discovered;
}

// M1: members are added and removed, with and without a vote
TEST_CASE("a joining node connects to the members that told it about the cluster, until its log names them") {  // [M1]
  using Nodes = std::vector<raft::NodeId>;
  const store::Identity joined = identity_of(5, {3, 4});
  // Only 3 was there when its snapshot was made, and 4 leads now.
  REQUIRE(connections_of(joined, configuration_of({3})) == Nodes{3, 4});
  REQUIRE(connections_of(joined, configuration_of({3, 4, 5})) == Nodes{3, 4, 5});
  // It connects to no member that its log has seen removed.
  REQUIRE(connections_of(joined, configuration_of({3, 5}, {4})) == Nodes{3, 5});
  REQUIRE(connections_of(identity_of(1, {1, 2, 3}), configuration_of({1, 3, 4}, {2})) == Nodes{1, 3, 4});
}

TEST_CASE("a discovered node is connected, too, unless the log names it, or has seen it removed") {
  raft::Config config{.id = 3};
  config.hard_state.term = 1;
  config.snapshot = {.position = {.term = 1, .index = 10},
                     .configuration = raft::Payload::of(raft::encode(configuration_of({1, 3}, {2})))};
  const raft::Raft raft(std::move(config), 0_s);
  const transport::Address elsewhere{.host = "127.0.0.1", .port = 7};
  KnownMembers known = known_members(raft, identity_of(3, {1, 2, 3}));
  add_discovered(known, raft.configuration(),
                 {{.id = 1, .address = elsewhere}, {.id = 2, .address = elsewhere}, {.id = 4, .address = elsewhere}});
  const std::vector<transport::PeerMember> expected = {{.id = 1, .address = *transport::parse_address(address_of(1))},
                                                       {.id = 3, .address = *transport::parse_address(address_of(3))},
                                                       {.id = 4, .address = elsewhere}};
  REQUIRE(known.members == expected);
  REQUIRE(known.admission.discovered == std::set<raft::NodeId>{4});
  REQUIRE(known.admission.join_reply.members.size() == 2);  // a joining node is told about members alone
}

TEST_CASE("whether a node is healthy is known no later than a request times out") {
  Options options;
  for (const raft::Time timeout : {limits::kRequestTimeoutMin, limits::kRequestTimeoutDefault}) {
    options.request_timeout = timeout;
    const ApiConfig config = api_config(options);
    REQUIRE(config.request_timeout == timeout);
    REQUIRE(config.health_timeout == std::min(timeout, limits::kHealthTimeout));
  }
}

}  // namespace skiff::node_setup_test

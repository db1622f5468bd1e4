#include "raft/admin_rules.h"

#include <string>

#include "tests/support/catch.h"

namespace skiff::admin_rules_test {

using namespace skiff::raft;

// Node 1 leads voters 1, 2 and 3, and learner 4; nothing stands in the way of a request.
struct World {
  Configuration configuration = founded_by({1, 2, 3});
  Followers followers;
  bool is_configuration_committed = true;
  bool has_committed_in_term = true;
  bool is_transfer_under_way = false;

  World() {
    configuration.members.push_back({.id = 4, .role = MemberRole::learner, .address = "http://d:4"});
    followers.become(configuration.everybody(), 1, Progress(1, 0_s, {.entries_max = 10, .bytes_max = 100}));
  }
  AdminRules rules() const {
    return {.self = 1,
            .configuration = configuration,
            .followers = followers,
            .is_configuration_committed = is_configuration_committed,
            .has_committed_in_term = has_committed_in_term,
            .is_transfer_under_way = is_transfer_under_way};
  }
  WhyNot transfer_to(NodeId to) const { return rules().why_not_transfer(to); }
  WhyNot change(Change::Kind kind, NodeId node) const { return rules().why_not_change({{kind, node, "http://n:1"}}); }
};

TEST_CASE("leadership goes to another voter, and the reasons why not say whether they pass") {
  World world;
  REQUIRE(world.transfer_to(2).reason.empty());
  struct Row {
    NodeId to;
    bool is_transient;
  };
  for (const Row& row : {Row{0, true}, Row{1, false}, Row{4, false}, Row{9, false}}) {
    INFO(row.to);
    REQUIRE_FALSE(world.transfer_to(row.to).reason.empty());
    REQUIRE(world.transfer_to(row.to).is_transient == row.is_transient);
  }
}

TEST_CASE("one change or transfer is under way at a time") {
  const auto break_world = [](int at) {
    World world;
    if (at == 0) world.is_configuration_committed = false;
    if (at == 1) world.is_transfer_under_way = true;
    if (at == 2) world.configuration.outgoing = world.configuration.members;
    return world;
  };
  for (int at = 0; at < 3; ++at) {
    INFO(at);
    const World world = break_world(at);
    for (const WhyNot& why : {world.transfer_to(2), world.change(Change::Kind::remove, 3)}) {
      REQUIRE_FALSE(why.reason.empty());
      REQUIRE(why.is_transient);
    }
  }
}

TEST_CASE("a leader that has committed nothing of its own begins no change, but may hand over") {
  World world;
  REQUIRE(world.change(Change::Kind::remove, 3).reason.empty());
  world.has_committed_in_term = false;
  REQUIRE(world.change(Change::Kind::remove, 3).is_transient);
  REQUIRE(world.transfer_to(2).reason.empty());
}

TEST_CASE("a learner is promoted once it has caught up") {
  World world;
  REQUIRE(world.change(Change::Kind::promote, 4).is_transient);
  Progress& learner = world.followers.at(4);
  learner.note_round(5, 0_ns, 500_ns);
  learner.accepted(5, 0);
  learner.note_round(5, 10_ns, 500_ns);
  REQUIRE(learner.has_caught_up());
  REQUIRE(world.change(Change::Kind::promote, 4).reason.empty());
}

TEST_CASE("a recovering node gets no leadership, and keeps a majority to recover from") {
  World world;
  world.followers.at(3).heard_recovering(31, 5);
  REQUIRE(world.transfer_to(3).is_transient);
  REQUIRE(world.transfer_to(2).reason.empty());
  REQUIRE_FALSE(world.change(Change::Kind::remove, 2).reason.empty());
  REQUIRE(world.change(Change::Kind::remove, 3).reason.empty());
}

TEST_CASE("a refusal is the answer to its request, with the reason") {
  const AdminResult result = World().transfer_to(1).refuse(7);
  REQUIRE(result.id == 7);
  REQUIRE(result.kind == AdminResult::Kind::refused);
  REQUIRE(result.reason == "this node leads already");
  REQUIRE_FALSE(result.is_transient);
}

}  // namespace skiff::admin_rules_test

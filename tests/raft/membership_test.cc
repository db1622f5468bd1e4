#include "raft/membership.h"

#include "raft/random.h"
#include "tests/support/catch.h"
#include "tests/support/dies.h"

namespace skiff::membership_test {

using namespace skiff::raft;
using Kind = Change::Kind;

Change change(Kind kind, NodeId node, std::string address = "") {
  return {.kind = kind, .node = node, .address = std::move(address)};
}

Configuration with(Configuration configuration, NodeId node, MemberRole role, std::string address = "") {
  configuration.members.push_back({.id = node, .role = role, .address = std::move(address)});
  return configuration;
}

TEST_CASE("three voters and a learner may become this, and not that") {
  const Configuration before = with(founded_by({1, 2, 3}), 4, MemberRole::learner, "d");
  struct Row {
    const char* name;
    std::vector<Change> changes;
    std::vector<NodeId> voters;
    bool is_joint;
    const char* refused;
  };
  const Row rows[] = {
      {"nothing", {}, {1, 2, 3}, false, ""},
      {"a learner comes", {change(Kind::add_learner, 5, "e")}, {1, 2, 3}, false, ""},
      {"one comes to vote later", {change(Kind::add, 5, "e")}, {1, 2, 3}, false, ""},
      {"the same again", {change(Kind::add, 4, "d")}, {1, 2, 3}, false, ""},
      {"a learner votes", {change(Kind::promote, 4)}, {1, 2, 3, 4}, true, ""},
      {"a voter votes already", {change(Kind::promote, 3)}, {1, 2, 3}, false, ""},
      {"a voter goes", {change(Kind::remove, 3)}, {1, 2}, true, ""},
      {"a voter becomes a learner", {change(Kind::demote, 3)}, {1, 2}, true, ""},
      {"one takes another's place", {change(Kind::remove, 1), change(Kind::promote, 4)}, {2, 3, 4}, true, ""},
      {"a learner goes", {change(Kind::remove, 4)}, {1, 2, 3}, false, ""},
      {"one moves", {change(Kind::move, 4, "x")}, {1, 2, 3}, false, ""},
      {"no id", {change(Kind::add, 0)}, {}, false, "0 is no id"},
      {"its id is taken", {change(Kind::add, 4, "x")}, {}, false, "id is taken"},
      {"its address is taken", {change(Kind::add, 5, "d")}, {}, false, "address is taken"},
      {"it moves where another is", {change(Kind::move, 3, "d")}, {}, false, "address is taken"},
      {"an unknown node goes", {change(Kind::remove, 9)}, {}, false, "no such member"},
      {"an unknown node votes", {change(Kind::promote, 9)}, {}, false, "no such member"},
      {"twice the same", {change(Kind::demote, 3), change(Kind::remove, 3)}, {}, false, "two changes"},
      {"all go",
       {change(Kind::remove, 1), change(Kind::remove, 2), change(Kind::demote, 3)},
       {},
       false,
       "no voter would be left"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Planned planned = plan(before, row.changes);
    REQUIRE((planned.refused.find(row.refused) != std::string::npos));
    REQUIRE(planned.refused.empty() == (row.refused[0] == '\0'));
    if (!planned.refused.empty()) continue;
    REQUIRE(planned.next.voters().incoming == row.voters);
    REQUIRE(planned.next.is_joint() == row.is_joint);
    if (row.is_joint) REQUIRE((planned.next.voters().outgoing == std::vector<NodeId>{1, 2, 3}));
  }
}

TEST_CASE("a removed id stays removed, and removing it again changes nothing") {
  Configuration after = leave_joint(plan(founded_by({1, 2, 3}), {change(Kind::remove, 3)}).next);
  REQUIRE(after.was_removed(3));
  REQUIRE(plan(after, {change(Kind::add, 3, "new")}).refused.find("never comes back") != std::string::npos);
  REQUIRE(plan(after, {change(Kind::remove, 3)}).next == after);
}

Configuration some(Random& random) {
  Configuration configuration;
  for (NodeId node = 1; node <= 1 + random.below(6); ++node) {
    auto role = static_cast<MemberRole>(node == 1 ? 3 : 1 + random.below(3));
    std::string address(random.below(20), static_cast<char>('a' + random.below(20)));
    configuration.members.push_back({.id = node * (1 + random.below(9)) + node * 10, .role = role, .address = address});
    if (random.below(3) == 0) configuration.outgoing.push_back({.id = node, .role = MemberRole::voter, .address = "o"});
    if (random.below(3) == 0) configuration.removed.push_back(node * 100);
  }
  std::sort(configuration.members.begin(), configuration.members.end());
  return configuration;
}

TEST_CASE("a configuration comes back from its bytes, and not from others") {
  Random random(7);
  for (int times = 0; times < 300; ++times) {
    Configuration configuration = some(random);
    auto unique = std::adjacent_find(configuration.members.begin(), configuration.members.end(),
                                     [](const Member& a, const Member& b) { return a.id == b.id; });
    if (unique != configuration.members.end()) continue;
    const std::string bytes = encode(configuration);
    REQUIRE((decode_configuration(bytes) == configuration));
    for (size_t cut = 0; cut < bytes.size(); ++cut) REQUIRE_FALSE(decode_configuration(bytes.substr(0, cut)));
    REQUIRE_FALSE(decode_configuration(bytes + '\0'));
    // Whatever else is believed, it can be said again.
    std::string changed = bytes;
    changed[random.below(changed.size())] ^= static_cast<char>(1 << random.below(8));
    if (auto believed = decode_configuration(changed)) REQUIRE(encode(*believed) == changed);
  }
}

TEST_CASE("members without a single voter, in no order, or of no known role are none") {
  Configuration learner = with({}, 1, MemberRole::learner);
  REQUIRE_FALSE(decode_configuration(encode(learner)));
  REQUIRE_FALSE(decode_configuration(encode(with(founded_by({2}), 1, MemberRole::voter))));
  REQUIRE_FALSE(decode_configuration(encode(with(founded_by({1}), 2, MemberRole{4}))));
  REQUIRE_FALSE(decode_configuration(""));
  REQUIRE(decode_configuration(encode(Configuration{})));  // of a node that waits to be added
}

TEST_CASE("the members at each point of the log, as it grows, is cut, and is forgotten") {
  Membership membership(0, founded_by({1}));
  membership.append(3, founded_by({1, 2}));
  membership.append(7, founded_by({1, 2, 3}));
  REQUIRE(membership.at(2) == founded_by({1}));
  REQUIRE(membership.at(6) == founded_by({1, 2}));
  REQUIRE(membership.voters().incoming.size() == 3);
  membership.cut_from(7);
  REQUIRE(membership.latest_index() == 3);
  REQUIRE(membership.voters().incoming.size() == 2);
  membership.forget_before(5);
  REQUIRE(membership.at(5) == founded_by({1, 2}));
  REQUIRE_FALSE(dies_saying([&] { static_cast<void>(membership.at(2)); }).empty());
  REQUIRE_FALSE(dies_saying([&] { membership.cut_from(3); }).empty());
  membership.start_anew(9, founded_by({4}));
  REQUIRE(membership.latest() == founded_by({4}));
}

TEST_CASE("a demoted voter is electable until the change is committed under the new voters alone") {
  Membership membership(0, founded_by({1, 2, 3}));
  const Configuration joint = plan(founded_by({1, 2, 3}), {change(Kind::demote, 3)}).next;
  membership.append(5, joint);
  membership.append(7, leave_joint(joint));
  REQUIRE_FALSE(membership.is_voter(3));
  REQUIRE(membership.is_electable(3, 4));
  REQUIRE(membership.is_electable(3, 6));  // both halves vote
  REQUIRE_FALSE(membership.is_electable(3, 7));
  REQUIRE(membership.is_electable(2, 7));
}

TEST_CASE("a node is removed for good once that is committed and no half has it") {
  Membership membership(0, founded_by({1, 2, 3}));
  const Configuration joint = plan(founded_by({1, 2, 3}), {change(Kind::remove, 3)}).next;
  membership.append(5, joint);
  REQUIRE_FALSE(membership.is_removed(3, 5));
  membership.append(7, leave_joint(joint));
  REQUIRE_FALSE(membership.is_removed(3, 6));
  REQUIRE(membership.is_removed(3, 7));
  REQUIRE_FALSE(membership.is_removed(2, 7));
}

}  // namespace skiff::membership_test

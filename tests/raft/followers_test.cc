#include "raft/followers.h"

#include "raft/promises.h"
#include "tests/support/catch.h"

namespace skiff::followers_test {

using namespace skiff::raft;
using Disk = Followers::SuccessorDisk;

static Progress fresh() { return Progress(1, 0_s, {.entries_max = 10, .bytes_max = 100}); }

// Of node 1, each with its log acknowledged up to ten times its id.
static Followers followers_of(const std::vector<NodeId>& everybody) {
  Followers followers;
  followers.become(everybody, 1, fresh());
  for (auto& [node, progress] : followers) progress.accepted(10 * node, 0);
  return followers;
}

static Followers::SuccessorRules rules(const Configuration& members) {
  return {.members = members, .match_min = 1, .now = 100_ns, .silence_max = 500_ns};
}

TEST_CASE("exactly the others are followers, and those that stay keep their progress") {
  Followers followers = followers_of({1, 2, 3});
  REQUIRE(followers.find(1) == nullptr);
  REQUIRE(followers.at(3).match() == 30);
  followers.become({1, 3, 4}, 1, fresh());
  REQUIRE(followers.find(2) == nullptr);
  REQUIRE(followers.at(3).match() == 30);
  REQUIRE(followers.at(4).match() == 0);
  followers.become({1}, 1, fresh());
  REQUIRE(followers.empty());
}

TEST_CASE("our own share counts where majorities are counted, and a recovering follower does not") {
  Followers followers = followers_of({1, 2, 3});
  const Voters voters{.incoming = {1, 2, 3}, .outgoing = {}};
  REQUIRE(followers.acknowledged_by_majority(voters, {.node = 1, .reached = 99}) == 30);
  REQUIRE(followers.acknowledged_by_majority(voters, {.node = 1, .reached = 0}) == 20);
  followers.at(2).heard(70_ns);
  REQUIRE(followers.heard_by_majority(voters, 1, 100_ns) == 70_ns);

  followers.at(3).heard_recovering(31, 30);
  REQUIRE(followers.acknowledged_by_majority(voters, {.node = 1, .reached = 99}) == 20);
  followers.at(3).heard(90_ns);
  REQUIRE(followers.heard_by_majority(voters, 1, 100_ns) == 70_ns);
}

TEST_CASE("the next commit notice is the earliest of all") {
  Followers followers = followers_of({1, 2, 3});
  REQUIRE(followers.next_commit_notice() == kNever);
  followers.at(2).poll_commit_notice(1, 100_ns, 5_ns);
  followers.at(3).poll_commit_notice(1, 102_ns, 5_ns);
  REQUIRE(followers.next_commit_notice() == 105_ns);
}

TEST_CASE("a full disk, or a recovering node, has no space to offer") {
  Followers followers = followers_of({1, 2, 3, 4});
  REQUIRE_FALSE(followers.is_any_full());
  followers.at(2).is_full = true;
  followers.at(3).is_full = false;
  followers.at(4).heard_recovering(41, 40);
  REQUIRE(followers.is_any_full());
  REQUIRE(followers.with_disk_space() == std::set<NodeId>{3});
}

TEST_CASE("a change must leave a majority without the recovering nodes") {
  Followers followers = followers_of({1, 2, 3});
  REQUIRE(followers.can_recover_under(founded_by({1, 2})));
  followers.at(3).heard_recovering(31, 30);
  REQUIRE(followers.can_recover_under(founded_by({1, 2})));
  REQUIRE(followers.can_recover_under(founded_by({1, 2, 3})));
  REQUIRE_FALSE(followers.can_recover_under(founded_by({1, 3})));
}

TEST_CASE("the follower with the longest log succeeds, if it is a voter that is there") {
  const Configuration members = founded_by({1, 2, 3, 4});
  Followers followers = followers_of({1, 2, 3, 4, 5});  // 5 is no voter
  REQUIRE(followers.best_successor(rules(members)) == 4);
  followers.at(4).heard_recovering(41, 40);
  REQUIRE(followers.best_successor(rules(members)) == 3);
  followers.at(3).probe_again();
  REQUIRE(followers.best_successor(rules(members)) == 2);
  Followers::SuccessorRules late = rules(members);
  late.now = 500_ns;
  REQUIRE(followers.best_successor(late) == 0);
  Followers::SuccessorRules committed = rules(members);
  committed.match_min = 21;
  REQUIRE(followers.best_successor(committed) == 0);
}

TEST_CASE("a full follower succeeds only if no other can") {
  const Configuration members = founded_by({1, 2, 3});
  Followers followers = followers_of({1, 2, 3});
  REQUIRE(followers.furthest(rules(members), Disk::said_not_full) == 0);  // neither has said
  followers.at(2).is_full = false;
  REQUIRE(followers.furthest(rules(members), Disk::said_not_full) == 2);
  REQUIRE(followers.best_successor(rules(members)) == 3);
  followers.at(3).is_full = true;
  REQUIRE(followers.best_successor(rules(members)) == 2);
  followers.at(2).is_full = true;
  REQUIRE(followers.best_successor(rules(members)) == 3);
}

// ---- what is remembered of them

TEST_CASE("what followers acknowledged is remembered at the end of a term, of members alone") {
  Followers followers = followers_of({1, 2, 3, 4});
  followers.at(2).heard_start(21, 0_s);
  followers.at(3).heard_recovering(31, 30);  // had acknowledged, and lost it
  Promises promises;
  promises.remember(9, {.start = 91, .acknowledged = {.term = 1, .index = 5}});
  promises.remember_all(followers, 3, founded_by({1, 2, 3, 4}));
  REQUIRE(promises.of(2).start == 21);
  REQUIRE(promises.of(2).acknowledged == LogPosition{.term = 3, .index = 20});
  REQUIRE(promises.of(3).acknowledged == LogPosition{});
  REQUIRE(promises.of(9).acknowledged == LogPosition{});
}

TEST_CASE("a process breaks the promise of an earlier one if it found less") {
  Promises promises;
  promises.remember(2, {.start = 21, .acknowledged = {.term = 3, .index = 20}});
  struct Row {
    const char* name;
    uint64_t start;
    Found found;
    uint64_t recovering;
    bool is_broken;
  };
  const Row rows[] = {{"an older term", 22, {.term = 2, .last = {.term = 2, .index = 99}}, 0, true},
                      {"a shorter log", 22, {.term = 3, .last = {.term = 3, .index = 19}}, 0, true},
                      {"all of it", 22, {.term = 3, .last = {.term = 3, .index = 20}}, 0, false},
                      {"a later term", 22, {.term = 4, .last = {.term = 1, .index = 1}}, 0, false},
                      {"the process that promised", 21, {.term = 1, .last = {}}, 0, false},
                      {"a process that is recovering", 22, {.term = 1, .last = {}}, 22, false}};
  for (const Row& row : rows) {
    INFO(row.name);
    const HeartbeatReply reply{.recovering = row.recovering, .start = row.start, .found = row.found};
    REQUIRE(promises.broken_by(reply, 2, fresh(), 5).has_value() == row.is_broken);
    REQUIRE_FALSE(promises.broken_by(reply, 3, fresh(), 5).has_value());
  }
}

TEST_CASE("a promise of this term stands in the follower's progress") {
  Progress progress = fresh();
  progress.heard_start(21, 0_s);
  progress.accepted(7, 0);
  const HeartbeatReply reply{.start = 22, .found = {.term = 5, .last = {.term = 5, .index = 6}}};
  const std::optional<Promise> broken = Promises().broken_by(reply, 2, progress, 5);
  REQUIRE(broken.has_value());
  REQUIRE(broken->acknowledged == LogPosition{.term = 5, .index = 7});
  REQUIRE_FALSE(Promises().broken_by(reply, 2, progress, 4).has_value());
}

}  // namespace skiff::followers_test

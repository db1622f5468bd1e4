#include "raft/transfer.h"

#include "tests/support/catch.h"
#include "tests/support/dies.h"

namespace skiff::transfer_test {

using namespace skiff::raft;

constexpr Time kTimeout = 500_ns;

TEST_CASE("the successor is told once, and again when asked for") {
  Transfer transfer(kTimeout);
  REQUIRE_FALSE(transfer.is_under_way());
  REQUIRE_FALSE(transfer.must_tell());
  transfer.start({.to = 2, .now = 100_ns});
  REQUIRE(transfer.to() == 2);
  REQUIRE(transfer.must_tell());
  transfer.told();
  REQUIRE_FALSE(transfer.must_tell());
  transfer.tell_again();
  REQUIRE(transfer.must_tell());
}

TEST_CASE("without a successor nothing starts") {
  Transfer transfer(kTimeout);
  transfer.start({.to = 0, .now = 100_ns});
  REQUIRE_FALSE(transfer.is_under_way());
  REQUIRE(transfer.give_up_at() == kNever);
}

TEST_CASE("a transfer that takes too long is given up, and its request is answered") {
  for (bool was_told : {false, true}) {
    Transfer transfer(kTimeout);
    transfer.start({.to = 2, .now = 100_ns, .request = 7});
    if (was_told) transfer.told();
    REQUIRE(transfer.give_up_at() == 600_ns);
    REQUIRE_FALSE(transfer.give_up_if_late(599_ns).has_value());
    REQUIRE(transfer.is_under_way());

    const std::optional<AdminResult> ended = transfer.give_up_if_late(600_ns);
    REQUIRE(ended.has_value());
    REQUIRE(ended->id == 7);
    REQUIRE(ended->kind == (was_told ? AdminResult::Kind::unknown : AdminResult::Kind::refused));
    REQUIRE_FALSE(transfer.is_under_way());
    REQUIRE_FALSE(transfer.new_leader(2).has_value());  // it was answered already
  }
}

TEST_CASE("a request outlives our leadership, and succeeds if the new leader is the one that was meant") {
  for (NodeId leader : {2, 3}) {
    Transfer transfer(kTimeout);
    transfer.start({.to = 2, .now = 100_ns, .request = 7});
    transfer.leadership_ended();
    REQUIRE_FALSE(transfer.is_under_way());
    REQUIRE_FALSE(transfer.give_up_if_late(10'000_ns).has_value());
    const std::optional<AdminResult> ended = transfer.new_leader(leader);
    REQUIRE(ended.has_value());
    REQUIRE(ended->kind == (leader == 2 ? AdminResult::Kind::done : AdminResult::Kind::unknown));
    REQUIRE_FALSE(transfer.new_leader(leader).has_value());
  }
}

TEST_CASE("a transfer that the leader starts by itself answers no request") {
  Transfer transfer(kTimeout);
  transfer.start({.to = 2, .now = 100_ns});
  REQUIRE_FALSE(transfer.give_up_if_late(600_ns).has_value());
  REQUIRE_FALSE(transfer.is_under_way());
  transfer.start({.to = 3, .now = 700_ns});
  REQUIRE_FALSE(transfer.new_leader(3).has_value());
}

TEST_CASE("a second transfer beside the first is a mistake of ours") {
  Transfer transfer(kTimeout);
  transfer.start({.to = 2, .now = 100_ns});
  REQUIRE_FALSE(dies_saying([&] { transfer.start({.to = 3, .now = 200_ns}); }).empty());
}

}  // namespace skiff::transfer_test

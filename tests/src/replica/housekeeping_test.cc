// All that a node does beside its requests, on one timer.
#include "src/replica/housekeeping.h"

#include <string>

#include "src/config/limits.h"
#include "tests/support/catch.h"

namespace skiff::housekeeping_test {

struct Node final : HousekeepingActions {
  std::string asked;

  bool has_spare() const override { return false; }
  void make_spare() override { asked += "spare "; }
  void retry_save() override {}
  void disk_full(const std::string&, bool) override {}
  void disk_has_space() override {}
  void scrub(const ScrubSchedule::Task&) override { asked += "scrub "; }
  void damage_found(const store::Damage&) override {}
  void damage_removed(const store::Damage&) override {}
  void replace_damaged(raft::Index) override {}
  uint64_t applied() const override { return 0; }
  bool shorten_log() override { return asked += "log ", true; }
  bool free_some(size_t) override { return false; }
  bool give_pages_back() override { return false; }
  void stop_taking_pages() override {}
};

TEST_CASE("each thing is done when it is due, and the nearest deadline counts") {
  const ScrubConfig scrub{.every = 100_s, .first = 12_s, .piece_bytes = 1, .pause = 1_s, .replace_again = 1_s};
  Node node;
  Housekeeping housekeeping(scrub, 10_s, node);
  REQUIRE(housekeeping.next_deadline() == 10_s);
  housekeeping.tick(10_s);
  REQUIRE(node.asked == "log ");
  REQUIRE(housekeeping.next_deadline() == 10_s + limits::kRestLookEvery);

  housekeeping.space().ensure_spare();
  housekeeping.space().spare_failed(11_s, "no space");
  REQUIRE(housekeeping.next_deadline() == 11_s + limits::kLookForRoomEvery);
  housekeeping.tick(12_s);
  REQUIRE(node.asked == "log spare spare ");
  housekeeping.tick(22_s);
  REQUIRE(node.asked == "log spare spare scrub log ");
}

}  // namespace skiff::housekeeping_test

// Which saves are made on the loop's own thread. No clock, no disk.
#include "src/replica/inline_save_policy.h"

#include <memory>

#include "tests/support/catch.h"

namespace skiff::inline_save_policy_test {

constexpr raft::Time kQuick = limits::kQuickSync / 5;
const InlineSavePolicy::Save kSmall{.is_leader = true, .entries = 1, .bytes = 100};

InlineSavePolicy on_a_quick_disk() {
  InlineSavePolicy policy;
  for (int save = 0; save < 100; ++save) policy.note_saved(kQuick);
  return policy;
}

TEST_CASE("a disk that is not known is slow, and quick after some thirty quick saves") {
  InlineSavePolicy policy;
  int saves = 0;
  for (; !policy.allows(kSmall); ++saves) policy.note_saved(kQuick);
  REQUIRE(saves > 20);
  REQUIRE(saves < 40);
}

TEST_CASE("after one slow save about a dozen quick ones must follow, however slow it was") {
  for (const raft::Time slow : {limits::kSlowSync, 1'000 * limits::kSlowSync}) {
    InlineSavePolicy policy = on_a_quick_disk();
    policy.note_saved(slow);
    int saves = 0;
    for (; !policy.allows(kSmall); ++saves) policy.note_saved(kQuick);
    REQUIRE(saves > 8);
    REQUIRE(saves < 20);
  }
}

TEST_CASE("a busy node leaves its saves to the disk's thread, and input counts from save to save") {
  InlineSavePolicy policy = on_a_quick_disk();
  for (uint64_t input = 0; input < limits::kInputsOfAQuietLeader; ++input) policy.note_request();
  REQUIRE(policy.allows(kSmall));
  for (uint64_t input = 0; input <= limits::kInputsOfAQuietLeader; ++input) policy.note_request();
  REQUIRE_FALSE(policy.allows(kSmall));
  REQUIRE(policy.allows(kSmall));
}

TEST_CASE("a follower that a client of its own asked leaves its save to the disk's thread") {
  constexpr InlineSavePolicy::Save kFollowers{.is_leader = false, .entries = 1, .bytes = 100};
  InlineSavePolicy policy = on_a_quick_disk();
  REQUIRE(policy.allows(kFollowers));
  policy.note_request();
  REQUIRE_FALSE(policy.allows(kFollowers));
  REQUIRE(policy.allows(kFollowers));
}

TEST_CASE("messages are input of a leader alone") {
  for (const bool is_leader : {true, false}) {
    InlineSavePolicy policy = on_a_quick_disk();
    for (uint64_t input = 0; input <= limits::kInputsOfAQuietLeader; ++input) policy.note_message(is_leader);
    REQUIRE(policy.allows({.is_leader = is_leader, .entries = 1, .bytes = 100}) == !is_leader);
  }
}

TEST_CASE("a leader's batch of several entries, and any large one, is left to the disk's thread") {
  InlineSavePolicy policy = on_a_quick_disk();
  const size_t many = limits::kEntriesOfAQuietLeader + 1;
  REQUIRE_FALSE(policy.allows({.is_leader = true, .entries = many, .bytes = 100}));
  REQUIRE(policy.allows({.is_leader = false, .entries = many, .bytes = 100}));
  REQUIRE(policy.allows({.is_leader = true, .entries = 1, .bytes = limits::kInlineSaveBytesMax}));
  REQUIRE_FALSE(policy.allows({.is_leader = true, .entries = 1, .bytes = limits::kInlineSaveBytesMax + 1}));
}

TEST_CASE("the bytes of a batch are those of its payloads") {
  const auto payload = raft::Payload::of("12345");
  REQUIRE(InlineSavePolicy::bytes_of({{.payload = payload}, {}, {.payload = payload}}) == 10);
}

}  // namespace skiff::inline_save_policy_test

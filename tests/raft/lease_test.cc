#include "raft/lease.h"

#include "tests/support/catch.h"

namespace skiff::lease_test {

using namespace skiff::raft;

constexpr Time kTimeout = 1'000;
constexpr uint64_t kDrift = 10;
const Voters kVoters{.incoming = {1, 2, 3}, .outgoing = {}};

// Heartbeats every 100, answered 10 later, by clocks that run at so many percent of ours.
Lease after(Time until, uint64_t percent_2, uint64_t percent_3) {
  Lease lease({.election_timeout = kTimeout, .drift_percent_max = kDrift});
  for (Time sent = 100; sent + 10 <= until; sent += 100) {
    lease.answered(2, {.sent_at = sent, .received_at = sent + 10, .clock = 5'000 + sent * percent_2 / 100});
    lease.answered(3, {.sent_at = sent, .received_at = sent + 10, .clock = 70'000 + sent * percent_3 / 100});
  }
  return lease;
}

Time until(const Lease& lease, Time now, const Voters& voters = kVoters) { return lease.until(voters, 1, now); }

// Q8: a lease counts only with clocks that keep pace, not after a pause, and not after a transfer
TEST_CASE("a lease lasts as long as a majority's promises, less what clocks may be off by") {  // [Q8]
  Lease lease = after(5'110, 100, 100);
  REQUIRE(until(lease, 5'200) == 5'100 + 900);
  lease.answered(2, {.sent_at = 5'200, .received_at = 5'900, .clock = 5'000 + 5'200});
  REQUIRE(until(lease, 5'900) == 5'200 + 900);  // from when it was asked, however long the answer took
}

TEST_CASE("there is no lease before the clocks have been seen to keep pace") {
  REQUIRE(until(after(4'000, 100, 100), 4'000) == 0);
}

TEST_CASE("a clock that runs too fast counts for nothing, one that runs slow promises more than it need") {
  struct Row {
    uint64_t percent_2, percent_3;
    bool is_lease;
  };
  const Row rows[] = {{100, 100, true}, {109, 109, true}, {112, 112, false},
                      {112, 100, true}, {60, 112, true},  {150, 150, false}};
  for (const Row& row : rows) {
    INFO(row.percent_2 << " and " << row.percent_3);
    REQUIRE((until(after(6'000, row.percent_2, row.percent_3), 6'000) > 0) == row.is_lease);
  }
}

TEST_CASE("a clock that begins to run away is noticed at the end of the stretch") {
  Lease lease = after(5'110, 100, 112);  // 3 does not count
  for (Time sent = 5'200; sent < 15'000; sent += 100) {
    lease.answered(2, {.sent_at = sent, .received_at = sent + 10, .clock = 10'200 + (sent - 5'200) * 2});
  }
  REQUIRE(until(lease, 15'000) == 0);
}

TEST_CASE("while the voters change, both halves must have promised") {
  Lease lease = after(5'110, 100, 100);
  const Voters joint{.incoming = {1, 2, 3}, .outgoing = {1, 4, 5}};
  REQUIRE(until(lease, 5'200, joint) == 0);
}

TEST_CASE("a leader that has told another to campaign has no lease any more") {
  Lease lease = after(5'110, 100, 100);
  lease.give_up();
  REQUIRE(until(lease, 5'200) == 0);
}

TEST_CASE("answers that were never asked for, or come from the future, count for nothing") {
  Lease lease = after(5'110, 100, 100);
  Time before = until(lease, 5'200);
  lease.answered(2, {.sent_at = 0, .received_at = 5'200, .clock = 10'200});
  lease.answered(2, {.sent_at = 9'000, .received_at = 5'200, .clock = 10'200});
  REQUIRE(until(lease, 5'200) == before);
}

}  // namespace skiff::lease_test

#include "raft/lease.h"

#include "tests/support/catch.h"

namespace skiff::lease_test {

using namespace skiff::raft;

constexpr Time kTimeout = 1'000_ns;
constexpr uint64_t kDrift = 10;
const Voters kVoters{.incoming = {1, 2, 3}, .outgoing = {}};

// Heartbeats every 100, answered 10 later, by clocks that run at so many percent of ours.
Lease after(Time until, uint64_t percent_2, uint64_t percent_3) {
  Lease lease({.election_timeout = kTimeout, .drift_percent_max = kDrift});
  for (Time sent = 100_ns; sent + 10_ns <= until; sent += 100_ns) {
    lease.answered(2, {.sent_at = sent, .received_at = sent + 10_ns, .clock = 5'000_ns + sent * percent_2 / 100});
    lease.answered(3, {.sent_at = sent, .received_at = sent + 10_ns, .clock = 70'000_ns + sent * percent_3 / 100});
  }
  return lease;
}

Time until(const Lease& lease, Time now, const Voters& voters = kVoters) { return lease.until(voters, 1, now); }

// Q8: a lease counts only with clocks that keep pace, not after a pause, and not after a transfer
TEST_CASE("a lease lasts as long as a majority's promises, less what clocks may be off by") {  // [Q8]
  Lease lease = after(5'110_ns, 100, 100);
  REQUIRE(until(lease, 5'200_ns) == 5'100_ns + 900_ns);
  lease.answered(2, {.sent_at = 5'200_ns, .received_at = 5'900_ns, .clock = 5'000_ns + 5'200_ns});
  REQUIRE(until(lease, 5'900_ns) == 5'200_ns + 900_ns);  // from when it was asked, however long the answer took
}

TEST_CASE("there is no lease before the clocks have been seen to keep pace") {
  REQUIRE(until(after(4'000_ns, 100, 100), 4'000_ns) == 0_s);
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
    REQUIRE((until(after(6'000_ns, row.percent_2, row.percent_3), 6'000_ns) > 0_s) == row.is_lease);
  }
}

TEST_CASE("a clock that begins to run away is noticed at the end of the stretch") {
  Lease lease = after(5'110_ns, 100, 112);  // 3 does not count
  for (Time sent = 5'200_ns; sent < 15'000_ns; sent += 100_ns) {
    lease.answered(2, {.sent_at = sent, .received_at = sent + 10_ns, .clock = 10'200_ns + (sent - 5'200_ns) * 2});
  }
  REQUIRE(until(lease, 15'000_ns) == 0_s);
}

TEST_CASE("while the voters change, both halves must have promised") {
  Lease lease = after(5'110_ns, 100, 100);
  const Voters joint{.incoming = {1, 2, 3}, .outgoing = {1, 4, 5}};
  REQUIRE(until(lease, 5'200_ns, joint) == 0_s);
}

TEST_CASE("a leader that has told another to campaign has no lease any more") {
  Lease lease = after(5'110_ns, 100, 100);
  lease.give_up();
  REQUIRE(until(lease, 5'200_ns) == 0_s);
}

TEST_CASE("answers that were never asked for, or come from the future, count for nothing") {
  Lease lease = after(5'110_ns, 100, 100);
  Time before = until(lease, 5'200_ns);
  lease.answered(2, {.sent_at = 0_s, .received_at = 5'200_ns, .clock = 10'200_ns});
  lease.answered(2, {.sent_at = 9'000_ns, .received_at = 5'200_ns, .clock = 10'200_ns});
  REQUIRE(until(lease, 5'200_ns) == before);
}

}  // namespace skiff::lease_test

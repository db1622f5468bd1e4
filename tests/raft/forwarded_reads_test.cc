#include "raft/forwarded_reads.h"

#include "tests/support/catch.h"
#include "tests/support/dies.h"

namespace skiff::forwarded_reads_test {

using namespace skiff::raft;

static RequestId id(uint64_t number) { return {.incarnation = 1, .number = number}; }

static ForwardedReads two_at_most() { return ForwardedReads({.waiting_max = 2, .timeout = 500_ns}); }

TEST_CASE("a read is answered once") {
  ForwardedReads reads = two_at_most();
  REQUIRE(reads.add(id(1), 0_s));
  REQUIRE_FALSE(reads.answered(id(2)));
  REQUIRE(reads.answered(id(1)));
  REQUIRE_FALSE(reads.answered(id(1)));
}

TEST_CASE("only so many reads wait") {
  ForwardedReads reads = two_at_most();
  REQUIRE(reads.add(id(1), 0_s));
  REQUIRE(reads.add(id(2), 0_s));
  REQUIRE_FALSE(reads.add(id(3), 0_s));
  reads.answered(id(1));
  REQUIRE(reads.add(id(4), 0_s));
}

TEST_CASE("a read that was not answered in time is refused, and its answer comes too late") {
  ForwardedReads reads = two_at_most();
  reads.add(id(1), 100_ns);
  reads.add(id(2), 101_ns);
  REQUIRE(reads.take_late(599_ns).empty());
  REQUIRE(reads.take_late(600_ns) == std::vector{id(1)});
  REQUIRE(reads.take_late(600_ns).empty());
  REQUIRE_FALSE(reads.answered(id(1)));
  REQUIRE(reads.answered(id(2)));
}

TEST_CASE("all reads are given up at once") {
  ForwardedReads reads = two_at_most();
  reads.add(id(1), 0_s);
  reads.add(id(2), 0_s);
  REQUIRE(reads.take_all() == std::vector{id(1), id(2)});
  REQUIRE(reads.take_all().empty());
}

TEST_CASE("an id that is not greater than those before is a mistake of ours") {
  ForwardedReads reads = two_at_most();
  reads.add(id(2), 0_s);
  REQUIRE_FALSE(dies_saying([&] { reads.add(id(2), 0_s); }).empty());
  REQUIRE_FALSE(dies_saying([&] { reads.add(id(1), 0_s); }).empty());
  REQUIRE(dies_saying([&] { reads.add(id(3), 0_s); }).empty());
}

}  // namespace skiff::forwarded_reads_test

#include "raft/log.h"

#include <algorithm>

#include "tests/raft/lone_core.h"
#include "tests/support/catch.h"
#include "tests/support/dies.h"

namespace skiff::log_test {

using namespace skiff::raft;
using raft_test::entries;
using raft_test::entry;

static std::vector<Index> indexes(const std::vector<Entry>& some) {
  std::vector<Index> found;
  for (const Entry& each : some) found.push_back(each.position.index);
  return found;
}

TEST_CASE("a recovered log is durable, and none of it committed") {
  Log log({}, entries({1, 1, 2}));
  REQUIRE(log.last() == LogPosition{.term = 2, .index = 3});
  REQUIRE(log.durable() == 3);
  REQUIRE(log.committed() == 0);
  REQUIRE_FALSE(log.has_unsaved());
  REQUIRE(log.take_committed().empty());
  log.check_invariants();
}

TEST_CASE("an empty log agrees with every other about the start") {
  Log log({}, {});
  REQUIRE(log.last() == LogPosition{});
  REQUIRE(log.has({}));
  REQUIRE(log.term_at(0) == 0);
  REQUIRE_FALSE(log.has({.term = 1, .index = 0}));
  REQUIRE_FALSE(log.has({.term = 1, .index = 1}));
  REQUIRE(log.slice(1, 100, 100).empty());
}

TEST_CASE("an entry is handed to the disk once, and durable when its save is") {
  Log log({}, {});
  log.append(entry(1, 1));
  log.append(entry(1, 2));
  REQUIRE(indexes(log.take_unsaved(1)) == std::vector<Index>{1, 2});
  REQUIRE_FALSE(log.has_unsaved());
  log.append(entry(1, 3));
  REQUIRE(indexes(log.take_unsaved(2)) == std::vector<Index>{3});
  REQUIRE(log.durable() == 0);
  log.saved(1);
  REQUIRE(log.durable() == 2);
  log.saved(1);
  REQUIRE(log.durable() == 2);
  log.saved(2);
  REQUIRE(log.durable() == 3);
}

TEST_CASE("one confirmation may stand for several saves") {
  Log log({}, {});
  for (Index index = 1; index <= 3; ++index) {
    log.append(entry(1, index));
    log.take_unsaved(index);
  }
  log.saved(3);
  REQUIRE(log.durable() == 3);
}

// R15: a save that ends late acknowledges nothing of the entries that replaced its own
// bug-7: a save of an earlier term is taken for one of the entries that came after it
TEST_CASE("a save of entries that were cut off counts for none that replaced them", "[R15][bug-7]") {
  Log log({}, entries({1}));
  log.append(entry(1, 2));
  log.append(entry(1, 3));
  log.take_unsaved(1);
  log.cut_from(2);
  log.append(entry(2, 2));
  log.append(entry(2, 3));
  REQUIRE(indexes(log.take_unsaved(2)) == std::vector<Index>{2, 3});
  log.saved(1);
  REQUIRE(log.durable() == 1);
  log.saved(2);
  REQUIRE(log.durable() == 3);
}

// R15: a save that ends late acknowledges nothing of the entries that replaced its own
// bug-7: a save of an earlier term is taken for one of the entries that came after it
TEST_CASE("not even when the entries that were cut off come back", "[R15][bug-7]") {
  Log log({}, {});
  log.append(entry(1, 1));
  log.take_unsaved(1);
  log.cut_from(1);
  log.append(entry(2, 1));
  log.take_unsaved(2);
  log.cut_from(1);
  log.append(entry(1, 1));
  REQUIRE(log.has_unsaved());
  log.take_unsaved(3);
  log.saved(1);
  REQUIRE(log.durable() == 0);
  log.saved(2);
  REQUIRE(log.durable() == 0);
  log.saved(3);
  REQUIRE(log.durable() == 1);
}

TEST_CASE("an entry that was cut off is durable no more") {
  Log log({}, entries({1, 1, 1}));
  log.cut_from(2);
  REQUIRE(log.durable() == 1);
  log.append(entry(2, 2));
  REQUIRE(log.durable() == 1);
  REQUIRE(indexes(log.take_unsaved(1)) == std::vector<Index>{2});
}

TEST_CASE("committed entries are taken once, in order, and never cut off") {
  Log log({}, entries({1, 1, 1}));
  log.commit_to(2);
  REQUIRE(indexes(log.take_committed()) == std::vector<Index>{1, 2});
  REQUIRE(log.take_committed().empty());
  log.commit_to(1);  // going back is a no-op
  REQUIRE(log.committed() == 2);
  log.commit_to(3);
  REQUIRE(indexes(log.take_committed()) == std::vector<Index>{3});
  REQUIRE(dies_saying([&] { log.cut_from(3); }).find("first > committed_") != std::string::npos);
  REQUIRE(dies_saying([&] { log.commit_to(4); }).find("index <= last().index") != std::string::npos);
}

TEST_CASE("a log has no gaps, and its terms never fall") {
  Log log({}, entries({1, 2}));
  REQUIRE_FALSE(dies_saying([&] { log.append(entry(2, 4)); }).empty());
  REQUIRE_FALSE(dies_saying([&] { log.append(entry(2, 2)); }).empty());
  REQUIRE_FALSE(dies_saying([&] { log.append(entry(1, 3)); }).empty());
  REQUIRE_FALSE(dies_saying([&] { log.at(3); }).empty());
  REQUIRE_FALSE(dies_saying([&] { log.at(0); }).empty());
  REQUIRE(dies_saying([&] { log.append(entry(2, 3)); }).empty());
}

// R18: large batches are split by bytes, without a gap
// F4: an entry larger than every bound still gets through
TEST_CASE("a slice holds what fits, and always one", "[R18][F4]") {
  Log log({}, {});
  for (size_t bytes : {4, 4, 4, 100, 4}) log.append(entry(1, log.last().index + 1, std::string(bytes, 'x')));
  struct Row {
    Index first;
    uint64_t bytes_max;
    uint64_t count_max;
    size_t taken;
  };
  for (const Row& row : {Row{1, 8, 9, 2}, Row{1, 7, 9, 1}, Row{1, 1000, 3, 3}, Row{1, 1000, 9, 5}, Row{1, 0, 9, 1},
                         Row{3, 10, 9, 1}, Row{4, 10, 9, 1}, Row{5, 10, 9, 1}, Row{6, 10, 9, 0}}) {
    std::vector<Entry> taken = log.slice(row.first, row.bytes_max, row.count_max);
    REQUIRE(taken.size() == row.taken);
    for (size_t at = 0; at < taken.size(); ++at) REQUIRE(taken[at].position.index == row.first + at);
  }
}

// R6: a refusal skips whole terms, on either side
TEST_CASE("the last index where two logs may agree", "[R6]") {
  Log log({}, entries({1, 1, 3, 3, 5}));
  struct Row {
    Index index;
    Term term;
    Index found;
  };
  for (const Row& row : {Row{5, 5, 5}, Row{5, 4, 4}, Row{5, 3, 4}, Row{5, 2, 2}, Row{5, 1, 2}, Row{5, 0, 0},
                         Row{3, 9, 3}, Row{9, 9, 5}, Row{0, 9, 0}, Row{9, 2, 2}}) {
    REQUIRE(log.last_at_or_below(row.index, row.term) == row.found);
  }
}

// R23: uncommitted proposals are bounded, and counted correctly after commits and truncations
TEST_CASE("bytes behind the commit index are counted through appends, cuts and commits", "[R23]") {
  Log log({}, {});
  for (size_t bytes : {10, 20, 30, 40}) log.append(entry(1, log.last().index + 1, std::string(bytes, 'x')));
  REQUIRE(log.uncommitted_bytes() == 100);
  log.commit_to(1);
  REQUIRE(log.uncommitted_bytes() == 90);
  log.cut_from(4);
  REQUIRE(log.uncommitted_bytes() == 50);
  log.commit_to(3);
  REQUIRE(log.uncommitted_bytes() == 0);
  log.check_invariants();
}

// R21: entries follow directly behind a snapshot
TEST_CASE("a log begins behind a snapshot, and entries before it count as committed and durable") {  // [R21]
  Log log({.term = 2, .index = 5}, {entry(2, 6), entry(3, 7)});
  REQUIRE(log.base().index == 5);
  REQUIRE(log.last() == LogPosition{.term = 3, .index = 7});
  REQUIRE(log.committed() == 5);
  REQUIRE(log.durable() == 7);
  REQUIRE(log.term_at(5) == 2);
  REQUIRE(log.has({.term = 2, .index = 5}));
  REQUIRE_FALSE(log.has({.term = 1, .index = 5}));
  REQUIRE(log.has({.term = 1, .index = 3}));  // committed: the same everywhere
  REQUIRE_FALSE(dies_saying([&] { static_cast<void>(log.at(5)); }).empty());
  log.commit_to(7);
  REQUIRE(log.take_committed().size() == 2);
  log.check_invariants();
}

// A log of entries that share one payload, so that its use count tells how many of them are in memory.
struct Counted {
  explicit Counted(Index entries) {
    while (log.last().index < entries) append();
    log.take_unsaved(1);
    log.saved(1);
    log.commit_to(entries);
    log.take_committed();
  }
  void append() {
    const auto [term, index] = log.last();
    log.append({.position = {std::max<Term>(term, 1), index + 1}, .payload = payload});
  }
  Index in_memory() const { return static_cast<Index>(payload.owners()) - 1; }

  raft::Payload payload = Payload::of("x");
  Log log{{}, {}};
};

TEST_CASE("forgotten entries stay in memory until they are freed, and cannot be seen") {
  Counted counted(100);
  counted.log.forget_to(60);
  REQUIRE(counted.in_memory() == 100);
  REQUIRE(counted.log.base().index == 60);
  REQUIRE(counted.log.at(61).position.index == 61);
  REQUIRE(counted.log.slice(61, 1'000, 1'000).size() == 40);
  counted.log.check_invariants();

  counted.log.free_forgotten(10);
  REQUIRE(counted.in_memory() == 90);
  counted.log.forget_to(90);
  REQUIRE(counted.log.at(91).position.index == 91);
  counted.log.check_invariants();
  counted.log.free_forgotten(1'000);
  REQUIRE(counted.in_memory() == 10);
  REQUIRE(counted.log.last().index == 100);
}

TEST_CASE("every append frees four forgotten entries") {
  Counted counted(100);
  counted.log.forget_to(80);
  for (int i = 1; i <= 20; ++i) {
    counted.append();
    REQUIRE(counted.in_memory() == 100 - 3 * static_cast<Index>(i));
  }
  counted.append();
  REQUIRE(counted.in_memory() == 41);
  counted.log.check_invariants();
}

TEST_CASE("a log that starts anew frees the old one likewise") {
  Counted counted(100);
  counted.log.forget_to(50);
  counted.log.start_anew({.term = 2, .index = 500});
  REQUIRE(counted.log.last() == counted.log.base());
  REQUIRE(counted.in_memory() == 100);
  counted.append();
  REQUIRE(counted.log.at(501).position.index == 501);
  REQUIRE(counted.in_memory() == 97);
  counted.log.check_invariants();
  counted.log.free_forgotten(1'000);
  REQUIRE(counted.in_memory() == 1);
}

TEST_CASE("a core without writes goes on freeing what a snapshot forgot") {
  raft_test::LoneCore core;
  core.lead_and_commit();
  const auto payload = Payload::of("x");
  for (int i = 0; i < 40; ++i) core.step(Proposed{.proposals = {{.id = 1, .command = payload}}});
  core.save();
  core.acknowledge(2);
  core.acknowledge(3);
  const Index committed = core.raft.log().committed();
  core.step(SnapshotTaken{.index = committed, .forget_to = committed});
  REQUIRE(core.raft.log().base().index == committed);
  for (int beats = 0; beats < 10; ++beats) core.step(TimePassed{});
  REQUIRE(payload.owners() == 1);
}

TEST_CASE("a log forgets only what was applied, and goes on as before") {
  Log log({}, {});
  for (Index index = 1; index <= 6; ++index) log.append(entry(1, index));
  log.take_unsaved(1);
  log.commit_to(4);
  REQUIRE_FALSE(dies_saying([&] { log.forget_to(4); }).empty());  // committed, but not yet handed on
  log.take_committed();
  log.forget_to(3);
  REQUIRE(log.base() == LogPosition{.term = 1, .index = 3});
  REQUIRE(log.durable() == 3);  // the snapshot has it, whatever the log's own disk does
  REQUIRE(log.at(4).position.index == 4);
  REQUIRE_FALSE(dies_saying([&] { log.forget_to(5); }).empty());
  log.saved(1);
  REQUIRE(log.durable() == 6);
  log.check_invariants();
}

TEST_CASE("a log that begins anew owes nothing to the saves under way") {
  Log log({}, {});
  for (Index index = 1; index <= 6; ++index) log.append(entry(1, index));
  log.take_unsaved(1);
  log.start_anew({.term = 2, .index = 4});
  REQUIRE(log.last() == LogPosition{.term = 2, .index = 4});
  log.append(entry(2, 5));
  log.saved(1);
  REQUIRE(log.durable() == 4);
  REQUIRE(log.take_unsaved(2).size() == 1);
  log.saved(2);
  REQUIRE(log.durable() == 5);
  log.check_invariants();
}

}  // namespace skiff::log_test

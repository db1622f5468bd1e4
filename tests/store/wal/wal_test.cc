#include "store/wal/wal.h"

#include <set>
#include <string>
#include <vector>

#include "store/wal/recover.h"
#include "tests/store/wal/log_story.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::store::wal_test {

using log_story::entry;
using testing::MemoryFiles;

const WalOwner kOwner{77, 2};

std::unique_ptr<Wal> found_wal(MemoryFiles& files, uint64_t segment_bytes) {
  REQUIRE(files.make_directory("data").has_value());
  REQUIRE(files.sync_directory(".").has_value());
  auto wal = Wal::create({files, "data", kOwner}, {segment_bytes});
  REQUIRE(wal.has_value());
  return std::move(*wal);
}

Batch term_one() { return {raft::HardState{1, 2}, {}}; }
Batch one(raft::Index index, size_t bytes) { return {std::nullopt, {entry(1, index, std::string(bytes, 'x'))}}; }

Result<> append(Wal& wal, std::vector<Batch> batches) { return wal.append(batches); }

// Every error is final: nothing is written or synced any more, and the answer stays the same.
void require_poisoned(MemoryFiles& files, Wal& wal, const Error& error) {
  uint64_t operations = files.operations();
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto refused = append(wal, {{raft::HardState{9, 1}, {}}});
    REQUIRE_FALSE(refused.has_value());
    REQUIRE(to_text(refused.error()) == to_text(error));
  }
  REQUIRE_FALSE(wal.start(wal.state().incarnation + 1).has_value());
  REQUIRE(files.operations() == operations);
  REQUIRE(files.uses_after_failed_sync() == 0);
}

TEST_CASE("all that waits costs one write and one sync") {
  MemoryFiles files;
  auto wal = found_wal(files, 64 * kBlockBytes);
  uint64_t operations = files.operations(), syncs = files.syncs();
  REQUIRE(append(*wal, {term_one(), one(1, 300), one(2, 2000), {std::nullopt, {}}, one(3, 0)}).has_value());
  REQUIRE(files.operations() == operations + 2);
  REQUIRE(files.syncs() == syncs + 1);
  REQUIRE(wal->counters().batches == 1);
  REQUIRE(wal->counters().entries == 3);
  REQUIRE(wal->counters().segments == 1);
}

TEST_CASE("nothing to save costs nothing") {
  MemoryFiles files;
  auto wal = found_wal(files, 64 * kBlockBytes);
  uint64_t operations = files.operations();
  REQUIRE(append(*wal, {}).has_value());
  REQUIRE(append(*wal, {{std::nullopt, {}}, {std::nullopt, {}}}).has_value());
  REQUIRE(files.operations() == operations);
}

TEST_CASE("what append said yes to survives a power failure") {
  MemoryFiles files;
  auto wal = found_wal(files, 4 * kBlockBytes);
  REQUIRE(append(*wal, {term_one()}).has_value());
  for (raft::Index index = 1; index < 40; ++index) REQUIRE(append(*wal, {one(index, 400)}).has_value());
  files.crash(MemoryFiles::Loss::keep_none);
  REQUIRE(recover_wal({files, "data", kOwner})->entries.size() == 39);
}

TEST_CASE("a batch that goes over the end of a segment is synced in order") {
  MemoryFiles files;
  auto wal = found_wal(files, 4 * kBlockBytes);
  std::vector<Batch> batches = {term_one()};
  for (raft::Index index = 1; index < 40; ++index) batches.push_back(one(index, 400));
  REQUIRE(append(*wal, batches).has_value());
  REQUIRE(wal->end().sequence > 8);
  files.crash(MemoryFiles::Loss::keep_none);
  auto found = recover_wal({files, "data", kOwner});
  REQUIRE(found->entries.size() == 39);
  REQUIRE(found->notes.empty());
}

// W13: records end exactly at the end of a block or a segment
TEST_CASE("records of every length fit, up to the last byte of a block and of a segment") {  // [W13]
  std::set<uint64_t> block_rests, segment_rests;
  for (size_t bytes = 0; bytes < 1600; bytes += bytes < 1200 ? 1 : 7) {
    CAPTURE(bytes);
    MemoryFiles files;
    auto wal = found_wal(files, 3 * kBlockBytes);
    REQUIRE(append(*wal, {term_one()}).has_value());
    for (raft::Index index = 1; index <= 4; ++index) {
      REQUIRE(append(*wal, {one(index, bytes)}).has_value());
      block_rests.insert(wal->end().offset % kBlockBytes);
      segment_rests.insert(files.content("data/" + segment_name(wal->end().sequence)).size() - wal->end().offset);
    }
    auto found = recover_wal({files, "data", kOwner});
    REQUIRE(found.has_value());
    REQUIRE(found->end == wal->end());
    REQUIRE(found->entries.size() == 4);
    for (const raft::Entry& each : found->entries) REQUIRE(each.bytes() == bytes);
  }
  REQUIRE(block_rests.contains(0));
  REQUIRE(segment_rests.contains(0));  // no slack at all
  REQUIRE(block_rests.size() > 400);
}

TEST_CASE("values bigger than a segment get a segment of their size") {
  MemoryFiles files;
  auto wal = found_wal(files, 8 * kBlockBytes);
  REQUIRE(append(*wal, {term_one(), one(1, 10), one(2, 1 << 20), one(3, 10), one(4, 5'000'001)}).has_value());
  REQUIRE(append(*wal, {one(5, 10)}).has_value());
  files.crash(MemoryFiles::Loss::keep_none);
  auto found = recover_wal({files, "data", kOwner});
  REQUIRE(found.has_value());
  const size_t expected[] = {10, 1 << 20, 10, 5'000'001, 10};
  for (size_t index = 0; index < 5; ++index) {
    REQUIRE(found->entries[index].bytes() == expected[index]);
    REQUIRE(found->entries[index].payload->find_first_not_of('x') == std::string::npos);
  }
}

// bug-46: numbers near the end of their range wrap around
TEST_CASE("terms and votes near the end of their range come back") {  // [bug-46]
  MemoryFiles files;
  auto wal = found_wal(files, 8 * kBlockBytes);
  raft::Term term = GENERATE(uint64_t{1} << 32, uint64_t{1} << 63, UINT64_MAX);
  REQUIRE(append(*wal, {{raft::HardState{term, UINT64_MAX}, {entry(term, 1, "x")}}}).has_value());
  auto found = recover_wal({files, "data", kOwner});
  REQUIRE(found->state.hard_state == raft::HardState{term, UINT64_MAX});
  REQUIRE(found->entries[0].position == raft::LogPosition{term, 1});
}

// W7: the end of the log is truncated, and power fails
TEST_CASE("an entry replaces everything at its index and behind") {  // [W7]
  MemoryFiles files;
  auto wal = found_wal(files, 8 * kBlockBytes);
  REQUIRE(append(*wal, {term_one(), one(1, 1), one(2, 2), one(3, 3), one(4, 4)}).has_value());
  REQUIRE(append(*wal, {{raft::HardState{2, 0}, {entry(2, 2, "new")}}}).has_value());
  files.crash(MemoryFiles::Loss::keep_none);
  auto found = recover_wal({files, "data", kOwner});
  REQUIRE(found->entries.size() == 2);
  REQUIRE(found->entries[1].position == raft::LogPosition{2, 2});
  REQUIRE(*found->entries[1].payload == "new");
  REQUIRE(found->state.last_index == 2);
}

// W4: a sync fails: nothing is acknowledged any more, and the same sync is not tried again
// W5: the disk is full, in any operation
// bug-38: a failed sync is tried again, and then "succeeds" without anything on the disk
TEST_CASE("any failing operation of an append ends the log for good") {  // [W4] [W5] [bug-38]
  const MemoryFiles::Fault fault = GENERATE(MemoryFiles::Fault::io_error, MemoryFiles::Fault::no_space);
  uint64_t not_made = 0;
  std::vector<Batch> batches;
  for (raft::Index index = 1; index < 20; ++index) batches.push_back(one(index, 400));

  bool has_failed = true;
  for (uint64_t operation = 1; has_failed; ++operation) {
    CAPTURE(operation);
    MemoryFiles files(operation);
    auto wal = found_wal(files, 4 * kBlockBytes);
    REQUIRE(append(*wal, {term_one()}).has_value());
    files.fail_at(files.operations() + operation, fault);

    Result<> appended = append(*wal, batches);
    has_failed = !appended;
    if (!has_failed) {
      REQUIRE(operation > 20);
      break;
    }
    REQUIRE_THAT(appended.error().what, Catch::Contains("data"));
    if (appended.error().code == Error::Code::no_space) {  // of which the next test tells
      REQUIRE(fault == MemoryFiles::Fault::no_space);
      ++not_made;
      continue;
    }
    REQUIRE(appended.error().code == Error::Code::io);
    require_poisoned(files, *wal, appended.error());
  }
  REQUIRE((not_made > 0) == (fault == MemoryFiles::Fault::no_space));
}

// W5: the disk is full, in any operation
TEST_CASE("a log that finds no room for its next segment goes on where it stopped, when there is some") {  // [W5]
  std::vector<Batch> batches = {term_one()};
  for (raft::Index index = 1; index < 20; ++index) batches.push_back(one(index, 400));
  uint64_t not_made = 0;
  for (uint64_t operation = 1;; ++operation) {
    CAPTURE(operation);
    MemoryFiles files(operation);
    auto wal = found_wal(files, 4 * kBlockBytes);
    files.fail_at(files.operations() + operation, MemoryFiles::Fault::no_space);

    // When it fails for want of room, and is asked again, with more behind,
    Result<> appended = append(*wal, batches);
    if (appended) break;
    if (appended.error().code != Error::Code::no_space) continue;
    ++not_made;
    const raft::Index before = recover_wal({files, "data", kOwner})->entries.size();
    REQUIRE(before < 19);
    std::vector<Batch> more = batches;
    more.push_back(one(20, 400));
    REQUIRE(append(*wal, more).has_value());

    // Then everything was written once, and is there whatever happens next.
    REQUIRE(wal->counters().entries == 20);
    files.crash(MemoryFiles::Loss::keep_none);
    auto found = recover_wal({files, "data", kOwner});
    REQUIRE(found.has_value());
    REQUIRE(found->end == wal->end());
    REQUIRE(found->entries.size() == 20);
    for (raft::Index index = 1; index <= 20; ++index) REQUIRE(found->entries[index - 1].position.index == index);
  }
  REQUIRE(not_made >= 3 * 3);  // the name, the zeros and the sync of three segments or more
}

TEST_CASE("a spare segment costs the log no zeros, and is as good as any") {
  MemoryFiles files;
  auto wal = found_wal(files, 4 * kBlockBytes);
  REQUIRE(append(*wal, {term_one()}).has_value());
  raft::Index index = 0;
  for (int segment = 0; segment < 5; ++segment) {
    // Given a spare,
    REQUIRE(wal->spare().make().has_value());
    REQUIRE(wal->spare().make().has_value());  // once is enough
    REQUIRE(wal->spare().is_there());

    // when the log goes on in its next segment,
    const uint64_t sequence = wal->end().sequence;
    uint64_t operations = 0;
    while (wal->end().sequence == sequence) {
      operations = files.operations();
      REQUIRE(append(*wal, {one(++index, 400)}).has_value());
    }

    // then that costs the header, its sync and the names; and the batch, as always.
    REQUIRE(files.operations() - operations == 5 + 2);
    REQUIRE_FALSE(wal->spare().is_there());
  }
  files.crash(MemoryFiles::Loss::keep_none);
  REQUIRE(recover_wal({files, "data", kOwner})->entries.size() == index);
}

// W5: the disk is full, in any operation
TEST_CASE("a spare that finds no room leaves nothing behind, and can be tried again") {  // [W5]
  for (uint64_t operation = 1; operation <= 3; ++operation) {
    MemoryFiles files;
    auto wal = found_wal(files, 4 * kBlockBytes);
    const auto names = *files.list("data");
    files.fail_at(files.operations() + operation, MemoryFiles::Fault::no_space);
    REQUIRE(wal->spare().make().error().code == Error::Code::no_space);
    REQUIRE_FALSE(wal->spare().is_there());
    REQUIRE(*files.list("data") == names);
    REQUIRE(wal->spare().make().has_value());
    REQUIRE(wal->spare().is_there());
  }
}

TEST_CASE("a value bigger than a segment leaves the spare to the next") {
  MemoryFiles files;
  auto wal = found_wal(files, 4 * kBlockBytes);
  REQUIRE(wal->spare().make().has_value());
  REQUIRE(append(*wal, {term_one(), one(1, 5'000)}).has_value());
  REQUIRE(wal->spare().is_there());
  REQUIRE(append(*wal, {one(2, 1'000)}).has_value());
  REQUIRE_FALSE(wal->spare().is_there());
  files.crash(MemoryFiles::Loss::keep_none);
  REQUIRE(recover_wal({files, "data", kOwner})->entries.size() == 2);
}

TEST_CASE("an error says whether the log itself was touched, or only a new segment not made") {
  const std::string harmed = "the content of the disk is not known any more",
                    unharmed = "it was for a new segment, and nothing that is in the log was touched";
  int harmed_count = 0, unharmed_count = 0;
  bool has_failed = true;
  for (uint64_t operation = 1; has_failed; ++operation) {
    CAPTURE(operation);
    MemoryFiles files;
    auto wal = found_wal(files, 4 * kBlockBytes);
    REQUIRE(append(*wal, {term_one()}).has_value());
    files.fail_at(files.operations() + operation, MemoryFiles::Fault::no_space);
    Result<> appended = append(*wal, {one(1, 700), one(2, 2'000)});  // of which the second needs a new segment
    has_failed = !appended;
    if (!has_failed) break;
    const auto& [code, what, advice] = appended.error();
    CAPTURE(what, advice);
    const std::string last_segment = join("data", segment_name(wal->end().sequence));
    const bool is_of_the_log = what == "write " + last_segment + ": No space left on device" ||
                               what == "sync " + last_segment + ": No space left on device";
    if (advice == harmed) {
      REQUIRE(is_of_the_log);
      ++harmed_count;
    } else {
      REQUIRE(advice == unharmed);
      ++unharmed_count;
      files.restart();
      (void)files.remove("data/wal-0000000000000002.new");  // if it is there
      auto found = recover_wal({files, "data", kOwner});
      REQUIRE(found.has_value());
      REQUIRE(found->entries.size() == 1);
    }
  }
  REQUIRE(harmed_count == 4);  // a write and a sync, in the first segment and in the second
  REQUIRE(unharmed_count >= 5);
}

// W4: a sync fails: nothing is acknowledged any more, and the same sync is not tried again
// bug-38: a failed sync is tried again, and then "succeeds" without anything on the disk
TEST_CASE("a failed sync is not believed after a restart either, until it is done again") {  // [W4] [bug-38]
  for (uint64_t seed = 1; seed < 50; ++seed) {
    // Given a sync that failed, and a kernel that still shows the pages, and thinks they are clean.
    CAPTURE(seed);
    MemoryFiles files(seed);
    auto wal = found_wal(files, 16 * kBlockBytes);
    REQUIRE(append(*wal, {term_one(), one(1, 10)}).has_value());
    files.fail_next_sync();
    auto failed = append(*wal, {one(2, 3000)});
    REQUIRE(to_text(failed.error()) ==
            "sync data/wal-0000000000000001: Input/output error; the content of the disk is not known any more");
    require_poisoned(files, *wal, failed.error());

    // When the next process believes what it reads,
    files.restart();
    auto found = recover_wal({files, "data", kOwner});
    REQUIRE(found->entries.size() == 2);

    // Then it is on the disk.
    files.crash(MemoryFiles::Loss::keep_none);
    REQUIRE(recover_wal({files, "data", kOwner})->entries.size() == 2);
  }
}

// W4: a sync fails: nothing is acknowledged any more, and the same sync is not tried again
// bug-38: a failed sync is tried again, and then "succeeds" without anything on the disk
TEST_CASE("after a failed sync and a power failure, a prefix is left") {  // [W4] [bug-38]
  for (uint64_t seed = 1; seed < 50; ++seed) {
    CAPTURE(seed);
    MemoryFiles files(seed);
    auto wal = found_wal(files, 16 * kBlockBytes);
    REQUIRE(append(*wal, {term_one(), one(1, 10)}).has_value());
    files.fail_next_sync();
    REQUIRE_FALSE(append(*wal, {one(2, 700), one(3, 700), one(4, 700)}).has_value());
    if (seed % 2 == 0) {
      files.crash();
    } else {
      files.restart();
      files.drop_clean_pages();
    }
    auto found = recover_wal({files, "data", kOwner});
    if (!found) FAIL(found.error().what);
    REQUIRE(found->entries.size() >= 1);
  }
}

// bug-42: bytes that were read at the start are trusted before they are synced
TEST_CASE("what a killed process wrote is synced before it is believed") {  // [bug-42]
  MemoryFiles files;
  auto wal = found_wal(files, 16 * kBlockBytes);
  REQUIRE(append(*wal, {term_one(), one(1, 10)}).has_value());
  files.stop_at(files.operations() + 2);  // written, not synced
  REQUIRE_FALSE(append(*wal, {one(2, 3000)}).has_value());
  files.restart();
  auto found = recover_wal({files, "data", kOwner});
  REQUIRE(found->entries.size() == 2);
  files.crash(MemoryFiles::Loss::keep_none);
  REQUIRE(recover_wal({files, "data", kOwner})->entries.size() == 2);
}

}  // namespace skiff::store::wal_test

#include "store/wal/recover.h"

#include <string>
#include <vector>

#include "src/base/bytes.h"
#include "tests/store/wal/log_story.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::store::wal_recover_test {

using log_story::entry;
using log_story::LogStory;
using testing::MemoryFiles;

const WalOwner kOwner{77, 2};
constexpr uint64_t kSegmentBytes = 4 * kBlockBytes;

// A log in a directory "data", and what it must hold.
struct Log {
  MemoryFiles files;
  LogStory story;
  raft::Random random;
  std::unique_ptr<Wal> wal;

  explicit Log(uint64_t seed = 1) : files(seed), random(seed) {
    REQUIRE(files.make_directory("data").has_value());
    auto founded = Wal::create({files, "data", kOwner}, {kSegmentBytes});
    REQUIRE(founded.has_value());
    wal = std::move(*founded);
    files.crash(MemoryFiles::Loss::keep_all);
    reopen();
  }

  static std::string path(uint64_t sequence) { return "data/" + segment_name(sequence); }
  std::string last_path() { return path(wal->end().sequence); }

  Result<RecoveredWal> recover() { return recover_wal({files, "data", kOwner}); }

  // Recovers, checks it against the story, and goes on writing there.
  void reopen() {
    auto found = recover();
    if (!found) FAIL(found.error().what);
    auto chapter = story.find(found->state.hard_state, found->entries);
    REQUIRE(chapter.has_value());
    story.go_back_to(*chapter);
    auto resumed = Wal::resume({files, "data", kOwner}, {kSegmentBytes}, found->end, found->state);
    REQUIRE(resumed.has_value());
    wal = std::move(*resumed);
  }

  void remove_durably(const std::string& path) {
    REQUIRE(files.remove(path).has_value());
    REQUIRE(files.sync_directory("data").has_value());
  }

  void append(const Batch& batch) {
    story.on(batch);
    REQUIRE(wal->append(std::vector<Batch>{batch}).has_value());
    story.acknowledge();
  }
  void append_random(uint64_t payload_bytes_max = 300) {
    append(log_story::random_batch(story.now(), random, payload_bytes_max));
  }
  void append_entry(size_t bytes) {
    Batch batch;
    if (story.now().hard_state.term == 0) batch.hard_state = raft::HardState{1, 2};
    batch.entries = {entry(1, story.now().entries.size() + 1, std::string(bytes, 'x'))};
    append(batch);
  }

  std::string why_refused() {
    auto found = recover();
    REQUIRE_FALSE(found.has_value());
    REQUIRE(found.error().code == Error::Code::corrupt);
    REQUIRE_THAT(found.error().what, Catch::Contains("data"));
    REQUIRE_THAT(
        to_text(found.error()),
        Catch::EndsWith(
            "; nothing was changed. Do not repair the directory by hand, empty it, or put an older copy in its "
            "place: the node would come back without votes and entries that it has promised to keep. "
            "If there are other members, they hold the data and go on without it"));
    return found.error().what;
  }
};

std::string with_block(std::string bytes, uint64_t block, std::string_view contents) {
  return bytes.replace(block * kBlockBytes, kBlockBytes, contents);
}
const std::string kZeroBlock(kBlockBytes, '\0');

// W1: a log is opened that is empty, torn anywhere, has garbage, or whose files are missing or out of order
TEST_CASE("an empty log comes back empty") {  // [W1]
  Log log;
  auto found = log.recover();
  REQUIRE(found->entries.empty());
  REQUIRE(found->state == WalState{});
  REQUIRE(found->end == WalPosition{1, kHeaderEnd});
  REQUIRE(found->notes.empty());
}

TEST_CASE("what was appended comes back, over many segments and restarts") {
  Log log;
  for (int round = 0; round < 300; ++round) {
    log.append_random();
    if (round % 10 == 0) log.reopen();
  }
  REQUIRE(log.wal->end().sequence > 20);
  auto found = log.recover();
  REQUIRE(log_story::is_same(found->entries, log.story.now().entries));
  REQUIRE(found->state == log.wal->state());
  REQUIRE(found->end == log.wal->end());
  REQUIRE(found->notes.empty());
}

// W12: a restart keeps everything that was saved
TEST_CASE("recovering twice gives the same, and leaves the same bytes") {  // [W12]
  Log log;
  for (int round = 0; round < 10; ++round) log.append_random();
  std::string before = log.files.content(log.last_path());
  auto first = log.recover(), second = log.recover();
  REQUIRE(log_story::is_same(first->entries, second->entries));
  REQUIRE(first->end == second->end);
  REQUIRE(log.files.content(log.last_path()) == before);
}

// A segment with several batches, of which the records end at known places.
struct Told {
  Log log;
  std::string path;
  std::string whole;
  uint64_t end = 0;
  std::vector<uint64_t> acknowledged;  // end of each batch
  std::vector<LogStory> stories;       // after it

  Told() {
    note();
    while (true) {
      Batch batch = log_story::random_batch(log.story.now(), log.random, 200);
      log.append(batch);
      if (log.wal->end().sequence > 1) break;
      note();
    }
    log.story = stories.back();
    path = Log::path(1);
    log.remove_durably(Log::path(2));
    whole = log.files.content(path);
    end = acknowledged.back();
    whole.resize(end);
    whole.resize(kSegmentBytes, '\0');
    REQUIRE(acknowledged.size() > 4);
  }
  void note() {
    acknowledged.push_back(log.wal->end().offset);
    stories.push_back(log.story);
  }
  // The story as far as it had been acknowledged when the log was that long.
  const LogStory& story_at(uint64_t offset) const {
    size_t index = acknowledged.size() - 1;
    while (index > 0 && acknowledged[index] > offset) --index;
    return stories[index];
  }
  // With all that was ever written as what may be there.
  bool is_right(const RecoveredWal& found, uint64_t acknowledged_to) const {
    auto at_least = story_at(acknowledged_to).chapters() - 1;
    auto chapter = stories.back().find_any(found.state.hard_state, found.entries);
    return chapter && *chapter >= at_least;
  }
};

// W1: a log is opened that is empty, torn anywhere, has garbage, or whose files are missing or out of order
// bug-40: a torn record is taken for damage, or damage for a torn record
// bug-41: zeros of a preallocated file are read as records
TEST_CASE("a log cut at any byte keeps what was acknowledged, and can be written on") {  // [W1] [bug-40] [bug-41]
  Told told;
  Log& log = told.log;
  for (uint64_t cut = kHeaderEnd; cut <= told.end; ++cut) {
    CAPTURE(cut);
    log.files.set_content(told.path, told.whole.substr(0, cut) + std::string(kSegmentBytes - cut, '\0'));
    auto found = log.recover();
    if (!found) FAIL(found.error().what);
    REQUIRE(told.is_right(*found, cut));
    REQUIRE(found->end.offset <= told.end);

    auto wal = Wal::resume({log.files, "data", kOwner}, {kSegmentBytes}, found->end, found->state);
    REQUIRE((*wal)->start(found->state.incarnation + 1).has_value());
    log.files.crash(MemoryFiles::Loss::keep_none);
    auto again = log.recover();
    if (!again) FAIL(again.error().what);
    REQUIRE(log_story::is_same(again->entries, found->entries));
    REQUIRE(again->state.incarnation == found->state.incarnation + 1);
    REQUIRE(again->notes.empty());
    if ((*wal)->end().sequence > 1) log.remove_durably(Log::path(2));
  }
}

// W1: a log is opened that is empty, torn anywhere, has garbage, or whose files are missing or out of order
// bug-40: a torn record is taken for damage, or damage for a torn record
TEST_CASE("a log with garbage behind any byte is refused, not shortened") {  // [W1] [bug-40]
  Told told;
  for (uint64_t cut = 0; cut < kSegmentBytes; ++cut) {
    CAPTURE(cut);
    std::string bytes = told.whole.substr(0, cut);
    while (bytes.size() < kSegmentBytes) bytes += static_cast<char>(told.log.random.below(255) + 1);
    told.log.files.set_content(told.path, bytes);
    auto found = told.log.recover();
    REQUIRE_FALSE(found.has_value());
    REQUIRE(told.log.files.content(told.path) == bytes);
  }
}

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
// bug-40: a torn record is taken for damage, or damage for a torn record
TEST_CASE("a flipped bit in what was acknowledged is always noticed, up to the last byte") {  // [W6] [bug-40]
  Told told;
  for (uint64_t offset = 0; offset < told.end; ++offset) {
    for (char flip : {'\x01', '\x02', '\x04', '\x08', '\x10', '\x20', '\x40', '\x80', '\xff'}) {
      CAPTURE(offset, int(flip));
      std::string bytes = told.whole;
      bytes[offset] = static_cast<char>(bytes[offset] ^ flip);
      told.log.files.set_content(told.path, bytes);
      REQUIRE_FALSE(told.log.recover().has_value());
    }
  }
}

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
TEST_CASE("a byte gone to zero is noticed, but for the very last one") {  // [W6]
  Told told;
  for (uint64_t offset = 0; offset < told.end; ++offset) {
    if (told.whole[offset] == 0) continue;
    CAPTURE(offset);
    std::string bytes = told.whole;
    bytes[offset] = 0;
    told.log.files.set_content(told.path, bytes);
    auto found = told.log.recover();
    // A last byte that never came and one that went away are the same bytes.
    bool is_end_of_last_batch =
        offset >= told.acknowledged[told.acknowledged.size() - 2] &&
        is_zero(std::string_view(told.whole).substr(offset + 1, kBlockBytes - 1 - offset % kBlockBytes));
    if (!is_end_of_last_batch) REQUIRE_FALSE(found.has_value());
  }
}

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
TEST_CASE("a bit that appears where nothing was written is noticed or does no harm") {  // [W6]
  Told told;
  for (uint64_t offset = told.end; offset < kSegmentBytes; ++offset) {
    CAPTURE(offset);
    std::string bytes = told.whole;
    bytes[offset] = 0x10;
    told.log.files.set_content(told.path, bytes);
    auto found = told.log.recover();
    if (found) REQUIRE(told.is_right(*found, told.end));
  }
}

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
TEST_CASE("a block that is lost or holds another block's bytes is noticed") {  // [W6]
  Log log;
  while (log.wal->end().sequence == 1) log.append_entry(100);
  std::string path = Log::path(1), whole = log.files.content(path);
  std::string other = log.files.content(Log::path(2)).substr(0, kBlockBytes);

  for (uint64_t block = 0; block < kSegmentBytes / kBlockBytes; ++block) {
    CAPTURE(block);
    std::vector<std::string> replacements = {kZeroBlock, other, std::string(kBlockBytes, '\xff')};
    for (uint64_t from = 0; from < kSegmentBytes / kBlockBytes; ++from) {
      if (from != block) replacements.push_back(whole.substr(from * kBlockBytes, kBlockBytes));
    }
    for (const std::string& replacement : replacements) {
      log.files.set_content(path, with_block(whole, block, replacement));
      log.why_refused();
    }
  }
}

// bug-40: a torn record is taken for damage, or damage for a torn record
TEST_CASE("an acknowledged block that reads as zeros is missing, not never written") {  // [bug-40]
  Log log;
  for (int count = 0; count < 6; ++count) log.append_entry(200);
  REQUIRE(log.wal->end().sequence == 1);
  std::string whole = log.files.content(log.last_path());
  log.files.set_content(log.last_path(), with_block(whole, 1, kZeroBlock));
  REQUIRE_THAT(log.why_refused(), Catch::Contains("acknowledged records are missing from here on"));
}

// W1: a log is opened that is empty, torn anywhere, has garbage, or whose files are missing or out of order
// W7: the end of the log is truncated, and power fails
// bug-40: a torn record is taken for damage, or damage for a torn record
TEST_CASE("a batch of which any blocks are missing is cut off, and stays off") {  // [W1] [W7] [bug-40]
  // Given a short log, and a batch over five blocks behind it that was never acknowledged.
  Log log;
  log.append_entry(100);
  uint64_t begin = log.wal->end().offset;
  LogStory acknowledged = log.story;
  std::string before = log.files.content(log.last_path());
  Batch torn;
  for (raft::Index index = 2; index < 9; ++index) torn.entries.push_back(entry(1, index, std::string(130, 'y')));
  log.append(torn);
  REQUIRE(log.wal->end().sequence == 1);
  std::string after = log.files.content(log.last_path());
  uint64_t first_block = begin / kBlockBytes, blocks = (log.wal->end().offset - 1) / kBlockBytes - first_block + 1;
  REQUIRE(blocks >= 3);

  for (uint64_t kept = 0; kept + 1 < uint64_t{1} << blocks; ++kept) {
    CAPTURE(kept);
    std::string bytes = before;
    for (uint64_t block = 0; block < blocks; ++block) {
      uint64_t offset = (first_block + block) * kBlockBytes;
      if (kept >> block & 1) bytes = with_block(bytes, first_block + block, after.substr(offset, kBlockBytes));
    }
    log.files.set_content(log.last_path(), bytes);
    LogStory story = acknowledged;
    story.on(torn);

    // When it is recovered, then a prefix of the batch is there.
    auto found = log.recover();
    if (!found) FAIL(found.error().what);
    REQUIRE(story.find(found->state.hard_state, found->entries).has_value());
    bool has_tail = !is_zero(std::string_view(bytes).substr(found->end.offset));
    REQUIRE(found->notes.size() == (has_tail ? 1 : 0));

    // And nothing of the rest comes to life behind what is written next.
    size_t count = found->entries.size();
    REQUIRE(is_zero(std::string_view(log.files.content(log.last_path())).substr(found->end.offset)));
    auto wal = Wal::resume({log.files, "data", kOwner}, {kSegmentBytes}, found->end, found->state);
    REQUIRE((*wal)->start(found->state.incarnation + 1).has_value());
    log.files.crash(MemoryFiles::Loss::keep_none);
    auto again = log.recover();
    REQUIRE(again->entries.size() == count);
    REQUIRE(again->notes.empty());
  }
}

// bug-38: a failed sync is tried again, and then "succeeds" without anything on the disk
// bug-42: bytes that were read at the start are trusted before they are synced
TEST_CASE("a cut that failed to reach the disk is made again, though it looks made") {  // [bug-38] [bug-42]
  for (uint64_t seed = 1; seed < 40; ++seed) {
    // Given a torn batch, and a recovery whose zeros the disk did not take, and whose pages are marked clean since.
    CAPTURE(seed);
    Log log(seed);
    log.append_entry(100);
    Batch torn;
    for (raft::Index index = 2; index < 9; ++index) torn.entries.push_back(entry(1, index, std::string(130, 'y')));
    log.append(torn);
    std::string path = log.last_path();
    log.files.set_content(path, with_block(log.files.content(path), 1, kZeroBlock));
    log.files.fail_at(log.files.operations() + 3, MemoryFiles::Fault::io_error);
    REQUIRE_FALSE(log.recover().has_value());
    log.files.restart();

    // When the next recovery sees them as they should be, and goes on,
    auto found = log.recover();
    auto wal = Wal::resume({log.files, "data", kOwner}, {kSegmentBytes}, found->end, found->state);
    REQUIRE((*wal)->start(1).has_value());

    // Then nothing of the torn batch is left on the disk.
    log.files.crash(MemoryFiles::Loss::keep_none);
    auto again = log.recover();
    if (!again) FAIL(again.error().what);
    REQUIRE(again->notes.empty());
    REQUIRE(again->entries.size() == found->entries.size());
  }
}

}  // namespace skiff::store::wal_recover_test

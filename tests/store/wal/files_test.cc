// Recovery of logs that no node ever wrote: files missing, foreign or contradictory.
#include <string>
#include <vector>

#include "src/base/bytes.h"
#include "src/base/crc32c.h"
#include "store/wal/recover.h"
#include "tests/store/wal/log_story.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::store::wal_files_test {

using testing::MemoryFiles;

const WalOwner kOwner{77, 2};
constexpr uint64_t kSegmentBytes = 4 * kBlockBytes;

std::string path_of(uint64_t sequence) { return "data/" + segment_name(sequence); }

// A directory with a log of three segments.
void write_log(MemoryFiles& files, WalOwner owner = kOwner) {
  REQUIRE(files.make_directory("data").has_value());
  auto wal = Wal::create({files, "data", owner}, {kSegmentBytes});
  REQUIRE(wal.has_value());
  raft::Index index = 0;
  while ((*wal)->end().sequence < 3) {
    Batch batch;
    if (index == 0) batch.hard_state = raft::HardState{1, 0};
    batch.entries = {log_story::entry(1, ++index, std::string(150, 'x'))};
    REQUIRE((*wal)->append(std::vector<Batch>{batch}).has_value());
  }
}

Error refusal_of(MemoryFiles& files, WalOwner owner = kOwner) {
  auto found = recover_wal({files, "data", owner});
  REQUIRE_FALSE(found.has_value());
  REQUIRE_THAT(found.error().what, Catch::Contains("data"));
  return found.error();
}

// W1: a log is opened that is empty, torn anywhere, has garbage, or whose files are missing or out of order
// W6: a disk returns other bytes than were written: flipped, lost, or from another place
// bug-41: zeros of a preallocated file are read as records
TEST_CASE("a directory whose files are not a log in a row is refused by name") {  // [W1] [W6]
  MemoryFiles files;
  write_log(files);
  std::string bytes = files.content(path_of(2));
  std::string why;

  SECTION("the middle segment is missing") {
    REQUIRE(files.remove(path_of(2)).has_value());
    why = "wal-0000000000000002, is missing";
  }
  SECTION("the first segment is missing") {
    REQUIRE(files.remove(path_of(1)).has_value());
    why = "wal-0000000000000001, is missing";
  }
  SECTION("all segments are missing") {
    for (uint64_t sequence : {1, 2, 3}) REQUIRE(files.remove(path_of(sequence)).has_value());
    why = "there is no log in it";
  }
  SECTION("a segment under the name of another") {
    files.set_content(path_of(3), bytes);
    why = "it is wal-0000000000000002";
  }
  SECTION("a copy of a segment behind the last") {
    files.set_content(path_of(4), files.content(path_of(3)));
    why = "it is wal-0000000000000003";
  }
  SECTION("a second open segment of zeros") {  // [bug-41]
    files.set_content(path_of(4), std::string(kSegmentBytes, '\0'));
    why = "not the header of a segment";
  }
  SECTION("a name that is nearly a segment's") {
    files.set_content("data/wal-000000000000000A", bytes);
    why = "called like a part of the log";
  }
  SECTION("a segment of the last number there is") {  // none could follow it
    files.set_content(path_of(~uint64_t{0}), bytes);
    why = "called like a part of the log";
  }
  SECTION("an empty segment") {
    files.set_content(path_of(3), "");
    why = "it has 0 bytes";
  }
  SECTION("a segment cut short") {
    files.set_content(path_of(3), bytes.substr(0, 1000));
    why = "it has 1000 bytes";
  }
  SECTION("a segment that is not the last ends early") {
    for (size_t offset = kBlockBytes * 2; offset < kSegmentBytes; ++offset) bytes[offset] = 0;
    files.set_content(path_of(2), bytes);
    why = "damage in a segment that is not the last";
  }
  SECTION("a whole batch is gone from the end of a segment that is not the last") {
    auto last_mark = bytes.rfind(std::string("\x02\x02\0\0\0\0\0\0\0", 9));
    for (size_t offset = last_mark - kFragmentHeadBytes; offset < kSegmentBytes; ++offset) bytes[offset] = 0;
    files.set_content(path_of(2), bytes);
    why = "the segment before it ended at";
  }
  INFO(why);
  Error error = refusal_of(files);
  REQUIRE(error.code == Error::Code::corrupt);
  REQUIRE_THAT(error.what, Catch::Contains(why));
}

TEST_CASE("a segment that cannot be read stops recovery") {
  MemoryFiles files;
  write_log(files);
  files.fail_reads_of(path_of(2));
  REQUIRE(refusal_of(files).code == Error::Code::io);
}

TEST_CASE("the log of another node or cluster is refused by name") {
  MemoryFiles files;
  write_log(files, {77, 3});
  REQUIRE_THAT(to_text(refusal_of(files)), Catch::EndsWith("it belongs to node 3 of cluster 77; nothing was changed"));
  REQUIRE_THAT(refusal_of(files, {78, 3}).what, Catch::Contains("belongs to node 3 of cluster 77"));
}

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
TEST_CASE("a block of another node's log, or of another segment, is not believed") {  // [W6]
  MemoryFiles files, others;
  write_log(files);
  write_log(others, {77, 3});
  std::string bytes = files.content(path_of(2));
  std::string foreign = GENERATE_COPY(others.content(path_of(2)), files.content(path_of(1)), files.content(path_of(3)));
  bytes.replace(kBlockBytes, kBlockBytes, foreign, kBlockBytes, kBlockBytes);
  files.set_content(path_of(2), bytes);
  REQUIRE(refusal_of(files).code == Error::Code::corrupt);
}

// W11: files have another format version
TEST_CASE("a log of another format version is refused by version") {  // [W11]
  MemoryFiles files;
  write_log(files);
  std::string bytes = files.content(path_of(1));
  bytes[17] = 2;
  files.set_content(path_of(1), bytes);
  Error error = refusal_of(files);
  REQUIRE(error.code == Error::Code::invalid);
  REQUIRE_THAT(to_text(error),
               Catch::EndsWith("its format version is 2, this program knows 1; nothing was changed: start "
                               "the program that wrote it"));
}

// A first segment written by hand, whose checksums are right.
struct HandWritten {
  std::string bytes;
  uint32_t salt = segment_salt(kOwner, 1);

  HandWritten() { add(encode(SegmentHeader{kOwner, 1, 0, {}})); }
  HandWritten& add(const std::string& record) {
    append_fragments(bytes, 0, salt, record, {});
    return *this;
  }
  HandWritten& batch(raft::Index last_index) { return add(encode(Mark{{1, bytes.size()}, last_index})); }
  HandWritten& entry(raft::Term term, raft::Index index) { return add(encode_head(log_story::entry(term, index, ""))); }
  HandWritten& hard_state(raft::Term term, raft::NodeId vote) { return add(encode(raft::HardState{term, vote})); }

  Result<RecoveredWal> recover() const {
    MemoryFiles files;
    files.set_content("data", "");
    std::string whole = bytes;
    whole.resize((whole.size() / kBlockBytes + 1) * kBlockBytes, '\0');
    files.set_content(path_of(1), whole);
    return recover_wal({files, "data", kOwner});
  }
  std::string why_refused() const {
    auto found = recover();
    if (found) return "(not refused)";
    return found.error().code == Error::Code::corrupt ? found.error().what : "(not called corrupt)";
  }
};

HandWritten begun() { return HandWritten().batch(0).hard_state(5, 1).entry(3, 1).entry(5, 2); }

// W1: a log is opened that is empty, torn anywhere, has garbage, or whose files are missing or out of order
// W2: records contradict each other
TEST_CASE("records that contradict each other are refused, whatever their checksums say") {  // [W1] [W2]
  REQUIRE(begun().recover().has_value());
  REQUIRE(begun().batch(2).entry(5, 3).entry(5, 2).hard_state(5, 1).hard_state(6, 0).hard_state(6, 2).recover());

  struct Row {
    HandWritten log;
    const char* why;
  };
  const Row rows[] = {
      {begun().entry(5, 4), "an entry does not follow"},
      {begun().entry(5, 0), "an entry does not follow"},
      {begun().entry(5, UINT64_MAX), "an entry does not follow"},
      {begun().entry(4, 3), "older than that of the one before"},
      {begun().entry(2, 2), "older than that of the one before"},
      {HandWritten().batch(0).hard_state(5, 1).entry(0, 1), "older than that of the one before"},
      {begun().entry(6, 3), "newer than the node's"},
      {begun().hard_state(4, 0), "goes back to an older term"},
      {begun().hard_state(5, 2), "votes twice"},
      {begun().hard_state(5, 0), "votes twice"},
      {begun().add(encode(Start{2})), "a start of the node is missing"},
      {begun().add(encode(Start{0})), "a start of the node is missing"},
      {begun().batch(1), "does not follow the entry it says"},
      {begun().add(encode(Mark{{1, kHeaderEnd}, 2})), "does not begin where it says"},
      {begun().add(encode(Mark{{2, begun().bytes.size()}, 2})), "does not begin where it says"},
      {begun().add(encode(SegmentHeader{kOwner, 1, 0, {}})), "a header in the middle"},
      {HandWritten().entry(5, 1), "outside of a batch"},
      {HandWritten().hard_state(5, 1), "outside of a batch"},
      {HandWritten().add(encode(Start{1})), "outside of a batch"},
      {begun().add("\x09"), "unknown kind"},
      {begun().add(encode(raft::HardState{6, 1}) + "x"), "wrong length"},
      {begun().add(encode(raft::HardState{6, 1}).substr(0, 16)), "wrong length"},
      {begun().add(encode_head(log_story::entry(5, 3, "")).substr(0, 17) + '\x04'), "entry of unknown kind"},
      {begun().add(encode_head(log_story::entry(5, 3, "")).substr(0, 17) + '\0'), "entry of unknown kind"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why, &row - rows);
    REQUIRE_THAT(row.log.why_refused(), Catch::Contains(row.why));
  }
}

TEST_CASE("fragments out of order are refused") {
  auto with_fragment = [&](FragmentType type) {
    HandWritten damaged = begun();
    uint64_t offset = damaged.bytes.size();
    damaged.add(encode(Start{1}));
    std::string fragment = damaged.bytes.substr(offset);
    std::string checked;
    put_number(checked, offset);
    checked += fragment.substr(4, 2) + fragment.substr(kFragmentHeadBytes);
    checked.back() = static_cast<char>(type);
    fragment.back() = static_cast<char>(type);
    std::string checksum;
    put_number(checksum, crc32c_extend(damaged.salt, checked));
    damaged.bytes = damaged.bytes.substr(0, offset) + checksum + fragment.substr(4);
    return damaged;
  };
  REQUIRE(with_fragment(FragmentType::full).recover().has_value());
  REQUIRE_THAT(with_fragment(FragmentType::middle).why_refused(), Catch::Contains("out of order"));
  REQUIRE_THAT(with_fragment(FragmentType::last).why_refused(), Catch::Contains("out of order"));
  REQUIRE_THAT(with_fragment(FragmentType::first).hard_state(6, 0).why_refused(), Catch::Contains("out of order"));
}

TEST_CASE("a segment that says another state than the ones before it is refused") {
  const WalState right{2, {5, 1}, 0};
  WalState states[] = {right, right, right, right, right};
  states[1].last_index = 3;
  states[2].hard_state.term = 6;
  states[3].hard_state.vote = 2;
  states[4].incarnation = 1;
  for (const WalState& state : states) {
    CAPTURE(&state - states);
    MemoryFiles files;
    files.set_content("data", "");
    HandWritten first = begun();
    std::string second;
    append_fragments(second, 0, segment_salt(kOwner, 2), encode(SegmentHeader{kOwner, 2, first.bytes.size(), state}),
                     {});
    first.bytes.resize(kSegmentBytes, '\0');
    second.resize(kSegmentBytes, '\0');
    files.set_content(path_of(1), first.bytes);
    files.set_content(path_of(2), second);
    if (state == right) {
      REQUIRE(recover_wal({files, "data", kOwner}).has_value());
    } else {
      REQUIRE_THAT(refusal_of(files).what, Catch::Contains("does not go on where the segment before it ended"));
    }
  }
}

}  // namespace skiff::store::wal_files_test

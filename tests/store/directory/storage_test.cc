#include "store/directory/storage.h"

#include <string>
#include <vector>

#include "store/files/small_file.h"
#include "tests/store/wal/log_story.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::store::storage_test {

using testing::MemoryFiles;

const WalOptions kSmall{4 * kBlockBytes};
const Identity kNode{77, 2, {{1, "http://a:9021"}, {2, "http://b:9021"}, {3, "http://c:9021"}}};

Result<Opened> open(MemoryFiles& files, const Identity& wanted = kNode) {
  return Storage::open(files, "data", wanted, kSmall);
}

Opened must_open(MemoryFiles& files, const Identity& wanted = kNode) {
  auto opened = open(files, wanted);
  if (!opened) FAIL(opened.error().what);
  return std::move(*opened);
}

Result<> save(Storage& storage, Batch batch) { return storage.save(std::vector<Batch>{std::move(batch)}); }

const Batch kFirst{raft::HardState{1, 2}, {log_story::entry(1, 1, "one"), log_story::entry(1, 2, "two")}};

// The directory after a first start that saved something.
void write_directory(MemoryFiles& files, const Identity& identity = kNode) {
  Opened opened = must_open(files, identity);
  REQUIRE(save(*opened.storage, kFirst).has_value());
}

// W10: the directory is missing, read-only, or on an unusual file system
TEST_CASE("an empty place becomes a data directory") {  // [W10]
  MemoryFiles files;
  SECTION("the directory is missing") {}
  SECTION("the directory is there") { REQUIRE(files.make_directory("data").has_value()); }
  SECTION("the directory is a file system of its own") {
    REQUIRE(files.make_directory("data").has_value());
    REQUIRE(files.make_directory("data/lost+found").has_value());
  }
  Opened opened = must_open(files);
  REQUIRE(opened.recovered.fresh);
  REQUIRE(opened.recovered.identity == kNode);
  REQUIRE(opened.recovered.incarnation == 1);
  REQUIRE(opened.recovered.hard_state == raft::HardState{});
  REQUIRE(opened.recovered.entries.empty());
  REQUIRE(opened.recovered.notes.empty());
}

// W12: a restart keeps everything that was saved
TEST_CASE("what was saved is there at the next start, also after a power failure") {  // [W12]
  MemoryFiles files;
  write_directory(files);
  files.crash(MemoryFiles::Loss::keep_none);
  Opened opened = must_open(files);
  REQUIRE_FALSE(opened.recovered.fresh);
  REQUIRE(opened.recovered.hard_state == raft::HardState{1, 2});
  REQUIRE(log_story::is_same(opened.recovered.entries, kFirst.entries));
}

TEST_CASE("every start counts, and none counts twice, whatever the power does") {
  MemoryFiles files;
  for (uint64_t start = 1; start < 60; ++start) {
    REQUIRE(must_open(files).recovered.incarnation == start);
    files.crash(MemoryFiles::Loss::keep_none);
  }
}

// W9: a second process opens the same directory
TEST_CASE("a second owner of the directory is refused while the first lives") {  // [W9]
  MemoryFiles files;
  Opened first = must_open(files);
  auto second = open(files);
  REQUIRE_FALSE(second.has_value());
  REQUIRE(second.error().code == Error::Code::unavailable);
  REQUIRE_THAT(second.error().what, Catch::Contains("data") && Catch::Contains("another process uses it"));
  REQUIRE(save(*first.storage, kFirst).has_value());

  first.storage.reset();
  REQUIRE(must_open(files).recovered.entries.size() == 2);
}

TEST_CASE("the directory of another node is refused, and left as it was") {
  MemoryFiles files;
  write_directory(files);
  Identity other = kNode;
  other.node = 3;
  uint64_t operations = files.operations();
  auto opened = open(files, other);
  REQUIRE(opened.error().code == Error::Code::invalid);
  REQUIRE_THAT(opened.error().what, Catch::Contains("belongs to node 2, this is node 3"));
  REQUIRE(files.operations() == operations);
  REQUIRE(must_open(files).recovered.incarnation == 2);
}

TEST_CASE("the stored cluster and founders are given back, whatever was wanted") {
  MemoryFiles files;
  write_directory(files);
  REQUIRE(must_open(files, {99, 2, {}}).recovered.identity == kNode);
}

TEST_CASE("a directory with something else in it is not founded") {
  MemoryFiles files;
  REQUIRE(files.make_directory("data").has_value());
  SECTION("a stranger's file") { files.set_content("data/thesis.txt", "dear to somebody"); }
  SECTION("a later segment") { files.set_content("data/" + segment_name(2), std::string(2048, '\0')); }
  auto opened = open(files);
  REQUIRE(opened.error().code == Error::Code::invalid);
  REQUIRE_THAT(opened.error().what, Catch::Contains("data"));
  REQUIRE_THAT(to_text(opened.error()),
               Catch::EndsWith(" in it, but no identity; choose an empty directory, or give it "
                               "back its identity from a copy"));
}

TEST_CASE("a log without an identity is not founded over") {
  MemoryFiles files;
  write_directory(files);
  REQUIRE(files.remove("data/identity").has_value());
  std::string log = files.content("data/" + segment_name(1));
  auto opened = open(files);
  REQUIRE(opened.error().code == Error::Code::corrupt);
  REQUIRE(
      to_text(opened.error()) ==
      "open data directory data: there is a log in it, but no identity; nothing was changed: give it back its identity "
      "from a copy");
  REQUIRE(files.content("data/" + segment_name(1)) == log);
}

TEST_CASE("an identity without a log is refused") {
  MemoryFiles files;
  write_directory(files);
  REQUIRE(files.remove("data/" + segment_name(1)).has_value());
  auto opened = open(files);
  REQUIRE(opened.error().code == Error::Code::corrupt);
  REQUIRE_THAT(opened.error().what, Catch::Contains("there is no log"));
}

TEST_CASE("a start that fails names damaged snapshots among its causes, and then says what can be done") {
  MemoryFiles files;
  write_directory(files);
  files.set_content("data/" + snapshot_name(9), "rot");
  REQUIRE(files.remove("data/" + segment_name(1)).has_value());
  auto opened = open(files);
  REQUIRE(opened.error().what == "recover data: there is no log in it; and: read data/" + snapshot_name(9) +
                                     ": at offset 0: it ends early; it is not used");
  REQUIRE_THAT(to_text(opened.error()),
               Catch::Contains("it is not used; nothing was changed. Do not repair the directory"));
}

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
// W11: files have another format version
TEST_CASE("a damaged identity is refused at every byte") {  // [W6] [W11]
  MemoryFiles files;
  write_directory(files);
  std::string whole = files.content("data/identity");
  for (size_t offset = 0; offset < whole.size(); ++offset) {
    CAPTURE(offset);
    std::string bytes = whole;
    bytes[offset] = static_cast<char>(bytes[offset] ^ 0x20);
    files.set_content("data/identity", bytes);
    REQUIRE_THAT(open(files).error().what, Catch::Contains("data/identity"));
    files.set_content("data/identity", whole.substr(0, offset));
    REQUIRE_THAT(open(files).error().what, Catch::Contains("data/identity"));
  }
  files.set_content("data/identity", whole + "x");
  REQUIRE(open(files).error().code == Error::Code::corrupt);
}

// W11: files have another format version
TEST_CASE("an identity of another format version is refused by version") {  // [W11]
  MemoryFiles files;
  write_directory(files);
  const std::string whole = files.content("data/identity");
  files.set_content("data/identity", seal("skiff-id", 2, *unseal("skiff-id", 1, whole)));
  auto opened = open(files);
  REQUIRE(opened.error().code == Error::Code::invalid);
  REQUIRE_THAT(opened.error().what, Catch::Contains("format version is 2, this program knows 1"));
  files.set_content("data/identity", seal("skiff-id", 2, "who knows how it goes on"));
  REQUIRE(open(files).error().code == Error::Code::invalid);

  // One of ours whose version was damaged is not taken for another program's.
  std::string damaged = whole;
  damaged[8] = 2;
  files.set_content("data/identity", damaged);
  opened = open(files);
  REQUIRE(opened.error().code == Error::Code::corrupt);
  REQUIRE_THAT(opened.error().what, Catch::Contains("its version is damaged"));
}

TEST_CASE("what the directory says of a torn end reaches the operator") {
  MemoryFiles files;
  write_directory(files);
  std::string path = "data/" + segment_name(1);
  std::string bytes = files.content(path);
  size_t last = bytes.find_last_not_of('\0');
  bytes[last] = 0;
  files.set_content(path, bytes);
  Opened opened = must_open(files);
  REQUIRE(opened.recovered.notes.size() == 1);
  REQUIRE_THAT(opened.recovered.notes[0], Catch::Contains(path) && Catch::Contains("never acknowledged"));
}

// W3: power fails, or an operation, between any two operations on files
// W5: the disk is full, in any operation
TEST_CASE("any failing operation of an open is an error, and the next open puts it right") {  // [W3] [W5]
  const bool is_founded = GENERATE(false, true);
  const MemoryFiles::Fault fault = GENERATE(MemoryFiles::Fault::io_error, MemoryFiles::Fault::no_space);
  bool has_failed = true;
  for (uint64_t operation = 1; has_failed; ++operation) {
    CAPTURE(operation, is_founded);
    MemoryFiles files(operation);
    if (is_founded) write_directory(files);
    files.fail_at(files.operations() + operation, fault);
    auto opened = open(files);
    has_failed = !opened;
    if (!has_failed) {
      REQUIRE(operation > (is_founded ? 5 : 15));
      break;
    }
    const bool has_no_room = fault == MemoryFiles::Fault::no_space && opened.error().code == Error::Code::no_space;
    REQUIRE((has_no_room || opened.error().code == Error::Code::io));
    files.restart();
    Opened again = must_open(files);
    REQUIRE(again.recovered.entries.size() == (is_founded ? 2 : 0));
    REQUIRE(save(*again.storage, {raft::HardState{2, 1}, {}}).has_value());
  }
}

}  // namespace skiff::store::storage_test

// A snapshot as bytes: what goes in comes out, and nothing else ever does.
#include "store/snapshot/snapshot.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "raft/random.h"
#include "src/base/bytes.h"
#include "src/base/crc32c.h"
#include "store/state/command.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::store::snapshot_test {

using testing::MemoryFiles;

constexpr uint64_t kCluster = 77;

struct Writer {
  Kv kv;
  uint64_t number = 0;

  void put(std::string_view key, std::string_view value = {}) { apply({{}, PutView{key, value}}); }
  void remove(std::string_view key) { apply({{}, DeleteRangeView{key}}); }
  void compact(Revision revision) { apply({{}, Compact{revision}}); }
  void apply(Command command) {
    command.origin = {.node = 1 + number % 3, .incarnation = 1, .number = number + 1};
    ++number;
    kv.apply(kv.applied() + 1, raft::Payload::of(encode(command)));
  }
};

raft::SnapshotMark mark_of(const Kv& kv) {
  return {.position = {.term = 3, .index = kv.applied()}, .configuration = raft::Payload::of("who the members are")};
}

std::vector<std::string> blocks_of(SnapshotMaker& maker, uint64_t block_bytes) {
  std::vector<std::string> blocks;
  while (!maker.is_done()) blocks.push_back(maker.next(block_bytes));
  return blocks;
}

std::string bytes_of(const Kv& kv, uint64_t block_bytes = 64) {
  SnapshotMaker maker(kv, mark_of(kv), kCluster);
  std::string bytes;
  for (const std::string& block : blocks_of(maker, block_bytes)) bytes += block;
  return bytes;
}

Result<LoadedSnapshot> load(const std::string& bytes, uint64_t cluster = kCluster) {
  MemoryFiles files;
  files.set_content("s", bytes);
  auto file = files.open("s", OpenMode::existing);
  REQUIRE(file.has_value());
  return load_snapshot(**file, "s", cluster);
}

// A few keys, some of them written often, some removed, one with bytes of every kind in it.
Writer some_writes(uint64_t seed, uint64_t writes = 40) {
  Writer writer;
  raft::Random random(seed);
  for (uint64_t count = 0; count < writes; ++count) {
    const std::string key = "/k" + std::to_string(random.below(6));
    if (random.below(4) == 0) {
      writer.remove(key);
    } else {
      writer.put(key, std::string(random.below(50), static_cast<char>(random.next())));
    }
  }
  return writer;
}

TEST_CASE("a map comes back from its snapshot with every version it had") {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    Writer writer = some_writes(seed);
    auto loaded = load(bytes_of(writer.kv, 1 + seed * 7));
    REQUIRE(loaded.has_value());
    REQUIRE(loaded->mark.position == mark_of(writer.kv).position);
    REQUIRE(*loaded->mark.configuration == "who the members are");
    REQUIRE(loaded->kv.digest() == writer.kv.digest());
    REQUIRE(loaded->kv.applied() == writer.kv.applied());
    REQUIRE(loaded->kv.keys() == writer.kv.keys());
    for (Revision at = 0; at <= writer.kv.revision(); ++at) {
      for (int key = 0; key < 6; ++key) {
        const std::string name = "/k" + std::to_string(key);
        auto was = writer.kv.get(name, at), is = loaded->kv.get(name, at);
        REQUIRE(was.has_value() == is.has_value());
        if (was) REQUIRE(was->bytes == is->bytes);
      }
    }
    // It goes on as the first would have: a write that it has seen does nothing.
    const uint64_t digest = loaded->kv.digest();
    Origin seen{.node = 1, .incarnation = 1, .number = 1};
    auto again = raft::Payload::of(encode({seen, PutView{"/k0", "again"}}));
    REQUIRE(loaded->kv.apply(loaded->kv.applied() + 1, again).kind == Outcome::Kind::repeated);
    REQUIRE(loaded->kv.digest() == digest);
  }
}

// S18: a snapshot holds no keys
TEST_CASE("a snapshot of nothing is one", "[S18]") {
  Kv kv;
  SECTION("after an entry that asked nothing of the store") { kv.skip(1); }
  SECTION("after removals of what was not there") {
    Writer writer;
    writer.remove("/none");
    kv = std::move(writer.kv);
  }
  auto loaded = load(bytes_of(kv));
  REQUIRE(loaded.has_value());
  REQUIRE(loaded->kv.keys() == 0);
  REQUIRE(loaded->kv.applied() == 1);
  REQUIRE(loaded->kv.digest() == kv.digest());
}

TEST_CASE("what is written while a snapshot is made is not in it") {
  Writer writer = some_writes(5);
  const uint64_t digest = writer.kv.digest();
  SnapshotMaker maker(writer.kv, mark_of(writer.kv), kCluster);
  std::string bytes;
  while (!maker.is_done()) {
    bytes += maker.next(1);
    writer.put("/k" + std::to_string(writer.number % 9), "later");
    writer.remove("/k3");
  }
  auto loaded = load(bytes);
  REQUIRE(loaded.has_value());
  REQUIRE(loaded->kv.digest() == digest);
}

TEST_CASE("what is cut while a snapshot is made is in it all the same") {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Writer writer = some_writes(seed);
    writer.compact(10);
    const uint64_t digest = writer.kv.digest(), versions = writer.kv.versions();
    SnapshotMaker maker(writer.kv, mark_of(writer.kv), kCluster);
    std::string bytes;
    while (!maker.is_done()) {
      bytes += maker.next(40);
      writer.put("/k" + std::to_string(writer.number % 9), "later");
      writer.compact(writer.kv.revision());
    }
    auto loaded = load(bytes);
    REQUIRE(loaded.has_value());
    REQUIRE(loaded->kv.digest() == digest);
    REQUIRE(loaded->kv.versions() == versions);
    REQUIRE(loaded->kv.compacted() == 10);
    REQUIRE_FALSE(loaded->kv.remembers(9));
    REQUIRE(writer.kv.versions() < versions);
  }
}

TEST_CASE("a snapshot goes past many keys that have nothing for it, a few at a time") {
  Writer writer;
  writer.put("/a", "first");
  SnapshotMaker maker(writer.kv, mark_of(writer.kv), kCluster);
  for (int key = 0; key < 5'000; ++key) writer.put("/later/" + std::to_string(key));
  std::string bytes;
  int blocks = 0;
  for (; !maker.is_done(); ++blocks) bytes += maker.next(1'000'000);
  REQUIRE(blocks > 5);
  auto loaded = load(bytes);
  REQUIRE(loaded.has_value());
  REQUIRE(loaded->kv.versions() == 1);
}

// S17: a piece, or the file, of a snapshot is damaged
TEST_CASE("a snapshot that is damaged anywhere is not believed", "[S17]") {
  const std::string whole = bytes_of(some_writes(2, 20).kv);
  auto is_refused = [](const std::string& bytes) {
    auto loaded = load(bytes);
    return !loaded && loaded.error().code == Error::Code::corrupt;
  };
  for (size_t offset = 0; offset < whole.size(); ++offset) {
    CAPTURE(offset);
    std::string bytes = whole;
    bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << offset % 8));
    REQUIRE(is_refused(bytes));
    REQUIRE(is_refused(whole.substr(0, offset)));
    if (whole[offset] != '\0') REQUIRE(is_refused(std::string(whole).replace(offset, 1, 1, '\0')));
  }
  REQUIRE(is_refused(whole + '\0'));
}

// S17: a piece, or the file, of a snapshot is damaged
// W6: a disk returns other bytes than were written: flipped, lost, or from another place
TEST_CASE("whole blocks in the wrong place, twice, or missing are noticed", "[S17][W6]") {
  Writer writer = some_writes(3);
  SnapshotMaker maker(writer.kv, mark_of(writer.kv), kCluster);
  const std::vector<std::string> blocks = blocks_of(maker, 64);
  REQUIRE(blocks.size() > 5);
  auto is_believed = [](const std::vector<std::string>& some) {
    std::string bytes;
    for (const std::string& block : some) bytes += block;
    return load(bytes).has_value();
  };
  REQUIRE(is_believed(blocks));
  for (size_t index = 0; index + 1 < blocks.size(); ++index) {
    CAPTURE(index);
    auto swapped = blocks, doubled = blocks, missing = blocks;
    std::swap(swapped[index], swapped[index + 1]);
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(index), blocks[index]);
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(index));
    REQUIRE_FALSE(is_believed(swapped));
    REQUIRE_FALSE(is_believed(doubled));
    REQUIRE_FALSE(is_believed(missing));
  }
}

// A block as it is on disk, at this offset.
std::string block_of(uint64_t offset, std::string_view data) {
  std::string prefix;
  put_number(prefix, offset);
  put_number(prefix, static_cast<uint32_t>(data.size()));
  std::string block;
  put_number(block, crc32c_extend(crc32c(prefix), data));
  put_number(block, static_cast<uint32_t>(data.size()));
  return block.append(data);
}

TEST_CASE("a section that is not known, or not in this format, is named and not passed over") {
  const Writer writer = some_writes(1);
  SnapshotMaker maker(writer.kv, mark_of(writer.kv), kCluster);
  const std::string head = maker.next(64);
  const auto error_of = [&](std::string_view data) { return load(head + block_of(head.size(), data)).error(); };
  struct Row {
    std::string_view data;
    const char* why;
    Error::Code code;
  };
  const Row rows[] = {
      {"\2\3\1", "section 3 in format 1", Error::Code::invalid},
      {"\2\2\2", "section 2 in format 2", Error::Code::invalid},
      {std::string_view("\2\0\1", 3), "section 0", Error::Code::invalid},
      {"\2\1\1\1\1\1\1\1\2", "origins that are not in order", Error::Code::corrupt},
      {"\2\1\1\1\1", "origins that cannot be read", Error::Code::corrupt},
      {std::string_view("\2\1\1\0\1\1", 6), "origins that are not in order", Error::Code::corrupt},
      {std::string_view("\2\2\1\x10\2/k\1\1\1\0", 11), "an impossible version", Error::Code::corrupt},
      {std::string_view("\2\2\1\4\2/k\1\1\1\0\0", 12), "an impossible version", Error::Code::corrupt},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    const Error error = error_of(row.data);
    REQUIRE_THAT(error.what, Catch::Contains(row.why));
    REQUIRE(error.code == row.code);
  }
}

TEST_CASE("the snapshot of another cluster is refused") {
  auto loaded = load(bytes_of(some_writes(1).kv), kCluster + 1);
  REQUIRE_FALSE(loaded.has_value());
  REQUIRE_THAT(loaded.error().what, Catch::Contains("another cluster"));
}

}  // namespace skiff::store::snapshot_test

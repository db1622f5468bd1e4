// Files that rest are read again while the node runs: what is damaged is found, and let go of.
#include "store/snapshot/scrub.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/directory/storage.h"
#include "store/state/command.h"
#include "store/wal/recover.h"
#include "tests/store/wal/log_story.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::store::scrub_test {

using testing::MemoryFiles;
using Scrubbed = Snapshots::Scrubbed;

const WalOptions kSmall{8 * kBlockBytes};
const Identity kNode{77, 2, {{1, "http://a:9021"}, {2, "http://b:9021"}, {3, "http://c:9021"}}};
const raft::Payload kMembers = raft::Payload::of("who the members are");

bool always(const Identity&, const raft::Payload&) { return true; }

// A node that has written some segments and a snapshot, and goes on.
struct Node {
  explicit Node(raft::Index snapshot = 30, raft::Index last = 80) {
    start();
    append(snapshot);
    make();
    append(last);
    REQUIRE(segments().size() >= 4);
  }

  void start() {
    opened = {};
    auto fresh = Storage::open(files, "data", kNode, kSmall, always);
    if (!fresh) FAIL(fresh.error().what);
    opened = std::move(*fresh);
    kv = std::move(opened.recovered.kv);
    for (const raft::Entry& entry : opened.recovered.entries) kv.apply(entry.position.index, entry.payload);
  }
  void append(raft::Index to, bool is_applied = true) {
    for (raft::Index index = kv.applied() + 1; index <= to; ++index) {
      Batch batch;
      if (index == 1) batch.hard_state = {1, 2};
      const Origin origin{.node = 1, .incarnation = 1, .number = index};
      const std::string key = "/" + std::to_string(index), value(100 + index, 'v');
      batch.entries.push_back(log_story::entry(1, index, encode({origin, PutView{key, value}})));
      REQUIRE(opened.storage->save({&batch, 1}).has_value());
      if (is_applied) kv.apply(index, batch.entries[0].payload);
    }
  }
  Snapshots& snapshots() { return *opened.snapshots; }
  void make() {
    const raft::SnapshotMark mark{.position = {1, kv.applied()}, .configuration = kMembers};
    SnapshotMaker maker(kv, mark, kNode.cluster);
    for (uint64_t offset = 0; !maker.is_done();) {
      const std::string block = maker.next(600);
      REQUIRE(
          snapshots().write({.mark = mark, .offset = offset, .bytes = block, .is_last = maker.is_done()}).has_value());
      offset += block.size();
    }
  }
  std::vector<std::string> segments() {
    std::vector<std::string> names;
    const auto sequences = list_segments(files, "data");
    for (uint64_t sequence : *sequences) names.push_back(segment_name(sequence));
    return names;
  }
  // The closed one in the middle.
  std::string segment() { return segments()[segments().size() / 2 - 1]; }

  // All that a pass finds, in pieces of that size.
  Scrubbed pass(uint64_t piece = 700) {
    Scrubbed all = snapshots().scrub(true, 0);
    while (!all.has_ended) add(all, snapshots().scrub(false, piece));
    return all;
  }
  static void add(Scrubbed& all, Scrubbed some) {
    all.bytes += some.bytes;
    all.files += some.files;
    all.has_ended = some.has_ended;
    all.is_damaged = some.is_damaged;
    all.replaced_at = some.replaced_at;
    for (Damage& damage : some.found) all.found.push_back(std::move(damage));
    for (Damage& damage : some.recovered) all.recovered.push_back(std::move(damage));
  }
  std::string content(const std::string& name) const { return files.content("data/" + name); }
  void put(const std::string& name, std::string bytes) { files.set_content("data/" + name, std::move(bytes)); }

  MemoryFiles files;
  Opened opened;
  Kv kv;
};

// D12: files rot while their node runs
TEST_CASE("a pass over files that are whole reads them all, and finds nothing", "[D12]") {
  Node node;
  for (uint64_t piece : {1u, 100u, 512u, 5'000u, 1'000'000u}) {
    const Scrubbed all = node.pass(piece);
    REQUIRE(all.found.empty());
    REQUIRE_FALSE(all.is_damaged);
    REQUIRE_FALSE(all.replaced_at.has_value());
    REQUIRE(all.files == node.segments().size());  // not the last, but the snapshot
    REQUIRE(all.bytes == all.pass_bytes);
  }
}

// D12: files rot while their node runs
TEST_CASE("every bit that turns over in a closed segment is found, and where", "[D12]") {
  Node node;
  const std::string name = node.segment(), whole = node.content(name);
  for (size_t offset = 0; offset < whole.size(); ++offset) {
    std::string bytes = whole;
    bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << offset % 8));
    node.put(name, bytes);
    auto checked = check_segment({node.files, "data", {77, 2}}, *segment_sequence(name), bytes, kSmall.segment_bytes);
    CAPTURE(offset);
    REQUIRE_FALSE(checked.has_value());
    REQUIRE_THAT(to_text(checked.error()), Catch::Contains("data/" + name) && !Catch::Contains("nothing was changed"));
  }
  const Scrubbed all = node.pass();
  REQUIRE(all.found.size() == 1);
  REQUIRE(all.found[0].name == name);
  REQUIRE_THAT(all.found[0].what, Catch::Contains("at offset"));
  REQUIRE(node.pass().found.empty());  // said once
}

// D12: files rot while their node runs
TEST_CASE("every bit that turns over in a snapshot is found", "[D12]") {
  Node node(3, 80);
  const std::string name = snapshot_name(3), whole = node.content(name);
  for (size_t offset = 0; offset < whole.size(); ++offset) {
    std::string bytes = whole;
    bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << offset % 8));
    node.put(name, bytes);
    Scrub scrub({node.files, "data", {77, 2}}, kSmall.segment_bytes);
    REQUIRE(scrub.begin().has_value());
    Scrub::Step step;
    while (!step.has_file) step = scrub.read_on(100);
    CAPTURE(offset);
    REQUIRE(step.damage.has_value());
    REQUIRE(step.damage->name == name);
    REQUIRE_THAT(step.damage->what, Catch::Contains("at offset"));
  }
}

// D12: files rot while their node runs
TEST_CASE("files that were cut short, or have blocks that are zero or another's, are damaged", "[D12]") {
  Node node;
  const bool is_snapshot = GENERATE(false, true);
  const std::string name = is_snapshot ? snapshot_name(30) : node.segment(), whole = node.content(name);
  const size_t blocks = whole.size() / kBlockBytes;
  std::vector<std::string> damaged = {"", whole.substr(0, whole.size() - 1), whole + std::string(kBlockBytes, 'x')};
  for (size_t block = 0; block < blocks; ++block) {
    const size_t offset = block * kBlockBytes;
    std::string zeroed = whole, swapped = whole;
    damaged.push_back(whole.substr(0, offset));
    damaged.push_back(zeroed.replace(offset, kBlockBytes, kBlockBytes, '\0'));
    damaged.push_back(swapped.replace(offset, kBlockBytes, whole, (block + 1) % blocks * kBlockBytes, kBlockBytes));
  }
  size_t found = 0;
  for (const std::string& bytes : damaged) {
    node.put(name, bytes);
    Scrub scrub({node.files, "data", {77, 2}}, kSmall.segment_bytes);
    REQUIRE(scrub.begin().has_value());
    bool is_damaged = false;
    while (scrub.is_under_way()) {
      const Scrub::Step step = scrub.read_on(1'000);
      if (step.damage) is_damaged = step.damage->name == name;
    }
    REQUIRE(is_damaged == (bytes != whole));
    found += is_damaged ? 1 : 0;
  }
  REQUIRE(found > 3 * blocks);
}

// D12: files rot while their node runs
TEST_CASE("a file that is gone, or was made again, while it is read, is no damage", "[D12]") {
  Node node;
  Scrub scrub({node.files, "data", {77, 2}}, kSmall.segment_bytes);
  REQUIRE(scrub.begin().has_value());
  REQUIRE(scrub.read_on(700).bytes > 0);  // of the snapshot
  std::string rotten = node.content(snapshot_name(30));
  rotten[rotten.size() - 5] ^= 1;
  SECTION("gone before it was come to, and in the middle of it") {
    node.put(snapshot_name(30), rotten);
    for (const std::string& name : node.segments()) REQUIRE(node.files.remove("data/" + name).has_value());
    REQUIRE(node.files.remove("data/" + snapshot_name(30)).has_value());
  }
  SECTION("made again") {
    const std::string whole = node.content(snapshot_name(30));
    node.put(snapshot_name(30), rotten);
    node.put("fresh", whole);
    REQUIRE(node.files.rename("data/fresh", "data/" + snapshot_name(30)).has_value());
  }
  while (scrub.is_under_way()) REQUIRE_FALSE(scrub.read_on(700).damage.has_value());
}

// D12: files rot while their node runs
TEST_CASE("a file that is let go of while it is read is closed, and another of its name read in its place", "[D12]") {
  Node node;
  Scrub scrub({node.files, "data", {77, 2}}, kSmall.segment_bytes);
  REQUIRE(scrub.begin().has_value());
  REQUIRE(scrub.read_on(700).bytes > 0);
  std::string bytes = node.content(snapshot_name(30));
  bytes[50] ^= 1;  // before the place where it is read
  node.put("fresh", bytes);
  scrub.release(snapshot_name(30));
  REQUIRE(node.files.rename("data/fresh", "data/" + snapshot_name(30)).has_value());
  REQUIRE(scrub.read_on(700).damage.has_value());
}

// D12: files rot while their node runs
TEST_CASE("a file that cannot be read is damaged, and everything else goes on", "[D12]") {
  Node node;
  const std::string name = node.segment();
  node.files.fail_reads_of("data/" + name);
  node.files.fail_reads_of("data/" + snapshot_name(30));
  const Scrubbed all = node.pass();
  REQUIRE(all.files == node.segments().size());
  REQUIRE(all.found.size() == 2);
  REQUIRE_THAT(all.found[1].what, Catch::Contains("data/" + name) && Catch::Contains("Input/output error") &&
                                      Catch::Contains("at offset 0"));
}

// D12: files rot while their node runs
TEST_CASE("what the machine does not let us read again is no damage: the next pass looks at it", "[D12]") {
  Node node;
  Scrub scrub({node.files, "data", {77, 2}}, kSmall.segment_bytes);
  REQUIRE(scrub.begin().has_value());
  REQUIRE(scrub.read_on(700).bytes > 0);
  std::string bytes = node.content(snapshot_name(30));
  bytes[1'500] ^= 1;
  node.put(snapshot_name(30), bytes);
  const auto finish_file = [&] {
    for (;;) {
      if (const Scrub::Step step = scrub.read_on(700); step.has_file) return step.damage.has_value();
    }
  };
  node.files.set_denied("data/" + snapshot_name(30), true);
  REQUIRE_FALSE(finish_file());
  node.files.set_denied("data/" + snapshot_name(30), false);
  REQUIRE(scrub.begin().has_value());
  REQUIRE(finish_file());
}

// D12: files rot while their node runs
TEST_CASE("a damaged segment goes with the next snapshot, and the node needs nobody at its next start", "[D12]") {
  Node node;
  const std::string name = node.segment();
  std::string bytes = node.content(name);
  SECTION("a bit") { bytes[700] ^= 1; }
  SECTION("its header") { bytes[20] ^= 1; }
  SECTION("all of it") { bytes.clear(); }
  node.put(name, bytes);
  const Scrubbed all = node.pass();
  REQUIRE(all.found.size() == 1);
  REQUIRE(all.is_damaged);
  REQUIRE(*all.replaced_at <= node.kv.applied());

  node.make();
  const Scrubbed news = node.snapshots().news();
  REQUIRE(news.recovered == all.found);
  REQUIRE_FALSE(news.is_damaged);
  REQUIRE_FALSE(*node.files.exists("data/" + name));
  node.append(100);
  REQUIRE(node.pass().found.empty());

  const uint64_t digest = node.kv.digest();
  node.opened = {};
  node.files.crash();
  node.start();
  REQUIRE_FALSE(node.opened.recovered.damage.has_value());
  REQUIRE(node.opened.recovered.snapshot.position.index == 80);
  REQUIRE(node.kv.applied() == 100);
  REQUIRE(node.kv.digest() == digest);
}

// D12: files rot while their node runs
TEST_CASE("a damaged segment stays while it holds what no snapshot does", "[D12]") {
  Node node(30, 60);
  node.append(100, false);  // in the log, and not applied yet
  const std::string name = node.segments()[node.segments().size() - 2];
  std::string bytes = node.content(name);
  bytes[700] ^= 1;
  node.put(name, bytes);
  const Scrubbed all = node.pass();
  REQUIRE(all.found.size() == 1);
  REQUIRE(*all.replaced_at > 60);
  node.make();
  REQUIRE(node.snapshots().news().recovered.empty());
  REQUIRE(*node.files.exists("data/" + name));
  REQUIRE(node.snapshots().scrub(false, 0).replaced_at == all.replaced_at);
}

// D12: files rot while their node runs
TEST_CASE("a damaged snapshot is used for nothing, and goes with the next", "[D12]") {
  Node node;
  const bool is_newest = GENERATE(true, false);
  const bool has_more = GENERATE(true, false);
  node.make();  // of 80
  if (has_more) node.append(100);
  const raft::Index damaged = is_newest ? 80 : 30;
  std::string bytes = node.content(snapshot_name(damaged));
  REQUIRE(node.snapshots().read(damaged, 0, 100).has_value());  // one that was whole when it was opened
  bytes[bytes.size() - 100] ^= 1;
  node.put(snapshot_name(damaged), bytes);
  const Scrubbed all = node.pass();
  REQUIRE(all.found.size() == 1);
  REQUIRE(all.replaced_at == raft::Index{0});
  REQUIRE(node.snapshots().read(damaged, 100, 100).error().code == Error::Code::unavailable);

  node.make();
  REQUIRE(node.snapshots().news().recovered == all.found);
  REQUIRE(node.pass().found.empty());
  const uint64_t digest = node.kv.digest();
  node.opened = {};
  node.files.crash();
  node.start();
  REQUIRE(node.opened.recovered.notes.empty());
  REQUIRE(node.kv.digest() == digest);
}

// D12: files rot while their node runs
// S17: a piece, or the file, of a snapshot is damaged
TEST_CASE("the last piece of a snapshot that has rotted since it was opened is not handed out", "[D12][S17]") {
  Node node;
  std::string bytes = node.content(snapshot_name(30));
  REQUIRE(node.snapshots().read(30, 0, 100).has_value());
  bytes[bytes.size() - 100] ^= 1;
  node.put(snapshot_name(30), bytes);
  REQUIRE(node.snapshots().read(30, 100, 100).has_value());
  REQUIRE(node.snapshots().read(30, 200, bytes.size()).error().code == Error::Code::corrupt);
  REQUIRE(node.snapshots().read(30, 200, 100).error().code == Error::Code::unavailable);
  REQUIRE(node.snapshots().has_news());
  REQUIRE(node.snapshots().news().found[0].name == snapshot_name(30));
}

// D12: files rot while their node runs
TEST_CASE("no log is let go of for a new snapshot that cannot be read back", "[D12]") {
  Node node;
  const std::string name = node.segment();
  std::string bytes = node.content(name);
  bytes[700] ^= 1;
  node.put(name, bytes);
  REQUIRE(node.pass().found.size() == 1);
  node.files.fail_reads_of("data/" + snapshot_name(80));
  node.make();
  const Scrubbed news = node.snapshots().news();
  REQUIRE(news.recovered.empty());
  REQUIRE(news.found.size() == 1);
  REQUIRE(news.found[0].name == snapshot_name(80));
  REQUIRE(*node.files.exists("data/" + name));
}

// D12: files rot while their node runs
TEST_CASE("power fails in any operation while something damaged is let go of", "[D12]") {
  bool is_done = false;
  for (uint64_t stop = 1; !is_done; ++stop) {
    Node node;
    const std::string name = node.segment();
    std::string bytes = node.content(name);
    bytes[700] ^= 1;
    node.put(name, bytes);
    REQUIRE(node.pass().found.size() == 1);
    const uint64_t digest = node.kv.digest();
    const raft::SnapshotMark mark{.position = {1, 80}, .configuration = kMembers};
    SnapshotMaker maker(node.kv, mark, kNode.cluster);
    std::string all;
    while (!maker.is_done()) all += maker.next(600);
    node.files.stop_at(node.files.operations() + stop);
    is_done = node.snapshots().write({.mark = mark, .offset = 0, .bytes = all, .is_last = true}).has_value();
    node.opened = {};
    node.files.crash();
    node.start();
    CAPTURE(stop);
    // Either the snapshot is there, and with it everything; or there is the damage.
    const bool has_snapshot = node.opened.recovered.snapshot.position.index == 80;
    REQUIRE(node.opened.recovered.damage.has_value() == !has_snapshot);
    if (has_snapshot) REQUIRE(node.kv.digest() == digest);
  }
}

}  // namespace skiff::store::scrub_test

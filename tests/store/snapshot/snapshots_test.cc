// Snapshots beside a log: which of them a start finds, and what of the log they let go.
#include "store/snapshot/snapshots.h"

#include "tests/store/snapshot/snapshots_world.h"

namespace skiff::store::snapshots_test {

TEST_CASE("a start finds the newest snapshot and the log behind it") {
  MemoryFiles files;
  Node node(files);
  node.append(30);
  REQUIRE(node.make().has_value());
  node.append(45);
  const uint64_t digest = node.kv.digest();
  files.crash(MemoryFiles::Loss::keep_none);
  node.start();
  REQUIRE(node.snapshot() == 30);
  REQUIRE(node.opened.recovered.entries.size() == 15);
  REQUIRE(node.kv.digest() == digest);
  REQUIRE(*node.opened.recovered.snapshot.configuration == *kMembers);
}

TEST_CASE("two snapshots are kept, and the log from the older one on") {
  MemoryFiles files;
  Node node(files);
  for (raft::Index end : {30, 60, 90}) {
    node.append(end);
    REQUIRE(node.make().has_value());
  }
  REQUIRE(node.files_called("snapshot-") == std::vector<std::string>{snapshot_name(60), snapshot_name(90)});
  auto sequences = list_segments(files, "data");
  REQUIRE(sequences->front() > 1);
  auto before = last_index_before({files, "data", {kNode.cluster, kNode.node}}, sequences->front());
  REQUIRE(*before <= 60);
  node.start();
  REQUIRE(node.snapshot() == 90);
  REQUIRE(node.kv.applied() == 90);
}

TEST_CASE("the log before a snapshot goes, also where another leader's began again further back") {
  MemoryFiles files;
  Node node(files);
  node.append(30);
  REQUIRE(node.make().has_value());
  node.append(900);
  // The other members know entries up to 40 only: the rest is overwritten, in the segments behind.
  node.kv = {};
  for (raft::Index index = 1; index <= 900; ++index) {
    const raft::Term term = index <= 40 ? 1 : 2;
    Batch batch{.entries = {write(term, index, std::string(100, 'w'))}};
    if (index == 41) batch.hard_state = {2, 3};
    if (index > 40) REQUIRE(node.opened.storage->save({&batch, 1}).has_value());
    node.kv.apply(index, batch.entries[0].payload);
    if (index == 60) REQUIRE(node.make().has_value());
    if (index == 90) REQUIRE(node.make().has_value());
  }
  const WalOwner owner{kNode.cluster, kNode.node};
  auto sequences = list_segments(files, "data");
  for (size_t next = 1; next < sequences->size(); ++next) {
    REQUIRE(*last_index_before({files, "data", owner}, (*sequences)[next]) >
            *last_index_before({files, "data", owner}, (*sequences)[next - 1]));
  }
  REQUIRE(*last_index_before({files, "data", owner}, sequences->front()) <= 60);
}

// S20: the newest snapshot is damaged, the one before it is not
TEST_CASE("a damaged newest snapshot is passed over for the one before, and the log from there", "[S20]") {
  MemoryFiles files;
  Node node(files);
  for (raft::Index end : {30, 60}) {
    node.append(end);
    REQUIRE(node.make().has_value());
  }
  node.append(70);
  const uint64_t digest = node.kv.digest();
  const std::string path = "data/" + snapshot_name(60);
  std::string bytes = files.content(path);
  bytes[bytes.size() / 2] ^= 4;
  files.set_content(path, bytes);

  node.start();
  REQUIRE(node.snapshot() == 30);
  REQUIRE(node.kv.applied() == 70);
  REQUIRE(node.kv.digest() == digest);
  REQUIRE_THAT(node.opened.recovered.notes.at(0), Catch::Contains(snapshot_name(60)));

  // The next one takes its place, and the damaged one goes.
  node.append(75);
  REQUIRE(node.make().has_value());
  REQUIRE(node.files_called("snapshot-") == std::vector<std::string>{snapshot_name(30), snapshot_name(75)});
}

TEST_CASE("with both snapshots damaged and the log behind them cut, the node refuses to start") {
  MemoryFiles files;
  Node node(files);
  for (raft::Index end : {30, 60, 90}) {
    node.append(end);
    REQUIRE(node.make().has_value());
  }
  node.opened = {};
  for (raft::Index index : {60, 90}) {
    const std::string path = "data/" + snapshot_name(index);
    files.set_content(path, files.content(path).substr(0, 100));
  }
  auto opened = Storage::open(files, "data", kNode, kSmall);
  REQUIRE_FALSE(opened.has_value());
  REQUIRE(opened.error().code == Error::Code::corrupt);
}

// S10: a snapshot reaches beyond the end of the log
// S19: a node starts from a snapshot and a log that is shorter, longer, or overlaps it
TEST_CASE("a snapshot and a log that is shorter, longer, or of another history come together", "[S10][S19]") {
  MemoryFiles files;
  Node node(files);
  node.append(30);
  const raft::SnapshotMark mark{.position = {2, 20}, .configuration = kMembers};
  auto fetch = [&](raft::SnapshotMark of, raft::Index applied) {
    Kv other;
    while (other.applied() < applied) {
      const raft::Entry entry = write(1, other.applied() + 1, std::string(100, 'v'));
      other.apply(other.applied() + 1, entry.payload);
    }
    SnapshotMaker maker(other, of, kNode.cluster);
    for (uint64_t offset = 0; !maker.is_done();) {
      const std::string block = maker.next(200);
      auto taken = node.opened.snapshots->write(
          {.mark = of, .offset = offset, .bytes = block, .is_last = maker.is_done(), .is_fetched = true});
      REQUIRE(taken.has_value());
      offset += block.size();
    }
  };
  SECTION("the log is longer, and bears it out") {
    fetch({.position = {1, 20}, .configuration = kMembers}, 20);
    node.start();
    REQUIRE(node.opened.recovered.entries.size() == 10);
    REQUIRE(node.kv.applied() == 30);
  }
  SECTION("the log is longer, and held something else there: it is void") {
    Batch batch{.hard_state = raft::HardState{2, 0}, .entries = {}, .restart = {}};
    REQUIRE(node.opened.storage->save({&batch, 1}).has_value());
    fetch(mark, 20);
    node.start();
    REQUIRE(node.opened.recovered.entries.empty());
    REQUIRE(node.kv.applied() == 20);
  }
  SECTION("the log is shorter: it begins anew behind the snapshot, in its term") {
    fetch({.position = {2, 50}, .configuration = kMembers}, 50);
    node.start();
    REQUIRE(node.opened.recovered.entries.empty());
    REQUIRE(node.opened.recovered.hard_state == raft::HardState{2, 0});
    REQUIRE(node.kv.applied() == 50);
  }
  // Either way the node goes on from there, and the next start finds that.
  const raft::Index end = node.kv.applied();
  Batch batch{
      .hard_state = {}, .entries = {write(node.opened.recovered.hard_state.term, end + 1, "next")}, .restart = {}};
  REQUIRE(node.opened.storage->save({&batch, 1}).has_value());
  files.crash(MemoryFiles::Loss::keep_none);
  node.start();
  REQUIRE(node.kv.applied() == end + 1);
}

// S16: there is no room for a snapshot, and then room again
TEST_CASE("without room for a snapshot all stays as it was, and with room there is one", "[S16]") {
  uint64_t given_up = 0;
  for (uint64_t operation = 1;; ++operation) {
    CAPTURE(operation);
    MemoryFiles files;
    Node node(files);
    node.append(30);
    REQUIRE(node.make().has_value());
    node.append(60);
    const uint64_t full_at = files.operations() + operation;
    files.fail_at(full_at, MemoryFiles::Fault::no_space);
    auto made = node.make();
    if (files.operations() < full_at) break;  // making one has no operation with that number
    if (!made && made.error().code == Error::Code::unavailable) {
      ++given_up;
      REQUIRE(node.files_called("snapshot.new").empty());
      REQUIRE(node.append(61));  // the log has not noticed
      REQUIRE(node.make().has_value());
    }
    // Else it was past what needs room: it was made, or the node has to stop. It finds one or the other.
    const raft::Index applied = node.kv.applied();
    node.start();
    REQUIRE(node.snapshot() >= 30);
    REQUIRE(node.kv.applied() == applied);
  }
  REQUIRE(given_up > 10);
}

// W8: the beginning of the log is removed, and power fails
// W3: power fails, or an operation, between any two operations on files
// bug-26: a snapshot and the removal of old log segments cross each other
TEST_CASE("power fails in any operation while a snapshot is made and the log loses its head", "[W8][W3][bug-26]") {
  const uint64_t draw = GENERATE(range(uint64_t{0}, uint64_t{8}));
  uint64_t lives = 0;
  for (uint64_t operation = 1; operation < 400; operation += 1 + draw % 3) {
    CAPTURE(operation, draw);
    MemoryFiles files(operation * 100 + draw);
    raft::Index promised = 0;
    {
      Node node(files);
      files.stop_at(files.operations() + operation);
      bool is_running = true;
      for (raft::Index end = 15; is_running && end <= 60; end += 15) {
        is_running = node.append(end);
        promised = node.kv.applied();
        is_running = is_running && node.make().has_value();
      }
      if (is_running) break;
    }
    ++lives;
    files.crash(draw == 0   ? MemoryFiles::Loss::keep_all
                : draw == 1 ? MemoryFiles::Loss::keep_none
                            : MemoryFiles::Loss::random);
    Node node(files);
    REQUIRE(node.kv.applied() >= promised);
    REQUIRE(node.append(node.kv.applied() + 20));
    REQUIRE(node.make().has_value());
    const uint64_t digest = node.kv.digest();
    files.crash(MemoryFiles::Loss::keep_none);
    node.start();
    REQUIRE(node.kv.digest() == digest);
  }
  REQUIRE(lives > 30);
}

}  // namespace skiff::store::snapshots_test

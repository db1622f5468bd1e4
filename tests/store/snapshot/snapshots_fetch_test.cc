// Snapshots that come from another node, and that go to one.
#include "store/snapshot/snapshots.h"
#include "tests/store/snapshot/snapshots_world.h"

namespace skiff::store::snapshots_test {

// S17: a piece, or the file, of a snapshot is damaged
TEST_CASE("a fetched snapshot of something else than was asked for is refused", "[S17]") {
  MemoryFiles files;
  Node node(files);
  node.append(10);
  auto fetch = [&](raft::SnapshotMark announced, std::string damage_to) {
    SnapshotMaker maker(node.kv, {.position = {1, 10}, .configuration = kMembers}, kNode.cluster);
    std::string bytes;
    while (!maker.is_done()) bytes += maker.next(200);
    if (!damage_to.empty()) bytes.replace(bytes.size() / 2, damage_to.size(), damage_to);
    return node.opened.snapshots->write(
        {.mark = announced, .offset = 0, .bytes = bytes, .is_last = true, .is_fetched = true});
  };
  const raft::SnapshotMark right{.position = {1, 10}, .configuration = kMembers};
  REQUIRE(fetch({.position = {1, 11}, .configuration = kMembers}, "").error().code == Error::Code::corrupt);
  REQUIRE(fetch({.position = {1, 10}, .configuration = raft::Payload::of("others")}, "").error().code ==
          Error::Code::corrupt);
  REQUIRE(fetch(right, "damage").error().code == Error::Code::corrupt);
  REQUIRE(node.files_called("snapshot").empty());
  auto taken = fetch(right, "");
  REQUIRE(taken.has_value());
  REQUIRE((*taken)->digest() == node.kv.digest());
}

// S17: a piece, or the file, of a snapshot is damaged
TEST_CASE("a snapshot that has been damaged since is not handed out to who needs it", "[S17]") {
  MemoryFiles files;
  Node node(files);
  node.append(30);
  REQUIRE(node.make().has_value());
  const std::string path = "data/" + snapshot_name(30);
  const std::string whole = files.content(path);
  std::string damaged = whole;
  damaged[damaged.size() - 20] ^= 1;
  files.set_content(path, damaged);
  auto piece = node.opened.snapshots->read(30, 0, 50);
  REQUIRE_FALSE(piece.has_value());
  REQUIRE(piece.error().code == Error::Code::corrupt);
  REQUIRE_THAT(piece.error().what, Catch::Contains(snapshot_name(30)));
  REQUIRE(node.opened.snapshots->read(30, 0, 50).error().code == Error::Code::unavailable);

  // Made again, it is there again.
  REQUIRE(node.make().has_value());
  REQUIRE(node.opened.snapshots->read(30, 0, 50)->bytes == whole.substr(0, 50));
}

// S9: either side dies while a snapshot is on its way
// bug-31: a follower restarts in the middle of a snapshot
TEST_CASE("what was fetched when the node died is there at the next start, block by block", "[S9][bug-31]") {
  const uint64_t draw = GENERATE(range(uint64_t{0}, uint64_t{20}));
  CAPTURE(draw);
  MemoryFiles files(draw + 1);
  Node other(files);
  other.append(40);
  const raft::SnapshotMark mark{.position = {1, 40}, .configuration = kMembers};
  SnapshotMaker maker(other.kv, mark, kNode.cluster);
  std::string whole;
  while (!maker.is_done()) whole += maker.next(300);

  MemoryFiles mine(draw + 100);
  Node node(mine);
  uint64_t offset = 0;
  raft::Random random(draw);
  for (int life = 0; offset < whole.size(); ++life) {
    CAPTURE(life, offset);
    for (uint64_t pieces = random.below(4); pieces > 0 && offset < whole.size(); --pieces) {
      const std::string piece = whole.substr(offset, 500);
      const bool is_last = offset + piece.size() == whole.size();
      auto taken = node.opened.snapshots->write(
          {.mark = mark, .offset = offset, .bytes = piece, .is_last = is_last, .is_fetched = true});
      REQUIRE(taken.has_value());
      offset += piece.size();
      if (is_last) REQUIRE((*taken)->digest() == other.kv.digest());
    }
    if (offset == whole.size()) break;
    random.below(2) == 0 ? mine.restart() : mine.crash();
    node.start();
    const auto& begun = node.opened.recovered.begun;
    if (begun) REQUIRE(begun->mark.position == mark.position);
    offset = begun ? begun->end : 0;
  }
  node.start();
  REQUIRE(node.snapshot() == 40);
  REQUIRE_FALSE(node.opened.recovered.begun.has_value());
}

// S9: either side dies while a snapshot is on its way
TEST_CASE("a process that is killed while it fetches has all whole blocks at its next start", "[S9]") {
  const uint64_t draw = GENERATE(range(uint64_t{0}, uint64_t{8}));
  MemoryFiles files(draw);
  Node node(files);
  node.append(40);
  const raft::SnapshotMark mark{.position = {1, 40}, .configuration = kMembers};
  SnapshotMaker maker(node.kv, mark, kNode.cluster);
  std::string bytes;
  for (int block = 0; block < 4; ++block) bytes += maker.next(300);
  const uint64_t end = bytes.size();
  while (!maker.is_done()) bytes += maker.next(300);
  auto take = [&](uint64_t from, uint64_t to) {
    return node.opened.snapshots->write({.mark = mark,
                                         .offset = from,
                                         .bytes = std::string_view(bytes).substr(from, to - from),
                                         .is_last = to == bytes.size(),
                                         .is_fetched = true});
  };
  REQUIRE(take(0, end + 100).has_value());  // and a half of the next
  SECTION("killed") {}
  SECTION("killed when a sync of it had failed: what is read is in memory alone, and must be written again") {
    auto file = files.open("data/snapshot.new", OpenMode::existing);
    files.fail_next_sync();
    REQUIRE_FALSE((*file)->sync().has_value());
  }
  files.restart();
  node.start();
  REQUIRE(node.opened.recovered.begun.has_value());
  REQUIRE(node.opened.recovered.begun->end == end);
  REQUIRE(*node.opened.recovered.begun->mark.configuration == *kMembers);

  REQUIRE(take(end, bytes.size()).has_value());
  files.crash(MemoryFiles::Loss::keep_none);
  node.start();
  REQUIRE(node.snapshot() == 40);
}

}  // namespace skiff::store::snapshots_test

// The outcomes of writing the bytes of a snapshot: written, given up, or the end of the node.
#include "src/replica/snapshot_work.h"

#include <memory>
#include <utility>

#include "store/directory/storage.h"
#include "store/snapshot/snapshot.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::snapshot_work_test {

const store::Identity kIdentity{.cluster = 7, .node = 1, .founders = {{1, "http://127.0.0.1:9021"}}};

struct Disk {
  testing::MemoryFiles files;
  store::Opened opened;
  store::Kv kv;
  raft::SnapshotMark mark{.position = {.term = 1, .index = 3}, .configuration = raft::Payload::of("members")};

  Disk() {
    auto result = store::Storage::open(files, "data", kIdentity, {.segment_bytes = 64 * 1024});
    REQUIRE(result);
    opened = std::move(*result);
    for (raft::Index index = 1; index <= 3; ++index) kv.skip(index);
  }
  // All of a snapshot of the map, as one piece of bytes.
  SnapshotBytes all(bool is_fetched) {
    store::SnapshotMaker maker(kv, mark, kIdentity.cluster);
    std::string bytes;
    while (!maker.is_done()) bytes += maker.next(100);
    return {.mark = mark, .bytes = raft::Payload::of(std::move(bytes)), .is_last = true, .is_fetched = is_fetched};
  }
};

TEST_CASE("a snapshot that was made is written, and read by piece") {
  Disk disk;
  auto done = write_snapshot(*disk.opened.snapshots, disk.all(false));
  REQUIRE(done);
  REQUIRE_FALSE(done->written.has_failed);
  REQUIRE(done->written.is_last);
  REQUIRE_FALSE(done->written.loaded.has_value());
  const SnapshotReadResult read = read_snapshot(*disk.opened.snapshots, disk.mark.position, 0, 1'000'000);
  REQUIRE(read.piece.is_last);
  REQUIRE(read.piece.bytes->size() == done->written.end);
  REQUIRE(read.error.empty());
}

TEST_CASE("a fetched snapshot comes back as a map, and is given up if it is not what was announced") {
  Disk disk;
  auto done = write_snapshot(*disk.opened.snapshots, disk.all(true));
  REQUIRE(done->written.loaded->applied() == 3);
  SnapshotBytes other = disk.all(true);
  other.mark.position.index = 4;
  done = write_snapshot(*disk.opened.snapshots, std::move(other));
  REQUIRE(done->written.has_failed);
  REQUIRE_FALSE(done->error.empty());
}

// W4: a sync fails: nothing is acknowledged any more, and the same sync is not tried again
TEST_CASE("without space a snapshot is given up, and a failed sync ends the node", "[W4]") {
  Disk disk;
  SECTION("no space") {
    disk.files.set_full(true);
    auto done = write_snapshot(*disk.opened.snapshots, disk.all(false));
    REQUIRE(done->written.has_failed);
  }
  SECTION("sync") {
    disk.files.fail_next_sync();
    auto done = write_snapshot(*disk.opened.snapshots, disk.all(false));
    REQUIRE(done.error().code == Error::Code::io);
  }
}

TEST_CASE("a snapshot that is not there is read as nothing, without an error") {
  Disk disk;
  const SnapshotReadResult read = read_snapshot(*disk.opened.snapshots, {.term = 1, .index = 9}, 0, 1'000);
  REQUIRE(read.piece.bytes == nullptr);
  REQUIRE(read.error.empty());
}

}  // namespace skiff::snapshot_work_test

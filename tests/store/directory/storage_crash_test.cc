// The power fails in the middle of every operation of a node's life, and what is left is drawn at random.
#include <vector>

#include "store/directory/storage.h"
#include "tests/store/wal/log_story.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::store::storage_crash_test {

using log_story::LogStory;
using testing::MemoryFiles;

const WalOptions kSmall{4 * kBlockBytes};
const Identity kNode{77, 2, {{2, "http://b:9021"}}};

// A node's life on one disk: it starts, saves, loses power, and starts again.
struct Life {
  MemoryFiles files;
  raft::Random random;
  LogStory story;
  uint64_t incarnation = 0;  // of the last start that came to its end

  explicit Life(uint64_t seed) : files(seed), random(seed) {}

  // Starts and checks what is found; false if the machine stopped on the way.
  bool start(std::unique_ptr<Storage>& storage) {
    auto opened = Storage::open(files, "data", kNode, kSmall);
    if (!opened) {
      INFO(opened.error().what);
      REQUIRE(opened.error().code == Error::Code::io);
      return false;
    }
    const Recovered& found = opened->recovered;
    REQUIRE(found.identity == kNode);
    REQUIRE(found.incarnation > incarnation);
    incarnation = found.incarnation;
    auto chapter = story.find(found.hard_state, found.entries);
    REQUIRE(chapter.has_value());
    REQUIRE(found.fresh == (*chapter == 0));
    story.go_back_to(*chapter);
    storage = std::move(opened->storage);
    // Mostly there is a spare segment, made between two saves.
    if (random.below(3) == 0) return true;
    return storage->spare().make().has_value();
  }

  // Saves one to three batches at once; false if the machine stopped on the way.
  bool save(Storage& storage) {
    std::vector<Batch> batches;
    for (uint64_t count = random.below(3) + 1; count > 0; --count) {
      batches.push_back(log_story::random_batch(story.now(), random, 900));
      story.on(batches.back());
    }
    if (!storage.save(batches)) return false;
    story.acknowledge();
    if (random.below(3) == 0) return true;
    return storage.spare().make().has_value();
  }

  void live(uint64_t saves) {
    std::unique_ptr<Storage> storage;
    if (!start(storage)) return;
    for (uint64_t count = 0; count < saves; ++count) {
      if (!save(*storage)) return;
    }
  }
};

// W3: power fails, or an operation, between any two operations on files
// W7: the end of the log is truncated, and power fails
// bug-39: a file is created or renamed, and its directory is not synced
// bug-40: a torn record is taken for damage, or damage for a torn record
TEST_CASE("a power failure in any operation loses nothing that was acknowledged") {  // [W3] [W7] [bug-39] [bug-40]
  // One life is tens of operations long: each is the last one once, under several draws of what is left.
  const uint64_t draw = GENERATE(range(uint64_t{0}, uint64_t{12}));
  for (uint64_t operation = 1; operation < 90; ++operation) {
    CAPTURE(operation, draw);
    Life life(operation * 1000 + draw);
    life.files.stop_at(operation);
    life.live(12);
    life.files.crash(draw == 0   ? MemoryFiles::Loss::keep_all
                     : draw == 1 ? MemoryFiles::Loss::keep_none
                                 : MemoryFiles::Loss::random);
    life.live(3);
    life.files.crash(MemoryFiles::Loss::keep_none);
    std::unique_ptr<Storage> storage;
    REQUIRE(life.start(storage));
  }
}

// W3: power fails, or an operation, between any two operations on files
TEST_CASE("a node that loses power again and again, also while it starts, never loses what it acknowledged") {  // [W3]
  uint64_t entries = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    Life life(seed);
    for (int failure = 0; failure < 40; ++failure) {
      CAPTURE(failure);
      life.files.stop_at(life.files.operations() + 1 + life.random.below(25));
      life.live(6);
      if (life.random.below(4) == 0) {
        life.files.restart();
      } else {
        life.files.crash();
      }
    }
    std::unique_ptr<Storage> storage;
    REQUIRE(life.start(storage));
    REQUIRE(life.incarnation > 10);
    entries += life.story.now().entries.size();
  }
  REQUIRE(entries > 200);
}

// W4: a sync fails: nothing is acknowledged any more, and the same sync is not tried again
// bug-38: a failed sync is tried again, and then "succeeds" without anything on the disk
TEST_CASE("a sync that fails anywhere, and what comes after, loses nothing that was acknowledged") {  // [W4] [bug-38]
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    Life life(seed);
    for (int failure = 0; failure < 15; ++failure) {
      CAPTURE(failure);
      life.files.fail_at(life.files.operations() + 1 + life.random.below(30), MemoryFiles::Fault::io_error);
      life.live(8);
      REQUIRE(life.files.uses_after_failed_sync() == 0);
      life.files.restart();
      if (life.random.below(3) == 0) life.files.drop_clean_pages();
      if (life.random.below(3) == 0) life.files.crash();
    }
    std::unique_ptr<Storage> storage;
    REQUIRE(life.start(storage));
  }
}

}  // namespace skiff::store::storage_crash_test

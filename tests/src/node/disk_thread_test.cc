#include "src/node/disk_thread.h"

#include <chrono>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::disk_thread_test {

const store::Identity kIdentity{.cluster = 7, .node = 1, .founders = {{1, "http://127.0.0.1:9021"}}};

std::unique_ptr<store::Storage> open(testing::MemoryFiles& files) {
  auto opened = store::Storage::open(files, "data", kIdentity, {.segment_bytes = 64 * 1024});
  REQUIRE(opened);
  return std::move(opened->storage);
}

std::vector<raft::Entry> recovered(testing::MemoryFiles& files) {
  auto opened = store::Storage::open(files, "data", kIdentity, {.segment_bytes = 64 * 1024});
  REQUIRE(opened);
  return std::move(opened->recovered.entries);
}

store::Batch entry(raft::Index index) {
  return {.hard_state = raft::HardState{.term = 1, .vote = 1},
          .entries = {{.position = {.term = 1, .index = index},
                       .kind = raft::EntryKind::command,
                       .payload = raft::Payload::of("payload")}}};
}

// Runs each task, and then keeps the loop or loses it.
struct FakeHandoff final : LoopRelease {
  bool keeps_loop = true;
  std::function<void()> before_task = [] {};

  bool release_loop_while(const std::function<void()>& task) override {
    before_task();
    task();
    return keeps_loop;
  }
};

// A loop with a disk thread on it, that runs until the test has seen enough.
struct Rig {
  testing::MemoryFiles files;
  transport::Loop loop;
  FakeHandoff handoff;
  std::vector<uint64_t> saved;
  std::optional<Error> failed;
  int disk_full = 0;
  std::unique_ptr<DiskThread> disk;

  Rig() {
    disk = std::make_unique<DiskThread>(
        loop, handoff, open(files),
        DiskThread::Events{.saved = [this](uint64_t save, raft::Time) { saved.push_back(save); },
                           .failed = [this](const Error& error) { failed = error; },
                           .disk_full = [this](const Error&) { ++disk_full; }});
  }
  ~Rig() {
    disk.reset();
    loop.run();
  }
};

TEST_CASE("a save is reported on the loop once it is durable, and in order") {
  Rig rig;
  for (uint64_t save = 1; save <= 50; ++save) rig.disk->save(save, entry(save));
  while (rig.saved.empty() || rig.saved.back() < 50) rig.loop.run_once();
  REQUIRE(std::is_sorted(rig.saved.begin(), rig.saved.end()));
  REQUIRE(rig.disk->counters().log.entries == 50);

  rig.disk.reset();
  rig.files.crash(testing::MemoryFiles::Loss::keep_none);
  REQUIRE(recovered(rig.files).size() == 50);
}

TEST_CASE("an empty save waits for those before it") {
  Rig rig;
  rig.disk->save(1, entry(1));
  rig.disk->save(2, {});
  while (rig.saved.empty() || rig.saved.back() < 2) rig.loop.run_once();
  REQUIRE(rig.disk->counters().log.entries == 1);
}

TEST_CASE("batches that were handed over are durable when the thread has ended") {
  Rig rig;
  for (uint64_t save = 1; save <= 10; ++save) rig.disk->save(save, entry(save));
  rig.disk.reset();
  rig.files.crash(testing::MemoryFiles::Loss::keep_none);
  REQUIRE(recovered(rig.files).size() == 10);
}

// W4: a sync fails: nothing is acknowledged any more, and the same sync is not tried again
// bug-38: a failed sync is tried again, and then "succeeds" without anything on the disk
TEST_CASE("after a failed sync nothing more is saved or reported") {  // [W4] [bug-38]
  Rig rig;
  rig.files.fail_next_sync();
  rig.disk->save(1, entry(1));
  while (!rig.failed) rig.loop.run_once();
  REQUIRE(rig.failed->code == Error::Code::io);
  uint64_t operations = rig.files.operations();
  rig.disk->save(2, entry(2));
  rig.disk.reset();
  rig.loop.run();
  REQUIRE(rig.saved.empty());
  REQUIRE(rig.files.operations() == operations);
  REQUIRE(rig.files.uses_after_failed_sync() == 0);
}

store::Batch large_entry(raft::Index index) {
  store::Batch batch = entry(index);
  batch.entries[0].payload = raft::Payload::of(std::string(20'000, 'x'));
  return batch;
}

// W5: the disk is full, in any operation
TEST_CASE("batches that find no space wait for it with all behind them, and are saved in order") {  // [W5]
  // Given a disk that is full when the log needs its second segment,
  Rig rig;
  rig.files.set_full(true);
  for (uint64_t save = 1; save <= 5; ++save) rig.disk->save(save, large_entry(save));
  while (rig.disk_full == 0) rig.loop.run_once();
  REQUIRE_FALSE(rig.failed);
  REQUIRE((rig.saved.empty() || rig.saved.back() < 5));

  // when it is retried too early, and then in time,
  rig.disk->retry();
  while (rig.disk_full == 1) rig.loop.run_once();
  rig.disk->save(6, large_entry(6));
  rig.files.set_full(false);
  rig.disk->retry();
  while (rig.saved.empty() || rig.saved.back() < 6) rig.loop.run_once();

  // then all is there, once.
  REQUIRE(rig.disk_full == 2);
  REQUIRE(rig.disk->counters().log.entries == 6);
  rig.disk.reset();
  rig.files.crash(testing::MemoryFiles::Loss::keep_none);
  REQUIRE(recovered(rig.files).size() == 6);
}

TEST_CASE("a thread whose saves find no space can be ended") {
  Rig rig;
  rig.files.set_full(true);
  for (uint64_t save = 1; save <= 5; ++save) rig.disk->save(save, large_entry(save));
  while (rig.disk_full == 0) rig.loop.run_once();
  rig.disk.reset();
  rig.files.set_full(false);
  rig.files.crash(testing::MemoryFiles::Loss::keep_none);
  REQUIRE(recovered(rig.files).size() < 5);
}

// ---- without the thread

// A disk that has shown that it is quick.
struct QuickRig : Rig {
  uint64_t next = 1;

  QuickRig() { until_inline(); }
  void save() {
    disk->save(next, entry(next));
    ++next;
  }
  // Saves until a batch stays with the loop, and the thread has nothing to do.
  void until_inline() {
    while (!disk->has_inline_batch()) {
      REQUIRE(next < 100'000);
      save();
      if (!disk->has_inline_batch()) until_all_is_saved();
    }
  }
  void until_all_is_saved() {
    while (saved.empty() || saved.back() < next - 1) loop.run_once();
  }
  // The entries that are left by a crash.
  size_t on_disk() {
    disk.reset();
    files.crash(testing::MemoryFiles::Loss::keep_none);
    return recovered(files).size();
  }
};

// A thread that makes an inline save, and waits in it while another goes on with the loop.
class LostLoop {
 public:
  LostLoop(DiskThread& disk, FakeHandoff& handoff) : handoff_(handoff) {
    handoff.keeps_loop = false;
    handoff.before_task = [this] {
      is_in_save_.count_down();
      may_go_on_.wait();
    };
    thread_ = std::thread([&disk] { disk.save_inline(); });
    is_in_save_.wait();
  }
  ~LostLoop() {
    thread_.join();
    handoff_.before_task = [] {};
  }
  void go_on() { may_go_on_.count_down(); }

 private:
  FakeHandoff& handoff_;
  std::latch is_in_save_{1};
  std::latch may_go_on_{1};
  std::thread thread_;
};

TEST_CASE("on a quick disk what a turn saves is durable at its end, and reported at once") {
  QuickRig rig;
  REQUIRE(rig.disk->has_inline_batch());
  rig.save();
  const uint64_t syncs = rig.disk->counters().log.syncs;
  REQUIRE(rig.saved.back() == rig.next - 3);
  REQUIRE(rig.disk->save_inline());
  REQUIRE(rig.saved.back() == rig.next - 1);
  REQUIRE(rig.disk->counters().log.syncs == syncs + 1);
  REQUIRE_FALSE(rig.disk->has_inline_batch());
}

TEST_CASE("a batch that is flushed before the loop waits is saved by the thread, and later ones behind it") {
  QuickRig rig;
  rig.disk->flush_to_thread();
  REQUIRE_FALSE(rig.disk->has_inline_batch());
  rig.save();
  REQUIRE_FALSE(rig.disk->has_inline_batch());  // the thread has something to do
  while (rig.saved.back() < rig.next - 1) rig.loop.run_once();
  REQUIRE(rig.disk->counters().log.entries == rig.next - 1);
}

TEST_CASE("an inline save that lost the loop is reported as the thread reports its own") {
  QuickRig rig;
  const uint64_t before = rig.saved.back();
  rig.handoff.keeps_loop = false;
  REQUIRE_FALSE(rig.disk->save_inline());
  rig.save();
  REQUIRE_FALSE(rig.disk->has_inline_batch());  // two at a time would change the order
  REQUIRE(rig.saved.back() == before);
  while (rig.saved.back() < rig.next - 1) rig.loop.run_once();
  REQUIRE(rig.disk->counters().log.entries == rig.next - 1);
}

TEST_CASE("a large batch, or one after a slow save, is left to the thread") {
  QuickRig rig;
  SECTION("large") {
    REQUIRE(rig.disk->save_inline());
    rig.until_inline();
    REQUIRE(rig.disk->save_inline());
    store::Batch batch = entry(rig.next);
    batch.entries[0].payload = raft::Payload::of(std::string(200'000, 'x'));
    rig.disk->save(rig.next++, batch);
  }
  SECTION("slow") {
    rig.until_inline();
    rig.files.in_next_sync([] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); });
    REQUIRE(rig.disk->save_inline());
    rig.save();
  }
  REQUIRE_FALSE(rig.disk->has_inline_batch());
  rig.until_all_is_saved();
}

TEST_CASE("batches that come while an inline save stalls are saved behind it") {
  for (const bool has_space : {true, false}) {
    // Given an inline save that stalls, and will find space or none,
    QuickRig rig;
    if (!has_space) {
      rig.files.set_full(true);
      for (int more = 0; more < 5; ++more, ++rig.next) rig.disk->save(rig.next, large_entry(rig.next));
      REQUIRE(rig.disk->has_inline_batch());
      REQUIRE(rig.disk_full == 0);
    }
    // when more comes, and the thread wants to save it,
    {
      LostLoop other(*rig.disk, rig.handoff);
      for (int more = 0; more < 3; ++more) rig.save();
      REQUIRE_FALSE(rig.disk->has_inline_batch());
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      rig.loop.run_nowait();
      REQUIRE(rig.saved.back() < rig.next - 4);
      other.go_on();
    }
    if (!has_space) {
      while (rig.disk_full == 0) rig.loop.run_once();
      REQUIRE(rig.saved.back() < rig.next - 4);
      rig.files.set_full(false);
      rig.disk->retry();
    }
    // then all of it is there, in order. (The thread may also have found no space, and report that only now, so it is
    // told to retry.)
    while (rig.saved.back() < rig.next - 1) {
      rig.disk->retry();
      rig.loop.run_nowait();
    }
    REQUIRE(rig.on_disk() == rig.next - 1);
  }
}

TEST_CASE("the destructor waits for an inline save that stalls") {
  QuickRig rig;
  LostLoop other(*rig.disk, rig.handoff);
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    other.go_on();
  });
  const size_t on_disk = rig.on_disk();
  later.join();
  REQUIRE(on_disk == rig.next - 1);
}

// W5: the disk is full, in any operation
TEST_CASE("an inline batch that finds no space waits in front of later ones") {  // [W5]
  for (const bool keeps_loop : {true, false}) {
    QuickRig rig;
    rig.handoff.keeps_loop = keeps_loop;
    rig.files.set_full(true);
    while (rig.disk_full == 0) {
      if (rig.disk->has_inline_batch() && !rig.disk->save_inline()) rig.loop.run_once();
      if (rig.disk_full == 0) rig.save();
      if (rig.disk_full == 0 && !rig.disk->has_inline_batch()) rig.loop.run_once();
      REQUIRE(rig.next < 10'000);
    }
    REQUIRE_FALSE(rig.failed);
    REQUIRE(rig.saved.back() < rig.next - 1);
    for (int more = 0; more < 3; ++more) rig.save();
    rig.files.set_full(false);
    rig.disk->retry();
    while (rig.saved.back() < rig.next - 1) rig.loop.run_once();
    rig.disk.reset();
    rig.files.crash(testing::MemoryFiles::Loss::keep_none);
    REQUIRE(recovered(rig.files).size() == rig.next - 1);
  }
}

// W4: a sync fails: nothing is acknowledged any more, and the same sync is not tried again
// bug-38: a failed sync is tried again, and then "succeeds" without anything on the disk
TEST_CASE("after a sync that failed at the end of a turn nothing more is saved or reported") {  // [W4] [bug-38]
  for (const bool keeps_loop : {true, false}) {
    QuickRig rig;
    rig.handoff.keeps_loop = keeps_loop;
    const uint64_t before = rig.saved.back();
    rig.files.fail_next_sync();
    rig.disk->save_inline();
    rig.save();
    while (!rig.failed) rig.loop.run_once();
    REQUIRE(rig.failed->code == Error::Code::io);
    rig.save();
    rig.disk.reset();
    rig.loop.run();
    REQUIRE(rig.saved.back() == before);
    REQUIRE(rig.files.uses_after_failed_sync() == 0);
  }
}

}  // namespace skiff::disk_thread_test

// SnapshotThread: writes, reads and removes snapshots, makes spare segments for the log, and reads resting files again,
// so that neither the loop nor the log waits for that.
//
// Jobs are done in the order they come in, and their results are reported on the loop. A map that is not needed any
// more can be destroyed here, too, because destroying a large one takes a while. A scrub is put off if another job
// waits.
//
// Failures: no space (for a spare, too), or a snapshot that is not what it should be, is reported with the
// job; the snapshot was given up. After any other error `failed` is called on the loop, once, and no more jobs are
// done: the node must stop.
//
// Its destructor waits for the job under way; jobs that wait behind it are dropped.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "src/base/result.h"
#include "src/replica/environment.h"
#include "src/replica/scrub_schedule.h"
#include "src/replica/snapshot_work.h"
#include "store/snapshot/snapshots.h"
#include "store/wal/spare.h"
#include "transport/loop/async_queue.h"
#include "transport/loop/loop.h"

namespace skiff {

class SnapshotThread {
 public:
  struct Events {
    std::function<void(SnapshotWriteResult&& result)> written;
    std::function<void(raft::NodeId for_node, SnapshotReadResult&& result)> read;
    // Empty, or why there was no space for it.
    std::function<void(const std::string& error)> spare_made;
    // The result of scrub(), null if it was put off.
    std::function<void(const store::Snapshots::Scrubbed* result)> scrubbed;
    // Damage that was found or removed by another job.
    std::function<void(const store::Snapshots::Scrubbed& news)> noted;
    std::function<void(const Error&)> failed;
  };

  // Requires: `loop` outlives it.
  SnapshotThread(transport::Loop& loop, std::unique_ptr<store::Snapshots> snapshots, Events events);
  ~SnapshotThread();
  // An error if there was no thread to be had: then it is of no use.
  const Result<>& started() const { return started_; }
  SnapshotThread(const SnapshotThread&) = delete;
  SnapshotThread& operator=(const SnapshotThread&) = delete;

  void write(SnapshotBytes bytes);
  void read(raft::NodeId for_node, raft::LogPosition position, uint64_t offset, uint64_t bytes_max);
  void drop(store::Kv kv);
  // Requires: it outlives this.
  void make_spare(store::Spare& spare);
  void scrub(const ScrubSchedule::Task& task);

 private:
  struct Read {
    raft::NodeId for_node;
    raft::LogPosition position;
    uint64_t offset;
    uint64_t bytes_max;
  };
  struct ReadDone {
    raft::NodeId for_node;
    SnapshotReadResult result;
  };
  struct SpareMade {
    std::string error;
  };
  struct ScrubDone {
    std::optional<store::Snapshots::Scrubbed> result;
  };
  using Job = std::variant<SnapshotBytes, Read, store::Kv, store::Spare*, ScrubSchedule::Task>;
  using Report = std::variant<std::monostate, SnapshotWriteResult, ReadDone, SpareMade, ScrubDone,
                              store::Snapshots::Scrubbed, Error>;

  void add(Job job);
  void run();
  std::optional<Job> next_job();
  Report do_job(SnapshotBytes& bytes);
  Report do_job(const Read& read);
  Report do_job(store::Kv& kv);
  Report do_job(store::Spare* spare);
  Report do_job(const ScrubSchedule::Task& task);

  void drain(std::vector<Report>&& reports);
  void note(std::monostate) {}
  void note(SnapshotWriteResult& result) { events_.written(std::move(result)); }
  void note(ReadDone& done) { events_.read(done.for_node, std::move(done.result)); }
  void note(const SpareMade& made) { events_.spare_made(made.error); }
  void note(const ScrubDone& done) { events_.scrubbed(done.result ? &*done.result : nullptr); }
  void note(const store::Snapshots::Scrubbed& news) { events_.noted(news); }
  void note(const Error& error);

  std::unique_ptr<store::Snapshots> snapshots_;  // the thread's, once it runs
  Events events_;
  bool has_failed_ = false;
  transport::AsyncQueue<Report> reports_;

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<Job> jobs_;
  bool is_ending_ = false;
  Result<> started_;
  std::thread thread_;  // last: everything it uses is there before it starts
};

}  // namespace skiff

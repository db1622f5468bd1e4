// SnapshotThread: writes, reads and tidies up snapshots, makes spare segments for the log, and reads again what rests
// on the disk, so that neither the loop nor the log waits for that.
//
// Jobs are done in the order they come in, and answered on the loop. A map that is not wanted any more can be dropped
// here, too: taking a large one apart takes a while.
//
// What goes wrong: no room (for a spare, too), or a snapshot that is not what it should be, is reported with the job;
// it was given up. Anything else is `failed`, on the loop, once, and nothing more is done: the node must stop.
//
// Reading again is done when there is nothing else to do, or put off.
//
// Destroying it waits for the job under way; what waits behind it is dropped.
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
#include "src/replica/scrubbing.h"
#include "store/snapshot/snapshots.h"
#include "store/wal/spare.h"
#include "transport/loop/async_queue.h"
#include "transport/loop/loop.h"

namespace skiff {

class SnapshotThread {
 public:
  struct Events {
    // `trouble` says why it was given up; empty if it was not.
    std::function<void(SnapshotWritten written, const std::string& error)> written;
    // `trouble` says what is wrong with it; empty if it is there, or not expected to be.
    std::function<void(raft::NodeId for_node, SnapshotPiece piece, const std::string& error)> read;
    std::function<void(const std::string& error)> spare_made;
    // What came of scrub(), nothing if it was put off; and what came to light beside it.
    std::function<void(const store::Snapshots::Scrubbed* scrubbed)> scrubbed;
    std::function<void(const store::Snapshots::Scrubbed& news)> noted;
    std::function<void(const Error&)> failed;
  };

  SnapshotThread(transport::Loop& loop, std::unique_ptr<store::Snapshots> snapshots, Events events);
  ~SnapshotThread();
  // An error if there was no thread to be had: then it is of no use.
  const Result<>& started() const { return started_; }
  SnapshotThread(const SnapshotThread&) = delete;
  SnapshotThread& operator=(const SnapshotThread&) = delete;

  void write(SnapshotBytes bytes);
  void read(raft::NodeId for_node, raft::LogPosition position, uint64_t offset, uint64_t bytes);
  void drop(store::Kv kv);
  // Requires: it outlives this.
  void make_spare(store::Spare& spare);
  void scrub(Scrubbing::AdminRequest order);

 private:
  struct Read {
    raft::NodeId for_node;
    raft::LogPosition position;
    uint64_t offset;
    uint64_t bytes;
  };
  struct Written {
    SnapshotWritten what;
    std::string error;
  };
  struct Piece {
    raft::NodeId for_node;
    SnapshotPiece piece;
    std::string error;  // why it cannot be read although it should be there
  };
  struct SpareMade {
    std::string error;
  };
  struct Scrubbed {
    std::optional<store::Snapshots::Scrubbed> what;
  };
  using Job = std::variant<SnapshotBytes, Read, store::Kv, store::Spare*, Scrubbing::AdminRequest>;
  using Report = std::variant<Written, Piece, SpareMade, Scrubbed, store::Snapshots::Scrubbed, Error>;

  void add(Job job);
  void run();
  Report do_job(SnapshotBytes& bytes);
  Report do_job(const Read& read);
  Report do_job(store::Spare* spare);
  Report do_job(Scrubbing::AdminRequest order);
  void report(std::vector<Report>&& reports);

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

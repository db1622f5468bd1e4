// DiskThread: takes every batch that waits, one write, one sync, says so.
//
// save() hands over a batch; the thread takes everything that has been handed over since it last looked, makes it
// durable with a single write and sync (group commit without a timer), and reports the number of the last save on the
// loop. Nothing else of the node ever waits for the disk.
//
// What goes wrong: a write or sync fails. `failed` is called on the loop, once, and nothing is saved after it: the node
// must stop. A slow disk is reported with each sync, as the time it took. Where there is no room for another segment of
// the log, `no_room` is called on the loop; what could not be saved waits, with all behind it, for try_again().
//
// Destroying it waits for the thread, which first makes durable what it was given, if there is room.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "src/base/result.h"
#include "store/storage.h"
#include "transport/async_queue.h"
#include "transport/loop.h"

namespace skiff {

class DiskThread {
 public:
  struct Events {
    std::function<void(uint64_t save, uint64_t took_ns)> saved;  // everything up to this one is durable
    std::function<void(const Error&)> failed;
    std::function<void(const Error&)> no_room;
  };

  DiskThread(transport::Loop& loop, std::unique_ptr<store::Storage> storage, Events events);
  ~DiskThread();
  DiskThread(const DiskThread&) = delete;
  DiskThread& operator=(const DiskThread&) = delete;

  void save(uint64_t number, store::Batch batch);
  // After no_room: perhaps there is room now.
  void try_again();
  // To be made by another thread, when it is not there.
  store::Spare& spare() { return storage_->spare(); }
  // Beside the numbered ones, and not waited for.
  void remember(store::Instances peers);
  // As of the last report.
  const store::WalCounters& counters() const { return counters_; }

 private:
  struct Report {
    uint64_t save = 0;
    uint64_t took_ns = 0;
    bool is_last = false;  // the thread ends with it, if it finds no room
    store::WalCounters counters;
    Result<> result;
  };
  void run();
  bool take_work(std::vector<store::Batch>& batches, Report& report);
  void report(std::vector<Report>&& reports);

  std::unique_ptr<store::Storage> storage_;  // the thread's, once it runs
  Events events_;
  store::WalCounters counters_;
  bool has_failed_ = false;
  transport::AsyncQueue<Report> reports_;

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::vector<store::Batch> waiting_;
  uint64_t last_save_ = 0;
  bool is_ending_ = false;
  bool waits_for_room_ = false;
  std::thread thread_;  // last: everything it uses is there before it starts
};

}  // namespace skiff

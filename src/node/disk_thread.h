// DiskThread: takes every batch that waits, one write, one sync, says so.
//
// save() hands over a batch; the thread takes everything that has been handed over since it last looked, makes it
// durable with a single write and sync (group commit without a timer), and reports the number of the last save on the
// loop.
//
// While the disk is quick, and the thread has nothing to do, that is done without it: what one turn of the loop has to
// save waits for the end of the turn, when save_here() makes it durable on the spot. A hop to another thread and back
// costs more than a quick disk does (docs/decisions/0020). Whoever calls that sees to it that a disk which is not quick
// for once holds nobody up (src/node/turns.h).
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
#include <optional>
#include <thread>
#include <vector>

#include "src/base/result.h"
#include "src/config/limits.h"
#include "store/directory/storage.h"
#include "transport/loop/async_queue.h"
#include "transport/loop/loop.h"

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
  // An error if there was no thread to be had: then it is of no use.
  const Result<>& started() const { return started_; }
  DiskThread(const DiskThread&) = delete;
  DiskThread& operator=(const DiskThread&) = delete;

  // With `may_be_here` it may be done without the thread. Then give_over() or save_here() must follow, at the end of
  // this turn of the loop.
  void save(uint64_t number, store::Batch batch, bool may_be_here = false);
  bool has_any_here() const { return !here_.empty(); }
  // To the thread after all: the loop is going to wait.
  void give_over();
  // Does what it is given while another may go on with the loop; false if one did.
  using StepAside = std::function<bool(const std::function<void()>& what)>;
  // Requires: has_any_here(), and to be called from no callback of the loop. False as by step_aside: then nothing of
  // the loop may be touched, this neither.
  bool save_here(const StepAside& step_aside);

  // After no_room: perhaps there is room now.
  void try_again();
  // To be made by another thread, when it is not there.
  store::Spare& spare() { return storage_->spare(); }
  // Beside the numbered ones, and not waited for.
  void remember(store::DataDirIds peers);
  // How many were done by save_here(), and how often it lost the loop.
  uint64_t saved_here() const { return saved_here_; }
  uint64_t left_behind() const { return left_behind_; }
  // As of the last report.
  const store::WalCounters& counters() const { return counters_; }

 private:
  struct Report {
    uint64_t save = 0;
    uint64_t given = 0;  // how much of what the thread was given is done with this
    uint64_t took_ns = 0;
    bool is_here = false, is_left_behind = false;
    bool is_last = false;  // the thread ends with it, if it finds no room
    store::WalCounters counters;
    Result<> result;
  };
  void run();
  bool wait_for_work(bool has_stuck);
  void take_work(std::vector<store::Batch>& batches, Report& report);
  void carry_out(const std::vector<store::Batch>& batches, Report& report);
  void keep(std::vector<store::Batch>&& batches, uint64_t save);
  bool is_here_quicker(const store::Batch& batch);
  void report(Report& report);

  std::mutex storage_mutex_;  // held while anybody saves
  std::unique_ptr<store::Storage> storage_;
  std::optional<Error> broken_;  // what ended it: nothing is saved any more
  Events events_;
  store::WalCounters counters_;
  bool has_failed_ = false;
  transport::AsyncQueue<Report> reports_;

  // The loop's.
  bool is_saving_here_ = false;
  uint64_t average_ns_ = limits::kSlowSyncNs;  // of a save, the last ones above all
  std::vector<store::Batch> here_;
  uint64_t here_bytes_ = 0;
  uint64_t here_up_to_ = 0;
  uint64_t reported_ = 0;  // saves
  uint64_t given_done_ = 0;
  uint64_t saved_here_ = 0;
  uint64_t left_behind_ = 0;

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::vector<store::Batch> waiting_;
  uint64_t last_save_ = 0;
  uint64_t given_ = 0;
  bool is_ending_ = false;
  bool waits_for_room_ = false;
  Result<> started_;
  std::thread thread_;  // last: everything it uses is there before it starts
};

}  // namespace skiff

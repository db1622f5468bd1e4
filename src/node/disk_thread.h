// DiskThread: makes batches durable, one write and one sync for all that wait, and reports them.
//
// save() hands a batch over. The thread takes everything that was handed over since it last looked, saves it with one
// write and one sync (group commit without a timer), and reports the number of the last save on the loop.
//
// While InlineSavePolicy allows it and the thread has nothing to do, a batch stays with the loop instead: the batches
// of one turn wait for its end, when save_inline() saves them on the loop's own thread. It releases the loop meanwhile
// (src/node/loop_handoff.h), so that a disk that stalls for once does not stop the loop.
//
// Failures: a write or sync fails. Then `failed` is called on the loop, once, and nothing is saved after it:
// the node must stop. Where there is no space for another segment of the log, `disk_full` is called on the loop; the
// batches wait, with all behind them, for retry(). A slow disk shows in the time that each report carries.
//
// Always: batches are saved in the order of their numbers, and reported in that order.
//
// Its destructor waits for the thread, and for an inline save whose thread has lost the loop. Both first save what they
// were given, if there is space.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "raft/time.h"
#include "src/base/metrics.h"
#include "src/base/result.h"
#include "src/node/loop_handoff.h"
#include "src/replica/inline_save_policy.h"
#include "store/directory/storage.h"
#include "transport/loop/async_queue.h"
#include "transport/loop/loop.h"

namespace skiff {

class DiskThread {
 public:
  struct Events {
    std::function<void(uint64_t save, raft::Time took)> saved;  // everything up to this one is durable
    std::function<void(const Error&)> failed;
    std::function<void(const Error&)> disk_full;
  };

  struct Counters {
    store::WalCounters log;  // as of the last report
    uint64_t saved_on_loop = 0;
    uint64_t loop_taken_over = 0;  // of those
    raft::Time slowest_sync;

    template <class Visitor>
    void visit_metrics(Visitor&& visitor) const {
      constexpr auto kMicroseconds = Metric::Unit::microseconds;
      log.visit_metrics(visitor);
      visitor(Metric::counter("saved_on_loop", "Saves that the loop made on its own thread."), saved_on_loop);
      visitor(Metric::counter("loop_taken_over", "Of those, saves that lost the loop to the standby."),
              loop_taken_over);
      visitor(Metric::gauge("slowest_sync_us", "Slowest write and sync.", kMicroseconds), slowest_sync.us());
      log.visit_space(visitor);
    }
  };

  // Requires: `loop` outlives it, and `handoff` every call of save_inline().
  DiskThread(transport::Loop& loop, LoopRelease& handoff, std::unique_ptr<store::Storage> storage, Events events);
  ~DiskThread();
  // An error if there was no thread to be had: then it is of no use.
  const Result<>& started() const { return started_; }
  DiskThread(const DiskThread&) = delete;
  DiskThread& operator=(const DiskThread&) = delete;

  // Requires: numbers rise. If the batch stays with the loop (has_inline_batch()), save_inline() or flush_to_thread()
  // must follow at the end of this turn.
  void save(uint64_t number, store::Batch batch, bool is_leader = false);
  bool has_inline_batch() const { return !inline_batch_.empty(); }
  // Hands the inline batch to the thread after all: the loop is about to wait.
  void flush_to_thread();
  // Saves the inline batch on this thread. Returns false if another thread has taken the loop over meanwhile: then
  // nothing that belongs to the loop may be touched, this included. Requires: has_inline_batch(), and no callback of
  // the loop is running.
  bool save_inline();
  InlineSavePolicy& inline_policy() { return inline_policy_; }

  // After disk_full: there may be space now.
  void retry();
  // To be made by another thread while it is not there.
  store::Spare& spare() { return storage_->spare(); }
  // Saved beside the numbered batches, without a report.
  void remember(store::DataDirIds peers);
  const Counters& counters() const { return counters_; }

 private:
  struct Report {
    uint64_t save = 0;
    uint64_t given = 0;  // how much of what the thread was given is done with this
    raft::Time took;
    bool is_inline = false, has_lost_loop = false;
    bool is_last = false;  // the thread ends with it, if it finds no space
    store::WalCounters counters;
    Result<> result;
    bool is_disk_full() const { return !result && result.error().code == Error::Code::no_space; }
  };
  void run();
  bool wait_for_work(bool has_stuck);
  void take_work(std::vector<store::Batch>& batches, Report& report);
  void save_all(const std::vector<store::Batch>& batches, Report& report);
  void requeue(std::vector<store::Batch>&& batches, uint64_t save);
  bool may_be_inline(const store::Batch& batch, bool is_leader);
  void note(Report& report);

  LoopRelease& handoff_;
  std::mutex storage_mutex_;  // held during a save, by whichever thread
  std::unique_ptr<store::Storage> storage_;
  std::optional<Error> broken_;  // the error that ended it: nothing is saved any more
  Events events_;
  Counters counters_;
  bool has_failed_ = false;
  transport::AsyncQueue<Report> reports_;

  // The loop's.
  InlineSavePolicy inline_policy_;
  bool is_saving_inline_ = false;
  std::vector<store::Batch> inline_batch_;
  uint64_t inline_bytes_ = 0;
  uint64_t inline_up_to_ = 0;
  uint64_t reported_ = 0;  // saves
  uint64_t given_done_ = 0;

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::vector<store::Batch> waiting_;
  uint64_t last_save_ = 0;
  uint64_t given_ = 0;
  bool is_ending_ = false;
  bool waits_for_space_ = false;
  Result<> started_;
  std::thread thread_;  // last: everything it uses is there before it starts
};

}  // namespace skiff

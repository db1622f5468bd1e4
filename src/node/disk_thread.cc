#include "src/node/disk_thread.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "raft/check.h"
#include "src/base/threads.h"

namespace skiff {

DiskThread::DiskThread(transport::Loop& loop, LoopRelease& handoff, std::unique_ptr<store::Storage> storage,
                       Events events)
    : handoff_(handoff),
      storage_(std::move(storage)),
      events_(std::move(events)),
      counters_{.log = storage_->counters()},
      reports_(loop, [this](std::vector<Report>&& reports) {
        for (Report& each : reports) note(each);
      }) {
  CHECK(events_.saved && events_.failed && events_.disk_full);
  auto thread = start_thread("the disk", [this] { run(); });
  if (!thread) {
    started_ = tl::unexpected(thread.error());
    return;
  }
  thread_ = std::move(*thread);
}

// Takes the storage's mutex to wait for an inline save whose thread has lost the loop.
DiskThread::~DiskThread() {
  flush_to_thread();
  {
    std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  has_work_.notify_one();
  if (thread_.joinable()) thread_.join();
  std::lock_guard storage(storage_mutex_);
}

// ---- on the loop

void DiskThread::save(uint64_t number, store::Batch batch, bool is_leader) {
  CHECK(number > inline_up_to_);
  const bool is_inline = may_be_inline(batch, is_leader);
  inline_bytes_ += InlineSavePolicy::bytes_of(batch.entries);
  inline_batch_.push_back(std::move(batch));
  inline_up_to_ = number;
  if (!is_inline) flush_to_thread();
}

// The policy is asked about every save, because it counts input from one to the next.
bool DiskThread::may_be_inline(const store::Batch& batch, bool is_leader) {
  const uint64_t bytes = inline_bytes_ + InlineSavePolicy::bytes_of(batch.entries);
  const bool is_allowed =
      inline_policy_.allows({.is_leader = is_leader, .entries = batch.entries.size(), .bytes = bytes});
  if (!is_allowed || has_failed_ || is_saving_inline_) return false;
  std::lock_guard lock(mutex_);
  CHECK(given_done_ <= given_);
  return given_ == given_done_;
}

void DiskThread::flush_to_thread() {
  if (inline_batch_.empty()) return;
  if (!has_failed_) {
    std::lock_guard lock(mutex_);
    CHECK(inline_up_to_ >= last_save_);
    last_save_ = inline_up_to_;
    ++given_;
    std::move(inline_batch_.begin(), inline_batch_.end(), std::back_inserter(waiting_));
  }
  inline_batch_.clear();
  inline_bytes_ = 0;
  has_work_.notify_one();
}

// Batches that find no space are left to the thread. If this thread has lost the loop it holds the storage's mutex
// until its report is pushed, and the destructor waits for that.
bool DiskThread::save_inline() {
  CHECK(has_inline_batch());
  CHECK(!is_saving_inline_);
  std::unique_lock storage(storage_mutex_);
  is_saving_inline_ = true;
  std::vector<store::Batch> batches = std::exchange(inline_batch_, {});
  inline_bytes_ = 0;
  Report done{.save = inline_up_to_, .given = given_done_, .is_inline = true};
  const bool has_loop = handoff_.release_loop_while([&] {
    save_all(batches, done);
    if (done.is_disk_full()) requeue(std::move(batches), done.save);
  });
  if (!has_loop) {
    done.has_lost_loop = true;
    reports_.push(std::move(done));
    return false;
  }
  storage.unlock();
  CHECK(is_saving_inline_);
  note(done);
  return true;
}

void DiskThread::note(Report& report) {
  if (report.is_inline) is_saving_inline_ = false;
  if (has_failed_) return;
  counters_.log = report.counters;
  if (report.is_disk_full()) return events_.disk_full(report.result.error());
  has_failed_ = !report.result;
  if (has_failed_) return events_.failed(report.result.error());
  inline_policy_.note_saved(report.took);
  counters_.saved_on_loop += report.is_inline;
  counters_.loop_taken_over += report.has_lost_loop;
  counters_.slowest_sync = std::max(counters_.slowest_sync, report.took);
  CHECK(counters_.loop_taken_over <= counters_.saved_on_loop);
  given_done_ = std::max(given_done_, report.given);
  reported_ = std::max(reported_, report.save);
  CHECK(reported_ <= inline_up_to_);
  events_.saved(reported_, report.took);
}

void DiskThread::retry() {
  {
    std::lock_guard lock(mutex_);
    waits_for_space_ = false;
  }
  has_work_.notify_one();
}

void DiskThread::remember(store::DataDirIds peers) {
  flush_to_thread();
  {
    std::lock_guard lock(mutex_);
    ++given_;
    waiting_.push_back({.peers = std::move(peers)});
  }
  has_work_.notify_one();
}

// ---- on either thread

// Requires: storage_mutex_ is held.
void DiskThread::save_all(const std::vector<store::Batch>& batches, Report& report) {
  CHECK(!batches.empty());
  auto began = std::chrono::steady_clock::now();
  report.result = broken_ ? Result<>(tl::unexpected(*broken_)) : storage_->save(batches);
  if (!report.result && !report.is_disk_full()) broken_ = report.result.error();
  auto took = std::chrono::steady_clock::now() - began;
  report.took = raft::Time::of_ns(static_cast<uint64_t>(std::chrono::nanoseconds(took).count()));
  report.counters = storage_->counters();
}

// In front of what was given to the thread meanwhile.
void DiskThread::requeue(std::vector<store::Batch>&& batches, uint64_t save) {
  std::lock_guard lock(mutex_);
  waits_for_space_ = true;
  last_save_ = std::max(last_save_, save);
  ++given_;
  waiting_.insert(waiting_.begin(), std::make_move_iterator(batches.begin()), std::make_move_iterator(batches.end()));
}

// ---- on its own

// False: the thread is to end.
bool DiskThread::wait_for_work(bool has_stuck) {
  std::unique_lock lock(mutex_);
  has_work_.wait(lock, [&] {
    const bool has_any = !waiting_.empty() || has_stuck;
    return is_ending_ || (has_any && !waits_for_space_);
  });
  return !waiting_.empty() || has_stuck;
}

// Behind the batches that found no space the last time.
void DiskThread::take_work(std::vector<store::Batch>& batches, Report& report) {
  std::lock_guard lock(mutex_);
  std::move(waiting_.begin(), waiting_.end(), std::back_inserter(batches));
  waiting_.clear();
  report.save = last_save_;
  report.given = given_;
  report.is_last = is_ending_;
}

void DiskThread::run() {
  std::vector<store::Batch> batches;
  while (wait_for_work(!batches.empty())) {
    Report report;
    {
      std::lock_guard storage(storage_mutex_);
      take_work(batches, report);
      save_all(batches, report);
    }
    if (report.result) batches.clear();
    const bool is_end = !report.result && (!report.is_disk_full() || report.is_last);
    if (report.is_disk_full()) {
      std::lock_guard lock(mutex_);
      waits_for_space_ = true;
    }
    reports_.push(std::move(report));
    if (is_end) return;
  }
}

}  // namespace skiff

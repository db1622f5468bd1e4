#include "src/node/disk_thread.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "raft/check.h"
#include "src/base/threads.h"
#include "src/config/limits.h"

namespace skiff {

static uint64_t bytes_of(const store::Batch& batch) {
  uint64_t bytes = 0;
  for (const raft::Entry& entry : batch.entries) bytes += entry.payload ? entry.payload->size() : 0;
  return bytes;
}

DiskThread::DiskThread(transport::Loop& loop, std::unique_ptr<store::Storage> storage, Events events)
    : storage_(std::move(storage)),
      events_(std::move(events)),
      counters_(storage_->counters()),
      reports_(loop, [this](std::vector<Report>&& reports) {
        for (Report& each : reports) report(each);
      }) {
  auto thread = start_thread("the disk", [this] { run(); });
  if (!thread) {
    started_ = tl::unexpected(thread.error());
    return;
  }
  thread_ = std::move(*thread);
}

// Who saves here, and was left behind by the loop, is waited for, too.
DiskThread::~DiskThread() {
  give_over();
  {
    std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  has_work_.notify_one();
  if (thread_.joinable()) thread_.join();
  std::lock_guard storage(storage_mutex_);
}

// ---- on the loop

void DiskThread::save(uint64_t number, store::Batch batch, bool may_be_here) {
  const bool is_here = may_be_here && is_here_quicker(batch);
  here_bytes_ += bytes_of(batch);
  here_.push_back(std::move(batch));
  CHECK(number > here_up_to_);
  here_up_to_ = number;
  if (!is_here) give_over();
}

bool DiskThread::is_here_quicker(const store::Batch& batch) {
  if (has_failed_ || is_saving_here_) return false;
  if (average_ns_ > limits::kQuickSyncNs) return false;
  if (here_bytes_ + bytes_of(batch) > limits::kSavedHereBytesMax) return false;
  std::lock_guard lock(mutex_);
  return given_ == given_done_;
}

void DiskThread::give_over() {
  if (here_.empty()) return;
  if (!has_failed_) {
    std::lock_guard lock(mutex_);
    last_save_ = here_up_to_;
    ++given_;
    std::move(here_.begin(), here_.end(), std::back_inserter(waiting_));
  }
  here_.clear();
  here_bytes_ = 0;
  has_work_.notify_one();
}

// What found no room is left to the thread. Who has been left behind holds the lock until it has said what became of
// it: who destroys this waits for that.
bool DiskThread::save_here(const StepAside& step_aside) {
  CHECK(!here_.empty() && !is_saving_here_);
  std::unique_lock storage(storage_mutex_);
  is_saving_here_ = true;
  std::vector<store::Batch> batches = std::exchange(here_, {});
  here_bytes_ = 0;
  Report done{.save = here_up_to_, .given = given_done_, .is_here = true};
  const bool is_ours = step_aside([&] {
    carry_out(batches, done);
    const bool has_no_room = !done.result && done.result.error().code == Error::Code::no_space;
    if (has_no_room) keep(std::move(batches), done.save);
  });
  if (!is_ours) {
    done.is_left_behind = true;
    reports_.push(std::move(done));
    return false;
  }
  storage.unlock();
  report(done);
  return true;
}

void DiskThread::report(Report& report) {
  is_saving_here_ = false;
  if (has_failed_) return;
  counters_ = report.counters;
  if (!report.result && report.result.error().code == Error::Code::no_space) {
    return events_.no_room(report.result.error());
  }
  has_failed_ = !report.result;
  if (has_failed_) return events_.failed(report.result.error());
  average_ns_ = (average_ns_ * 7 + std::min(report.took_ns, limits::kSlowSyncNs)) / 8;
  saved_here_ += report.is_here;
  left_behind_ += report.is_left_behind;
  given_done_ = std::max(given_done_, report.given);
  reported_ = std::max(reported_, report.save);
  events_.saved(reported_, report.took_ns);
}

void DiskThread::try_again() {
  {
    std::lock_guard lock(mutex_);
    waits_for_room_ = false;
  }
  has_work_.notify_one();
}

void DiskThread::remember(store::DataDirIds peers) {
  give_over();
  {
    std::lock_guard lock(mutex_);
    ++given_;
    waiting_.push_back({.peers = std::move(peers)});
  }
  has_work_.notify_one();
}

// ---- on either thread

// Requires: storage_mutex_ is held.
void DiskThread::carry_out(const std::vector<store::Batch>& batches, Report& report) {
  auto began = std::chrono::steady_clock::now();
  report.result = broken_ ? Result<>(tl::unexpected(*broken_)) : storage_->save(batches);
  if (!report.result && report.result.error().code != Error::Code::no_space) broken_ = report.result.error();
  auto took = std::chrono::steady_clock::now() - began;
  report.took_ns = static_cast<uint64_t>(std::chrono::nanoseconds(took).count());
  report.counters = storage_->counters();
}

// In front of what has been given to the thread meanwhile.
void DiskThread::keep(std::vector<store::Batch>&& batches, uint64_t save) {
  std::lock_guard lock(mutex_);
  waits_for_room_ = true;
  last_save_ = std::max(last_save_, save);
  ++given_;
  waiting_.insert(waiting_.begin(), std::make_move_iterator(batches.begin()), std::make_move_iterator(batches.end()));
}

// ---- on its own

// False: that is all, for ever.
bool DiskThread::wait_for_work(bool has_stuck) {
  std::unique_lock lock(mutex_);
  has_work_.wait(lock, [&] {
    const bool has_any = !waiting_.empty() || has_stuck;
    return is_ending_ || (has_any && !waits_for_room_);
  });
  return !waiting_.empty() || has_stuck;
}

// What waits, behind what found no room the last time.
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
      carry_out(batches, report);
    }
    if (report.result) batches.clear();
    const bool has_no_room = !report.result && report.result.error().code == Error::Code::no_space;
    const bool is_end = !report.result && (!has_no_room || report.is_last);
    if (has_no_room) {
      std::lock_guard lock(mutex_);
      waits_for_room_ = true;
    }
    reports_.push(std::move(report));
    if (is_end) return;
  }
}

}  // namespace skiff

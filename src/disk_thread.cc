#include "src/disk_thread.h"

#include <chrono>
#include <iterator>
#include <utility>

#include "raft/check.h"

namespace skiff {

DiskThread::DiskThread(transport::Loop& loop, std::unique_ptr<store::Storage> storage, Events events)
    : storage_(std::move(storage)),
      events_(std::move(events)),
      counters_(storage_->counters()),
      reports_(loop, [this](std::vector<Report>&& reports) { report(std::move(reports)); }),
      thread_([this] { run(); }) {}

DiskThread::~DiskThread() {
  {
    std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  has_work_.notify_one();
  thread_.join();
}

void DiskThread::save(uint64_t number, store::Batch batch) {
  {
    std::lock_guard lock(mutex_);
    CHECK(number > last_save_);
    last_save_ = number;
    waiting_.push_back(std::move(batch));
  }
  has_work_.notify_one();
}

void DiskThread::try_again() {
  {
    std::lock_guard lock(mutex_);
    waits_for_room_ = false;
  }
  has_work_.notify_one();
}

// Takes what waits, behind what found no room the last time. False: that is all, for ever.
bool DiskThread::take_work(std::vector<store::Batch>& batches, Report& report) {
  std::unique_lock lock(mutex_);
  has_work_.wait(lock, [&] {
    const bool has_any = !waiting_.empty() || !batches.empty();
    return is_ending_ || (has_any && !waits_for_room_);
  });
  if (waiting_.empty() && batches.empty()) return false;
  std::move(waiting_.begin(), waiting_.end(), std::back_inserter(batches));
  waiting_.clear();
  report.save = last_save_;
  report.is_last = is_ending_;
  return true;
}

void DiskThread::remember(store::Instances peers) {
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back({.peers = std::move(peers)});
  }
  has_work_.notify_one();
}

void DiskThread::run() {
  std::vector<store::Batch> batches;
  for (;;) {
    Report report;
    if (!take_work(batches, report)) return;
    auto began = std::chrono::steady_clock::now();
    report.result = storage_->save(batches);
    auto took = std::chrono::steady_clock::now() - began;
    report.took_ns = static_cast<uint64_t>(std::chrono::nanoseconds(took).count());
    report.counters = storage_->counters();
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

void DiskThread::report(std::vector<Report>&& reports) {
  for (Report& report : reports) {
    if (has_failed_) return;
    counters_ = report.counters;
    if (!report.result && report.result.error().code == Error::Code::no_space) {
      events_.no_room(report.result.error());
      continue;
    }
    has_failed_ = !report.result;
    if (has_failed_) return events_.failed(report.result.error());
    events_.saved(report.save, report.took_ns);
  }
}

}  // namespace skiff

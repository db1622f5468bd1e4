#include "src/disk_thread.h"

#include <chrono>
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

void DiskThread::remember(store::Instances peers) {
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back({.peers = std::move(peers)});
  }
  has_work_.notify_one();
}

void DiskThread::run() {
  for (;;) {
    std::vector<store::Batch> batches;
    Report report;
    {
      std::unique_lock lock(mutex_);
      has_work_.wait(lock, [this] { return !waiting_.empty() || is_ending_; });
      if (waiting_.empty()) return;
      batches.swap(waiting_);
      report.save = last_save_;
    }
    auto began = std::chrono::steady_clock::now();
    report.result = storage_->save(batches);
    auto took = std::chrono::steady_clock::now() - began;
    report.took_ns = static_cast<uint64_t>(std::chrono::nanoseconds(took).count());
    report.counters = storage_->counters();
    bool has_failed = !report.result;
    reports_.push(std::move(report));
    if (has_failed) return;
  }
}

void DiskThread::report(std::vector<Report>&& reports) {
  for (Report& report : reports) {
    if (has_failed_) return;
    counters_ = report.counters;
    has_failed_ = !report.result;
    if (has_failed_) return events_.failed(report.result.error());
    events_.saved(report.save, report.took_ns);
  }
}

}  // namespace skiff

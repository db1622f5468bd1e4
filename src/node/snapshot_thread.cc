#include "src/node/snapshot_thread.h"

#include <utility>

#include "raft/check.h"
#include "src/base/threads.h"

namespace skiff {

SnapshotThread::SnapshotThread(transport::Loop& loop, std::unique_ptr<store::Snapshots> snapshots, Events events)
    : snapshots_(std::move(snapshots)),
      events_(std::move(events)),
      reports_(loop, [this](std::vector<Report>&& reports) { drain(std::move(reports)); }) {
  CHECK(snapshots_ != nullptr);
  auto thread = start_thread("snapshots", [this] { run(); });
  if (!thread) {
    started_ = tl::unexpected(thread.error());
    return;
  }
  thread_ = std::move(*thread);
}

SnapshotThread::~SnapshotThread() {
  {
    std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  has_work_.notify_one();
  if (thread_.joinable()) thread_.join();
}

// ---- on the loop

void SnapshotThread::write(SnapshotBytes bytes) {
  CHECK(bytes.bytes != nullptr);
  add(std::move(bytes));
}

void SnapshotThread::read(raft::NodeId for_node, raft::LogPosition position, uint64_t offset, uint64_t bytes_max) {
  add(Read{.for_node = for_node, .position = position, .offset = offset, .bytes_max = bytes_max});
}

void SnapshotThread::drop(store::Kv kv) { add(std::move(kv)); }

void SnapshotThread::make_spare(store::Spare& spare) { add(&spare); }

void SnapshotThread::scrub(const ScrubSchedule::Task& task) { add(task); }

void SnapshotThread::add(Job job) {
  {
    std::lock_guard lock(mutex_);
    CHECK(!is_ending_);
    jobs_.push_back(std::move(job));
  }
  has_work_.notify_one();
}

void SnapshotThread::drain(std::vector<Report>&& reports) {
  for (Report& report : reports) {
    if (has_failed_) return;
    std::visit([this](auto& body) { note(body); }, report);
  }
}

void SnapshotThread::note(const Error& error) {
  CHECK(!has_failed_);
  has_failed_ = true;
  events_.failed(error);
}

// ---- on its own

void SnapshotThread::run() {
  while (std::optional<Job> job = next_job()) {
    Report done = std::visit([this](auto& body) { return do_job(body); }, *job);
    const bool has_failed = std::holds_alternative<Error>(done);
    if (!std::holds_alternative<std::monostate>(done)) reports_.push(std::move(done));
    if (snapshots_->has_news()) reports_.push(snapshots_->news());
    if (has_failed) return;
  }
}

// Waits for one. Nothing: the thread is to end.
std::optional<SnapshotThread::Job> SnapshotThread::next_job() {
  std::unique_lock lock(mutex_);
  has_work_.wait(lock, [this] { return !jobs_.empty() || is_ending_; });
  if (is_ending_) return std::nullopt;
  std::optional<Job> job = std::move(jobs_.front());
  jobs_.pop_front();
  return job;
}

SnapshotThread::Report SnapshotThread::do_job(SnapshotBytes& bytes) {
  auto result = write_snapshot(*snapshots_, std::move(bytes));
  if (!result) return result.error();
  return std::move(*result);
}

SnapshotThread::Report SnapshotThread::do_job(const Read& read) {
  return ReadDone{.for_node = read.for_node,
                  .result = read_snapshot(*snapshots_, read.position, read.offset, read.bytes_max)};
}

SnapshotThread::Report SnapshotThread::do_job(store::Kv& kv) {
  const store::Kv destroyed = std::move(kv);
  return {};
}

SnapshotThread::Report SnapshotThread::do_job(store::Spare* spare) {
  CHECK(spare != nullptr);
  auto made = spare->make();
  if (made) return SpareMade{};
  if (made.error().code == Error::Code::no_space) return SpareMade{to_text(made.error())};
  return made.error();
}

SnapshotThread::Report SnapshotThread::do_job(const ScrubSchedule::Task& task) {
  {
    std::lock_guard lock(mutex_);
    if (!jobs_.empty()) return ScrubDone{};
  }
  return ScrubDone{snapshots_->scrub(task.begins, task.bytes)};
}

}  // namespace skiff

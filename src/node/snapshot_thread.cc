#include "src/node/snapshot_thread.h"

#include <utility>

#include "src/base/threads.h"

namespace skiff {

SnapshotThread::SnapshotThread(transport::Loop& loop, std::unique_ptr<store::Snapshots> snapshots, Events events)
    : snapshots_(std::move(snapshots)),
      events_(std::move(events)),
      reports_(loop, [this](std::vector<Report>&& reports) { report(std::move(reports)); }) {
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

void SnapshotThread::write(SnapshotBytes bytes) { add(std::move(bytes)); }

void SnapshotThread::read(raft::NodeId for_node, raft::LogPosition position, uint64_t offset, uint64_t bytes) {
  add(Read{.for_node = for_node, .position = position, .offset = offset, .bytes = bytes});
}

void SnapshotThread::drop(store::Kv kv) { add(std::move(kv)); }

void SnapshotThread::make_spare(store::Spare& spare) { add(&spare); }

void SnapshotThread::scrub(Scrubbing::AdminRequest order) { add(order); }

void SnapshotThread::add(Job job) {
  {
    std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  has_work_.notify_one();
}

void SnapshotThread::run() {
  for (;;) {
    std::optional<Job> job;
    {
      std::unique_lock lock(mutex_);
      has_work_.wait(lock, [this] { return !jobs_.empty() || is_ending_; });
      if (is_ending_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    if (std::holds_alternative<store::Kv>(*job)) continue;  // and it is gone
    Report done;
    if (auto* bytes = std::get_if<SnapshotBytes>(&*job)) {
      done = do_job(*bytes);
    } else if (auto* read = std::get_if<Read>(&*job)) {
      done = do_job(*read);
    } else if (auto* spare = std::get_if<store::Spare*>(&*job)) {
      done = do_job(*spare);
    } else {
      done = do_job(std::get<Scrubbing::AdminRequest>(*job));
    }
    bool has_failed = std::holds_alternative<Error>(done);
    reports_.push(std::move(done));
    if (snapshots_->has_news()) reports_.push(snapshots_->news());
    if (has_failed) return;
  }
}

SnapshotThread::Report SnapshotThread::do_job(SnapshotBytes& bytes) {
  auto taken = snapshots_->write({.mark = bytes.mark,
                                  .offset = bytes.offset,
                                  .bytes = *bytes.bytes,
                                  .is_last = bytes.is_last,
                                  .is_fetched = bytes.is_fetched});
  if (!taken && taken.error().code == Error::Code::io) return taken.error();
  Written written{.what = {.mark = std::move(bytes.mark),
                           .end = bytes.offset + bytes.bytes->size(),
                           .is_last = bytes.is_last,
                           .is_fetched = bytes.is_fetched,
                           .has_failed = !taken},
                  .error = taken ? "" : to_text(taken.error())};
  if (taken) written.what.loaded = std::move(*taken);
  return written;
}

// What cannot be read, is not there.
SnapshotThread::Report SnapshotThread::do_job(const Read& read) {
  Piece answer{.for_node = read.for_node, .piece = {.position = read.position, .offset = read.offset}};
  auto piece = snapshots_->read(read.position.index, read.offset, read.bytes);
  if (piece) {
    answer.piece.is_last = piece->is_last;
    answer.piece.bytes = std::make_shared<const std::string>(std::move(piece->bytes));
  } else if (piece.error().code != Error::Code::unavailable) {
    answer.error = to_text(piece.error());
  }
  return answer;
}

SnapshotThread::Report SnapshotThread::do_job(store::Spare* spare) {
  auto made = spare->make();
  if (made) return SpareMade{};
  if (made.error().code == Error::Code::no_space) return SpareMade{to_text(made.error())};
  return made.error();
}

SnapshotThread::Report SnapshotThread::do_job(Scrubbing::AdminRequest order) {
  {
    std::lock_guard lock(mutex_);
    if (!jobs_.empty()) return Scrubbed{};
  }
  return Scrubbed{snapshots_->scrub(order.begins, order.bytes)};
}

void SnapshotThread::report(std::vector<Report>&& reports) {
  for (Report& report : reports) {
    if (has_failed_) return;
    if (auto* written = std::get_if<Written>(&report)) {
      events_.written(std::move(written->what), written->error);
    } else if (auto* piece = std::get_if<Piece>(&report)) {
      events_.read(piece->for_node, std::move(piece->piece), piece->error);
    } else if (const auto* spare = std::get_if<SpareMade>(&report)) {
      events_.spare_made(spare->error);
    } else if (const auto* scrubbed = std::get_if<Scrubbed>(&report)) {
      events_.scrubbed(scrubbed->what ? &*scrubbed->what : nullptr);
    } else if (const auto* news = std::get_if<store::Snapshots::Scrubbed>(&report)) {
      events_.noted(*news);
    } else {
      has_failed_ = true;
      events_.failed(std::get<Error>(report));
    }
  }
}

}  // namespace skiff

#include "src/base/log_queue.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "raft/check.h"
#include "src/base/threads.h"
#include "src/base/try.h"

namespace skiff::log {

bool write_all(int descriptor, std::string_view text, bool& is_torn) {
  const size_t bytes = text.size();
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd room{.fd = descriptor, .events = POLLOUT, .revents = 0};
      ::poll(&room, 1, -1);
    } else if (errno != EINTR) {
      break;
    }
  }
  if (text.size() < bytes) is_torn = !text.empty();
  return text.empty();
}

Result<std::unique_ptr<LogQueue>> LogQueue::start(int descriptor, const Limits& limits, DescribeDropped describe) {
  CHECK(descriptor >= 0);
  CHECK(limits.lines_max > 0);
  CHECK(describe != nullptr);
  std::unique_ptr<LogQueue> queue(new LogQueue(descriptor, limits, std::move(describe)));
  TRY(queue->thread_, start_thread("the log", [queue = queue.get()] { queue->run(); }));
  return queue;
}

LogQueue::~LogQueue() {
  {
    std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  has_news_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void LogQueue::add(std::string line) {
  {
    std::lock_guard lock(mutex_);
    if (!has_room(line.size())) {
      ++dropped_;
      return;
    }
    push_count();
    push(std::move(line));
  }
  has_news_.notify_one();
}

void LogQueue::add_always(std::string line) {
  {
    std::lock_guard lock(mutex_);
    push_count();
    push(std::move(line));
  }
  has_news_.notify_one();
}

bool LogQueue::flush_within(raft::Time timeout) {
  std::unique_lock lock(mutex_);
  return is_idle_.wait_for(lock, std::chrono::nanoseconds(timeout.ns()), [this] { return !has_work(); });
}

// After a drop, half of the queue must be free before lines are taken again: else every other line would be a count.
bool LogQueue::has_room(size_t bytes) const {
  const size_t share = dropped_ == 0 ? 1 : 2;
  return lines_.size() < limits_.lines_max / share && bytes_ + bytes <= limits_.bytes_max / share;
}

void LogQueue::push(std::string line) {
  bytes_ += line.size();
  lines_.push_back({.text = std::move(line)});
}

void LogQueue::push_count() {
  if (dropped_ == 0) return;
  push(describe_(dropped_));
  lines_.back().stands_for = std::exchange(dropped_, 0);
}

// A count that could not be written is tried again with the next line, not continuously.
bool LogQueue::has_work() const { return !lines_.empty() || (dropped_ > 0 && !is_broken_); }

void LogQueue::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    has_news_.wait(lock, [this] { return has_work() || is_ending_; });
    if (!has_work()) return;
    if (lines_.empty()) push_count();
    write_first(lock);
    if (!has_work()) is_idle_.notify_all();
  }
}

// The line stays in the queue meanwhile, because its bytes count until they are written. References into a deque stay
// valid when it grows at its end.
void LogQueue::write_first(std::unique_lock<std::mutex>& lock) {
  Line& line = lines_.front();
  const std::string text = (is_torn_ ? "\n" : "") + std::exchange(line.text, {});
  const size_t bytes = text.size() - (is_torn_ ? 1 : 0);
  lock.unlock();
  bool is_torn = is_torn_;
  const bool is_written = write_all(descriptor_, text, is_torn);
  lock.lock();
  is_torn_ = is_torn;
  is_broken_ = !is_written;
  if (!is_written) dropped_ += line.stands_for;
  bytes_ -= bytes;
  lines_.pop_front();
}

}  // namespace skiff::log

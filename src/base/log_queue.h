// LogQueue: lines on their way to a descriptor that may be slow.
//
// A thread of its own writes them, one write for each line, so that the lines of several processes at one terminal do
// not mix. add() never waits: a pipe that is not read, or a terminal that Ctrl-S has stopped, holds up that thread
// alone.
//
// Failures: the queue is full. Then lines are dropped and counted until half of it is free again, and the count is the
// next line. A line that cannot be written (the reader is gone, the disk is full) counts as dropped, too.
//
// Always: lines are written in the order in which they were added, and each line is written, still queued, or counted.
//
// No CHECK stands under its lock, because the line of a broken invariant goes through this queue.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "raft/time.h"
#include "src/base/result.h"

namespace skiff::log {

// Writes all of it, and waits as long as it takes, even if the descriptor does not block. Returns false if it cannot be
// written; if a part of it was, is_torn is set.
bool write_all(int descriptor, std::string_view text, bool& is_torn);

class LogQueue {
 public:
  struct Limits {
    size_t lines_max = 8192;
    size_t bytes_max = size_t{1} << 20;
  };
  // Makes the complete line that says how many were dropped. Called on any thread, one at a time; must not add lines.
  using DescribeDropped = std::function<std::string(uint64_t lines)>;

  // An error if no thread can be started.
  static Result<std::unique_ptr<LogQueue>> start(int descriptor, const Limits& limits, DescribeDropped describe);
  // Waits until all lines are written.
  ~LogQueue();
  LogQueue(const LogQueue&) = delete;
  LogQueue& operator=(const LogQueue&) = delete;

  // Adds a complete line, with its newline.
  void add(std::string line);
  // The same, even if the queue is full: for the last lines of a process.
  void add_always(std::string line);
  // Waits until all lines added before are written. Returns false if that takes longer.
  bool flush_within(raft::Time timeout);

 private:
  struct Line {
    std::string text;
    uint64_t stands_for = 1;  // lines; more than one if the text is the count of dropped ones
  };
  LogQueue(int descriptor, const Limits& limits, DescribeDropped describe)
      : descriptor_(descriptor), limits_(limits), describe_(std::move(describe)) {}

  bool has_room(size_t bytes) const;
  void push(std::string line);
  void push_count();
  bool has_work() const;
  void run();
  void write_first(std::unique_lock<std::mutex>& lock);

  const int descriptor_;
  const Limits limits_;
  const DescribeDropped describe_;

  std::mutex mutex_;
  std::condition_variable has_news_;
  std::condition_variable is_idle_;
  std::deque<Line> lines_;  // the first may be being written
  size_t bytes_ = 0;        // of lines_
  uint64_t dropped_ = 0;    // since the last count
  bool is_broken_ = false;  // the last line could not be written
  bool is_torn_ = false;    // and a part of it was
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace skiff::log

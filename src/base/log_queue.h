// LogQueue: lines on their way to a descriptor that may take its time.
//
// A thread of its own writes them, one write for each line, so that the lines of several processes at one terminal stay
// whole. add() never waits: a pipe that is not read, or a terminal that Ctrl-S has stopped, holds up that thread alone.
//
// What can go wrong: the queue is full. Lines are dropped and counted until half of it is free again; then the count is
// the next line. A line that cannot be written (no reader is left, the disk is full) counts as dropped, too.
//
// Always: lines are written in the order in which they were added, and each one is written, still here, or counted.
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

#include "src/base/result.h"

namespace skiff::log {

// Waits as long as it takes, also where the descriptor does not block. False: it cannot be written; the beginning of it
// may have been, and then is_torn is set.
bool write_all(int descriptor, std::string_view text, bool& is_torn);

class LogQueue {
 public:
  struct Limits {
    size_t lines_max = 8192;
    size_t bytes_max = size_t{1} << 20;
  };
  // The whole line that says how many were dropped. Called on any thread, one at a time; must not add anything.
  using DescribeDropped = std::function<std::string(uint64_t lines)>;

  // An error if no thread is to be had.
  static Result<std::unique_ptr<LogQueue>> start(int descriptor, const Limits& limits, DescribeDropped describe);
  // Waits until all of it is written.
  ~LogQueue();
  LogQueue(const LogQueue&) = delete;
  LogQueue& operator=(const LogQueue&) = delete;

  // A whole line, with its end.
  void add(std::string line);
  // The same, also when the queue is full: for the last words of a process.
  void add_always(std::string line);
  // Waits until everything has been written that was added before; false if that takes longer.
  bool flush_within_ms(uint64_t timeout_ms);

 private:
  struct Line {
    std::string text;
    uint64_t stands_for = 1;  // lines: more, if it is the count of those that were dropped
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
  std::deque<Line> lines_;  // the first may be under way
  size_t bytes_ = 0;        // of lines_
  uint64_t dropped_ = 0;    // since the last count
  bool is_broken_ = false;  // the last line could not be written
  bool is_torn_ = false;    // and has begun
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace skiff::log

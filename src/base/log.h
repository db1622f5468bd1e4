// Log: one line per event that an operator cares about. A thin face on spdlog, so that its headers are compiled once.
//
// A node calls write_behind(), so that it never waits for the reader of its log. A tool or a test writes each line at
// once.
//
// Nothing is logged per request at the default level. Where a peer or a client could cause a flood, the line goes
// through a Limit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "raft/time.h"
#include "src/base/result.h"

namespace skiff::log {

enum class Level { debug, info, warn, error, off };

// "debug" "info" "warn" "error" "off"
Result<Level> parse_level(std::string_view name);

// Lines go to stderr: "<date> 12:00:00.123 info  node 2: leads at term 3".
// `name` ("node 2") stands in front of every line. Thread-safe; before start() lines come out without a name.
void start(Level level, std::string_view name);

// From now on a thread of its own writes the lines (src/base/log_queue.h). The last lines before the process ends
// (fatal(), a broken invariant) are waited for as by flush(). Requires: called once, after start(). An error if there
// is no thread.
Result<> write_behind();
// Waits, for a second at most, until all lines are written. For the end of a process.
void flush();

bool is_on(Level level);
void debug(std::string_view line);
void info(std::string_view line);
void warn(std::string_view line);
void error(std::string_view line);

// The last line of a node that cannot start or go on: printed at every level, and flushed as by flush().
void fatal(std::string_view line);
// The same; then ends the process with status 1.
[[noreturn]] void die(std::string_view line);

// Lets a line through at most once an interval, and says how many it held back.
class Limit {
 public:
  explicit Limit(raft::Time interval) : interval_(interval) {}
  // Like warn(), but limited. `now` is any monotonic clock.
  void warn(raft::Time now, std::string_view line);

 private:
  raft::Time interval_;
  raft::Time next_at_;
  uint64_t held_back_ = 0;
};

}  // namespace skiff::log

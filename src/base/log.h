// Log: one line per event that an operator cares about. A thin face on spdlog, so that its headers are compiled once.
//
// A node calls write_behind(), so that it never waits for whoever reads its log; a tool or a test writes each line at
// once.
//
// Nothing is logged per request at the default level. Where a peer or a client could cause a flood, the line goes
// through a LogLimit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/result.h"

namespace skiff::log {

enum class Level { debug, info, warn, error, off };

// "debug" "info" "warn" "error" "off"
Result<Level> parse_level(std::string_view name);

// Lines go to stderr: "<date> 12:00:00.123 info  node 2: leads at term 3".
// `who` ("node 2") stands in front of every line. Thread-safe; before start() lines come out without a name.
void start(Level level, std::string_view who);

// From now on a thread of its own writes the lines (src/base/log_queue.h), and what must be said by who cannot go on (a
// broken invariant too) is waited for no longer than flush() does. Once, after start(). An error if there is no thread.
Result<> write_behind();
// Waits for lines that are not written yet, but for no longer than a second: for the end of a process.
void flush();

bool is_on(Level level);
void debug(std::string_view line);
void info(std::string_view line);
void warn(std::string_view line);
void error(std::string_view line);

// The last line of a node that cannot start or go on: printed whatever the level, and flushed as by flush().
void fatal(std::string_view line);
// The same, and ends the process with status 1.
[[noreturn]] void die(std::string_view line);

// Lets a line through at most once an interval, and says how many it held back.
class Limit {
 public:
  explicit Limit(uint64_t interval_ms) : interval_ms_(interval_ms) {}
  // Like warn(), but limited. `now_ms` is any monotonic clock.
  void warn(uint64_t now_ms, std::string_view line);

 private:
  uint64_t interval_ms_;
  uint64_t next_ms_ = 0;
  uint64_t held_back_ = 0;
};

}  // namespace skiff::log

#include "src/base/log.h"

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>

namespace skiff::log {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
    case Level::off: return spdlog::level::off;
  }
  return spdlog::level::info;
}

// spdlog's logger is the one piece of global state: a program has one stderr.
spdlog::logger& logger() {
  static spdlog::logger instance("skiff", std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>());
  return instance;
}

}  // namespace

Result<Level> parse_level(std::string_view name) {
  if (name == "debug") return Level::debug;
  if (name == "info") return Level::info;
  if (name == "warn") return Level::warn;
  if (name == "error") return Level::error;
  if (name == "off") return Level::off;
  return fail(Error::Code::invalid, "\"" + std::string(name) + "\" is not one of debug, info, warn, error, off");
}

void start(Level level, std::string_view who) {
  logger().set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-5l%$ " + std::string(who) + ": %v");
  logger().set_level(to_spdlog(level));
}

bool is_on(Level level) { return logger().should_log(to_spdlog(level)); }
void debug(std::string_view line) { logger().debug("{}", line); }
void info(std::string_view line) { logger().info("{}", line); }
void warn(std::string_view line) { logger().warn("{}", line); }
void error(std::string_view line) { logger().error("{}", line); }

void fatal(std::string_view line) {
  const bool is_silent = !logger().should_log(spdlog::level::critical);
  if (is_silent) logger().set_level(spdlog::level::critical);
  logger().critical("{}", line);
  logger().flush();
  if (is_silent) logger().set_level(spdlog::level::off);
}

void die(std::string_view line) {
  fatal(line);
  std::_Exit(1);
}

void Limit::warn(uint64_t now_ms, std::string_view line) {
  if (now_ms < next_ms_) {
    ++held_back_;
    return;
  }
  std::string text(line);
  if (held_back_ > 0) text += " (and " + std::to_string(held_back_) + " more like it)";
  log::warn(text);
  next_ms_ = now_ms + interval_ms_;
  held_back_ = 0;
}

}  // namespace skiff::log

#include "src/base/log.h"

#include <spdlog/details/os.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

#include "raft/check.h"
#include "src/base/log_queue.h"
#include "src/base/threads.h"
#include "src/base/try.h"

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

constexpr raft::Time kFlushTimeout = 1_s;  // a log that is not read must not keep a process from ending

std::string_view colour_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::debug: return "\033[36m";
    case spdlog::level::info: return "\033[32m";
    case spdlog::level::warn: return "\033[33m\033[1m";
    case spdlog::level::err: return "\033[31m\033[1m";
    case spdlog::level::critical: return "\033[1m\033[41m";
    default: return "";
  }
}

std::string render(spdlog::formatter& formatter, const spdlog::details::log_msg& message) {
  static const bool kHasColours = spdlog::details::os::in_terminal(stderr) && spdlog::details::os::is_color_terminal();
  spdlog::memory_buf_t bytes;
  formatter.format(message, bytes);
  std::string line(bytes.data(), bytes.size());
  if (!kHasColours || message.color_range_end <= message.color_range_start) return line;
  line.insert(message.color_range_end, "\033[m");
  line.insert(message.color_range_start, colour_of(message.level));
  return line;
}

// The destination of the lines: stderr, at once or through a queue.
class Sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // The queue is never destroyed: its thread may still wait for a reader when the process ends.
  void write_to(std::unique_ptr<LogQueue> queue) {
    CHECK(queue != nullptr);
    CHECK(this->queue() == nullptr);
    std::lock_guard lock(mutex_);
    queue_ = queue.release();
  }
  LogQueue* queue() {
    std::lock_guard lock(mutex_);
    return queue_;
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::string line = render(*formatter_, message);
    if (queue_ == nullptr) {
      bool is_torn = false;
      write_all(STDERR_FILENO, line, is_torn);
    } else if (message.level == spdlog::level::critical) {
      queue_->add_always(std::move(line));
    } else {
      queue_->add(std::move(line));
    }
  }
  void flush_() override {}

  LogQueue* queue_ = nullptr;
};

// The one piece of global state: a program has one stderr. Never destroyed, like the queue.
struct Output {
  std::shared_ptr<Sink> sink = std::make_shared<Sink>();
  spdlog::logger logger{"skiff", sink};
  std::string pattern = "%+";
};

Output& output() {
  static Output& only = *new Output;
  return only;
}

spdlog::logger& logger() { return output().logger; }

[[noreturn]] void terminated() {
  fatal("ended by an exception: " + describe_exception());
  std::abort();
}

// Called with a complete line by a thread that is about to abort.
void say_at_the_end(const char* line) {
  LogQueue* queue = output().sink->queue();
  queue->add_always(line);
  queue->flush_within(kFlushTimeout);
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

void start(Level level, std::string_view name) {
  output().pattern = "%Y-%m-%d %H:%M:%S.%e %^%-5l%$ " + std::string(name) + ": %v";
  logger().set_pattern(output().pattern);
  logger().set_level(to_spdlog(level));
}

Result<> write_behind() {
  auto formatter = std::make_shared<spdlog::pattern_formatter>(output().pattern);
  const auto lost = [formatter](uint64_t lines) {
    const std::string text = "the log is not read fast enough: dropped " + std::to_string(lines) + " lines here";
    return render(*formatter, spdlog::details::log_msg("skiff", spdlog::level::warn, text));
  };
  TRY(auto queue, LogQueue::start(STDERR_FILENO, {}, lost));
  output().sink->write_to(std::move(queue));
  say_broken_invariant = say_at_the_end;
  std::set_terminate(terminated);
  return {};
}

void flush() {
  if (LogQueue* queue = output().sink->queue()) queue->flush_within(kFlushTimeout);
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
  flush();
  if (is_silent) logger().set_level(spdlog::level::off);
}

void die(std::string_view line) {
  fatal(line);
  std::_Exit(1);
}

void Limit::warn(raft::Time now, std::string_view line) {
  if (now < next_at_) {
    ++held_back_;
    return;
  }
  std::string text(line);
  if (held_back_ > 0) text += " (and " + std::to_string(held_back_) + " more like it)";
  log::warn(text);
  next_at_ = now + interval_;
  CHECK(next_at_ >= now);
  held_back_ = 0;
}

}  // namespace skiff::log

#include "src/base/log.h"

#include <unistd.h>

#include <cstdio>
#include <functional>

#include "tests/support/catch.h"

namespace skiff::log_test {

// Returns the output of `speak` on stderr.
std::string heard(const std::function<void()>& speak) {
  std::FILE* file = std::tmpfile();
  const int before = ::dup(STDERR_FILENO);
  std::fflush(stderr);
  ::dup2(::fileno(file), STDERR_FILENO);
  speak();
  std::fflush(stderr);
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  std::rewind(file);
  std::string text(100'000, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

TEST_CASE("a level is read by its name") {
  REQUIRE(log::parse_level("debug").value() == log::Level::debug);
  REQUIRE(log::parse_level("info").value() == log::Level::info);
  REQUIRE(log::parse_level("warn").value() == log::Level::warn);
  REQUIRE(log::parse_level("error").value() == log::Level::error);
  REQUIRE(log::parse_level("off").value() == log::Level::off);
  for (const char* wrong : {"", "Info", "warning", "debug "}) {
    auto level = log::parse_level(wrong);
    REQUIRE_FALSE(level.has_value());
    REQUIRE(level.error().what.find(std::string("\"") + wrong + "\" is not one of") != std::string::npos);
  }
}

TEST_CASE("lines below the level are not written, the others name who speaks") {
  log::start(log::Level::warn, "node 7");
  REQUIRE_FALSE(log::is_on(log::Level::info));
  REQUIRE(log::is_on(log::Level::warn));
  REQUIRE(heard([] { log::info("quiet"); }).empty());
  const std::string line = heard([] { log::warn("braces {} are no format"); });
  REQUIRE(line.find("warn") != std::string::npos);
  REQUIRE(line.ends_with("node 7: braces {} are no format\n"));
  log::start(log::Level::info, "test");
}

TEST_CASE("the last line of a node is written whatever the level, and no other with it") {
  for (log::Level level : {log::Level::info, log::Level::error, log::Level::off}) {
    log::start(level, "node 7");
    REQUIRE(heard([] { log::fatal("the end"); }).ends_with("node 7: the end\n"));
  }
  REQUIRE(heard([] { log::error("quiet"); }).empty());
  log::start(log::Level::info, "test");
}

TEST_CASE("a limit lets one line through an interval and counts the rest") {
  log::start(log::Level::info, "test");
  log::Limit limit(100_ms);
  REQUIRE(heard([&] { limit.warn(1000_ms, "first"); }).ends_with(": first\n"));
  REQUIRE(heard([&] { limit.warn(1001_ms, "second"); }).empty());
  REQUIRE(heard([&] { limit.warn(1099_ms, "third"); }).empty());
  REQUIRE(heard([&] { limit.warn(1100_ms, "fourth"); }).ends_with(": fourth (and 2 more like it)\n"));
  REQUIRE(heard([&] { limit.warn(1200_ms, "fifth"); }).ends_with(": fifth\n"));
}

}  // namespace skiff::log_test

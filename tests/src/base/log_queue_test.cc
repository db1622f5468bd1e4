#include "src/base/log_queue.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "raft/check.h"
#include "src/base/log.h"
#include "tests/support/catch.h"

namespace skiff::log_queue_test {

constexpr raft::Time kLong = 1_min;

using Lines = std::vector<std::string>;

// A pipe of a page, and what its reader gets of it.
class Pipe {
 public:
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    out_ = ends[0];
    in_ = ends[1];
    ::fcntl(in_, F_SETPIPE_SZ, 4096);
  }
  ~Pipe() {
    close_reader();
    ::close(in_);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int in() const { return in_; }
  void never_block() { REQUIRE(::fcntl(in_, F_SETFL, O_NONBLOCK) == 0); }
  // With one long line: the next byte has to wait.
  void fill() {
    never_block();
    std::string much(4096, '-');
    much.back() = '\n';
    while (::write(in_, much.data(), much.size()) > 0) {
    }
    REQUIRE(::fcntl(in_, F_SETFL, 0) == 0);
  }
  std::string next_line() {
    std::string line;
    for (char letter = 0; has_any_within(kLong) && ::read(out_, &letter, 1) == 1 && letter != '\n';) line += letter;
    return line;
  }
  Lines next_lines(size_t count) {
    Lines lines;
    while (lines.size() < count) lines.push_back(next_line());
    return lines;
  }
  bool has_any_within(raft::Time timeout) const {
    pollfd waiting{.fd = out_, .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, static_cast<int>(timeout.ms())) > 0;
  }
  bool is_empty() const { return !has_any_within(0_s); }
  std::string all() {  // once every writer is gone
    ::close(std::exchange(in_, -1));
    std::string text;
    for (char letter = 0; ::read(out_, &letter, 1) == 1;) text += letter;
    return text;
  }
  void close_reader() {
    if (out_ >= 0) ::close(std::exchange(out_, -1));
  }

 private:
  int out_ = -1;
  int in_ = -1;
};

std::unique_ptr<log::LogQueue> start(const Pipe& pipe, log::LogQueue::Limits limits = {}) {
  auto queue =
      log::LogQueue::start(pipe.in(), limits, [](uint64_t lines) { return "dropped " + std::to_string(lines) + "\n"; });
  REQUIRE(queue.has_value());
  return std::move(*queue);
}

Lines numbered(size_t count) {
  Lines lines;
  for (size_t number = 1; number <= count; ++number) lines.push_back("line " + std::to_string(number));
  return lines;
}

void add(log::LogQueue& queue, const Lines& lines) {
  for (const std::string& line : lines) queue.add(line + "\n");
}

TEST_CASE("lines are written in the order in which they were added, also through a pipe that is slow to take them") {
  for (bool never_blocks : {false, true}) {
    Pipe pipe;
    if (never_blocks) pipe.never_block();
    auto queue = start(pipe);
    add(*queue, numbered(2'000));
    REQUIRE(pipe.next_lines(2'000) == numbered(2'000));
    REQUIRE(queue->flush_within(kLong));
    REQUIRE(pipe.is_empty());
  }
}

TEST_CASE("what a full queue drops is counted, and the count is the next line") {
  Pipe pipe;
  pipe.fill();
  auto queue = start(pipe, {.lines_max = 8, .bytes_max = 1'000});
  add(*queue, numbered(20));  // one is under way and keeps its place
  REQUIRE_FALSE(queue->flush_within(1_ms));
  pipe.next_line();
  REQUIRE(pipe.next_lines(8) == numbered(8));
  REQUIRE(pipe.next_line() == "dropped 12");
  REQUIRE(queue->flush_within(kLong));
  add(*queue, {"goes on"});
  REQUIRE(pipe.next_line() == "goes on");
  REQUIRE(queue->flush_within(kLong));
  REQUIRE(pipe.is_empty());
}

TEST_CASE("a queue is full by bytes, too, and a line that is larger than all of it is dropped") {
  Pipe pipe;
  pipe.fill();
  auto queue = start(pipe, {.lines_max = 100, .bytes_max = 1'000});
  const std::string large(300, 'x'), huge(1'001, 'y');
  add(*queue, {large, large, large, large, "small"});  // once it drops, half must be free before it goes on
  pipe.next_line();
  REQUIRE(pipe.next_lines(4) == Lines{large, large, large, "dropped 2"});
  REQUIRE(queue->flush_within(kLong));
  add(*queue, {huge, "small"});
  REQUIRE(pipe.next_lines(2) == Lines{"dropped 1", "small"});
}

TEST_CASE("last words are taken by a full queue, behind the count of what was dropped") {
  Pipe pipe;
  pipe.fill();
  auto queue = start(pipe, {.lines_max = 2, .bytes_max = 1'000});
  add(*queue, numbered(5));
  queue->add_always("the end\n");
  pipe.next_line();
  REQUIRE(pipe.next_lines(4) == Lines{"line 1", "line 2", "dropped 3", "the end"});
}

TEST_CASE("lines that cannot be written are counted, and said when that works again") {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe, next;
  auto queue = start(pipe);
  pipe.close_reader();
  add(*queue, numbered(3));
  REQUIRE(queue->flush_within(kLong));  // there is nothing to wait for
  REQUIRE(::dup2(next.in(), pipe.in()) == pipe.in());
  add(*queue, {"goes on"});
  REQUIRE(next.next_lines(2) == Lines{"dropped 3", "goes on"});
}

void go_wrong() { throw std::runtime_error("unexpected"); }

// How a process ends that is started with `pipe` as its stderr; a signal as 128 and its number.
template <class Main>
int end_of(Pipe& pipe, Main main) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe.in(), STDERR_FILENO);
    pipe.close_reader();  // its parent has it
    std::signal(SIGABRT, SIG_DFL);
    log::start(log::Level::info, "node 7");
    if (!log::write_behind()) std::_Exit(99);
    main();
    std::_Exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST_CASE("last words stand behind the lines before them, whichever way a process ends") {
  struct Row {
    void (*end)();
    int status;
    std::string says;
  };
  const Row rows[] = {{[] { log::die("the end"); }, 1, "node 7: the end\n"},
                      {[] { log::flush(); }, 0, "node 7: line 99\n"},
                      {[] { CHECK(1 == 2); }, 128 + SIGABRT, "report this line\n"},
                      {[]() noexcept { go_wrong(); }, 128 + SIGABRT, "node 7: ended by an exception: unexpected\n"}};
  for (const Row& row : rows) {
    Pipe pipe;
    ::fcntl(pipe.in(), F_SETPIPE_SZ, 65'536);
    const int status = end_of(pipe, [&] {
      for (int number = 0; number < 100; ++number) log::info("line " + std::to_string(number));
      row.end();
    });
    const std::string text = pipe.all();
    INFO(text);
    REQUIRE(status == row.status);
    REQUIRE(text.ends_with(row.says));
    REQUIRE(text.find("line 99\n") != std::string::npos);
  }
}

TEST_CASE("a process ends, whichever way, though its log is not read") {
  struct Row {
    void (*end)();
    int status;
  };
  const Row rows[] = {{[] { log::die("the end"); }, 1},
                      {[] { log::flush(); }, 0},
                      {[] { CHECK(1 == 2); }, 128 + SIGABRT},
                      {[]() noexcept { go_wrong(); }, 128 + SIGABRT}};
  for (const Row& row : rows) {
    Pipe pipe;
    pipe.fill();
    const int status = end_of(pipe, [&] {
      log::info("a line");
      row.end();
    });
    REQUIRE(status == row.status);
  }
}

}  // namespace skiff::log_queue_test

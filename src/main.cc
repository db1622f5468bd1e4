// skiff: one node. Reads its options, opens, runs, stops on SIGTERM or SIGINT. Or one of its tools (src/tool/tool.h),
// if the first word names one.
//
// A name look-up that is under way cannot be cancelled, and may take as long as the resolver does. The end of the
// process waits for it for a second.
//
// Exit status: 0 after a clean stop, 1 when the node could not start or had to stop, 2 for options it cannot use.
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "src/base/log.h"
#include "src/config/limits.h"
#include "src/config/options.h"
#include "src/config/options_fit.h"
#include "src/config/settings.h"
#include "src/node/descriptors.h"
#include "src/node/joining.h"
#include "src/node/loop_handoff.h"
#include "src/node/node.h"
#include "src/node/setup.h"
#include "src/tool/tool.h"
#include "src/version.h"
#include "store/files/files.h"
#include "transport/loop/loop.h"

namespace skiff {
namespace {

// Ignores signals that would end the process although no operator means that. A write to a closed connection, or beyond
// the limit of a file's size, then fails with an error like any other.
void ignore_signals() {
  for (int number : {SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ}) std::signal(number, SIG_IGN);
}

// A signal that is logged, at an interval, and does nothing else.
class IgnoredSignal {
 public:
  IgnoredSignal(transport::Loop& loop, int number, const char* line)
      : signal_(loop, number, [this, &loop, line] { limit_.warn(loop.cached_now(), line); }) {}

 private:
  log::Limit limit_{limits::kIgnoredSignalsEvery};
  transport::Signal signal_;
};

// While the loop runs. Before and after, they are ignored without a line.
struct IgnoredSignals {
  explicit IgnoredSignals(transport::Loop& loop)
      : hang_up(loop, SIGHUP, "ignores SIGHUP: a node reads its settings when it starts, there is nothing to reload"),
        first(loop, SIGUSR1, "ignores SIGUSR1: it means nothing to a node"),
        second(loop, SIGUSR2, "ignores SIGUSR2: it means nothing to a node") {}
  IgnoredSignal hang_up, first, second;
};

// Runs the loop until all that the node has closed is freed, and ends the program if a name look-up delays that.
void run_to_the_end(transport::Loop& loop, int status) {
  if (loop.run_for(limits::kLookUpsTimeout)) return;
  log::flush();
  std::_Exit(status);
}

int cannot_start(const Error& error) {
  log::fatal("cannot start: " + to_text(error));
  return 1;
}

// Runs on either thread, so an exception has to be caught here.
LoopHandoff::Turn turn(transport::Loop& loop, Node& node, const bool& has_stopped) {
  try {
    loop.run_once();
    if (has_stopped) return LoopHandoff::Turn::last;
    return node.end_turn() ? LoopHandoff::Turn::more : LoopHandoff::Turn::lost;
  } catch (const std::exception& unexpected) {
    log::die(std::string("ended by an exception: ") + unexpected.what());
  }
}

// The result of serve().
struct Ended {
  int status = 0;
  bool starts_again = false;
};

Ended serve(transport::Loop& loop, const Options& options, const store::Identity* joined) {
  std::optional<transport::Signal> interrupted;
  std::optional<transport::Signal> terminated;
  Ended ended;
  bool has_stopped = false;
  {
    // A signal that comes while the node starts is delivered when the loop runs, and ends the node like a later one.
    Result<std::unique_ptr<Node>> node;
    LoopHandoff handoff([&] { return turn(loop, **node, has_stopped); });
    if (auto started = handoff.start(); !started) return {cannot_start(started.error())};
    interrupted.emplace(loop, SIGINT, [&] { (*node)->stop(); });
    terminated.emplace(loop, SIGTERM, [&] { (*node)->stop(); });
    auto let_go = [&] {
      interrupted.reset();
      terminated.reset();
      has_stopped = true;
    };
    node = Node::start(loop, handoff, options, joined, let_go);
    if (node) {
      handoff.run();
      ended.starts_again = (*node)->starts_again();
    } else {
      ended.status = cannot_start(node.error());
      let_go();
    }
  }
  return ended;
}

Ended join_and_serve(transport::Loop& loop, const Options& options) {
  auto must = must_join(options);
  if (!must) return {cannot_start(must.error())};
  if (!*must) return serve(loop, options, nullptr);
  auto joined = join(loop, options);
  if (!joined) return {cannot_start(joined.error())};
  return *joined ? serve(loop, options, &**joined) : Ended{};
}

// One heap for all threads. The loop may go on with another thread (src/node/loop_handoff.h): with a heap for each,
// memory freed by one would be of no use to the other, and both would grow to the size of the log.
void share_one_heap() { ::mallopt(M_ARENA_MAX, 1); }

int run(const Asked& asked) {
  share_one_heap();
  const Options& options = asked.options;
  log::start(options.log_level, fmt::format("node {}", options.id));
  if (auto behind = log::write_behind(); !behind) return cannot_start(behind.error());
  if (!asked.ignored_variables.empty()) log::info(describe_ignored(asked.ignored_variables));
  for (const std::string& line : doubts(options)) log::warn(line);
  Ended ended{.status = 1};
  do {
    transport::Loop loop;
    try {
      const IgnoredSignals ignored(loop);
      ended = join_and_serve(loop, options);
    } catch (const std::exception& unexpected) {
      log::die(std::string("ended by an exception: ") + unexpected.what());
    }
    ignore_signals();  // libuv has restored the default actions
    run_to_the_end(loop, ended.starts_again ? 1 : ended.status);
  } while (ended.starts_again);
  log::flush();
  return ended.status;
}

void print(std::FILE* file, std::string_view line) {
  std::fputs((std::string(line) + (line.ends_with('\n') ? "" : "\n")).c_str(), file);
  std::fflush(file);
}

std::optional<std::string> ask_at_the_terminal(const std::string& question) {
  if (::isatty(STDIN_FILENO) == 0) return std::nullopt;
  print(stdout, question);
  std::string line;
  for (int letter = std::getchar(); letter != EOF && letter != '\n' && line.size() < 1'000; letter = std::getchar()) {
    line += static_cast<char>(letter);
  }
  return line;
}

int run_tool(std::string_view name, std::span<const char* const> arguments) {
  const std::unique_ptr<store::Files> files = store::posix_files();
  return tool::run(name, arguments,
                   {.files = *files,
                    .say = [](std::string_view line) { print(stdout, line); },
                    .complain = [](std::string_view line) { print(stderr, line); },
                    .ask = ask_at_the_terminal,
                    .random = random_seed});
}

int misused(const Error& error) {
  std::fputs(("skiff: " + to_text(error) + " (skiff --help lists every option)\n").c_str(), stderr);
  return 2;
}

int skiff_main(std::span<const char* const> arguments, const char* const* variables) {
  if (!arguments.empty() && tool::is_tool(arguments[0])) return run_tool(arguments[0], arguments.subspan(1));
  ignore_signals();
  auto asked = read_options(arguments, environment_of(variables), read_config_file);
  if (!asked) return misused(asked.error());
  switch (asked->what) {
    case Asked::What::help: std::fputs((help_text() + std::string(tool::tools_help())).c_str(), stdout); return 0;
    case Asked::What::version: std::fputs(fmt::format("skiff {} ({})\n", kVersion, kBuild).c_str(), stdout); return 0;
    case Asked::What::run: break;
  }
  if (auto ports = require_own_ports(asked->options); !ports) return misused(ports.error());
  return run(*asked);
}

}  // namespace
}  // namespace skiff

int main(int count, char** arguments) {
  skiff::open_standard_descriptors();
  std::signal(SIGXFSZ, SIG_IGN);  // a tool writes files, too
  try {
    return skiff::skiff_main({arguments + 1, static_cast<size_t>(count - 1)}, environ);
  } catch (const std::exception& unexpected) {
    std::fprintf(stderr, "skiff: ended by an exception: %s\n", unexpected.what());
    return 1;
  }
}

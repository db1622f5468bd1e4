// skiff: one node. Reads its options, opens, runs, stops on SIGTERM or SIGINT.
//
// A look-up of a name that is under way cannot be called off, and may take the resolver's time: the end waits for a
// second for it, and then no longer.
//
// Exit status: 0 after a clean stop, 1 when the node could not start or had to stop, 2 for options it cannot use.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <span>

#include "src/base/log.h"
#include "src/limits.h"
#include "src/node.h"
#include "src/options.h"
#include "transport/loop.h"
#include "version.h"

namespace skiff {
namespace {

// Lets go of what the node closed, and ends the program if a look-up holds that up.
void run_to_the_end(transport::Loop& loop, int status) {
  if (!loop.run_for_ms(limits::kLookUpsEndMs)) std::_Exit(status);
}

int run(const Options& options) {
  log::start(options.log_level, fmt::format("node {}", options.id));
  transport::Loop loop;
  std::optional<transport::Signal> interrupted;
  std::optional<transport::Signal> terminated;
  int status = 0;
  bool has_stopped = false;
  {
    // A signal that comes while the node starts is told when the loop runs, and ends it as well as any later one.
    Result<std::unique_ptr<Node>> node;
    interrupted.emplace(loop, SIGINT, [&] { (*node)->stop(); });
    terminated.emplace(loop, SIGTERM, [&] { (*node)->stop(); });
    auto let_go = [&] {
      interrupted.reset();
      terminated.reset();
      has_stopped = true;
    };
    node = Node::start(loop, options, let_go);
    if (node) {
      while (!has_stopped) loop.run_once();
    } else {
      log::fatal("cannot start: " + node.error().what);
      status = 1;
      let_go();
    }
  }
  run_to_the_end(loop, status);
  return status;
}

int skiff_main(std::span<const char* const> arguments, const char* const* variables) {
  auto asked = read_options(arguments, environment_of(variables), read_config_file);
  if (!asked) {
    std::fputs(("skiff: " + asked.error().what + " (skiff --help lists every option)\n").c_str(), stderr);
    return 2;
  }
  switch (asked->what) {
    case Asked::What::help: std::fputs(help_text().c_str(), stdout); return 0;
    case Asked::What::version: std::fputs(fmt::format("skiff {} ({})\n", kVersion, kBuild).c_str(), stdout); return 0;
    case Asked::What::run: return run(asked->options);
  }
  return 1;
}

}  // namespace
}  // namespace skiff

int main(int count, char** arguments) {
  try {
    return skiff::skiff_main({arguments + 1, static_cast<size_t>(count - 1)}, environ);
  } catch (const std::exception& unexpected) {
    std::fprintf(stderr, "skiff: ended by an exception: %s\n", unexpected.what());
    return 1;
  }
}

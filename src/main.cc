// skiff: one node. Reads its options, opens, runs, stops on SIGTERM or SIGINT.
//
// Exit status: 0 after a clean stop, 1 when the node could not start or had to stop, 2 for options it cannot use.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <span>

#include "src/base/log.h"
#include "src/node.h"
#include "src/options.h"
#include "transport/loop.h"
#include "version.h"

namespace skiff {
namespace {

int run(const Options& options) {
  log::start(options.log_level, fmt::format("node {}", options.id));
  transport::Loop loop;
  std::optional<transport::Signal> interrupted;
  std::optional<transport::Signal> terminated;
  int status = 0;
  {
    auto node = Node::start(loop, options, [&] {
      interrupted.reset();
      terminated.reset();
    });
    if (node) {
      interrupted.emplace(loop, SIGINT, [&] { (*node)->stop(); });
      terminated.emplace(loop, SIGTERM, [&] { (*node)->stop(); });
      loop.run();
    } else {
      log::fatal("cannot start: " + node.error().what);
      status = 1;
    }
  }
  loop.run();  // lets go of what the node closed
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

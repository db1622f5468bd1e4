// Tools: sub-commands of the program that work on data directories while no node runs on them: inspect, restore,
// recover. Each has a file of its own; they reach files through store::Files alone. Beside them `completion` prints the
// script with which a shell completes the options of the tools and of the node.
//
// Exit statuses: 0 done (inspect: whole); 1 not done, and one line says why (inspect: damaged); 2 the command cannot be
// understood, or there is nothing where it points to; 3 some of it could not be read (inspect alone).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "src/config/option.h"
#include "store/files/files.h"
#include "store/wal/wal.h"

namespace skiff::tool {

// The environment of a tool.
struct World {
  store::Files& files;
  std::function<void(std::string_view)> say;       // prints a line of the result
  std::function<void(std::string_view)> complain;  // prints a line about an error
  // Asks, and returns the line that was typed; nothing if there is no terminal.
  std::function<std::optional<std::string>(const std::string& question)> ask;
  std::function<uint64_t()> random;
  store::WalOptions wal = {};  // of the directories that are read and made
};

using Arguments = std::span<const char* const>;  // behind the name of the tool

bool is_tool(std::string_view name);
// Requires: is_tool(name).
int run(std::string_view name, Arguments arguments, const World& world);

int inspect(Arguments arguments, const World& world);
int restore(Arguments arguments, const World& world);
int recover(Arguments arguments, const World& world);
int completion(Arguments arguments, const World& world);

// The descriptions of the tools, for completion.
Command inspect_command();
Command restore_command();
Command recover_command();

// The lines about the tools in skiff --help.
std::string_view tools_help();

}  // namespace skiff::tool

// Tools: what is done to data directories while no node runs on them, as sub-commands of the one program: inspect,
// restore, recover. Each has a file of its own; they reach files through store::Files alone. Beside them `completion`,
// which prints what a shell needs to complete all of their options and the node's.
//
// Every end has an exit status: 0 done (inspect: whole), 1 it could not be done, and one line says why (inspect:
// damaged), 2 the command cannot be understood, or there is nothing where it points to, 3 it could not be looked at
// (inspect alone).
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

// What a tool knows of the world.
struct World {
  store::Files& files;
  std::function<void(std::string_view)> say;       // a line for whoever asked
  std::function<void(std::string_view)> complain;  // a line about what went wrong
  // The line that was typed; nothing if nobody sits there.
  std::function<std::optional<std::string>(const std::string& question)> ask;
  std::function<uint64_t()> random;
  store::WalOptions wal = {};  // of the directories that are looked at and made
};

using Arguments = std::span<const char* const>;  // behind the name of the tool

bool is_tool(std::string_view name);
// Requires: is_tool(name).
int run(std::string_view name, Arguments arguments, const World& world);

int inspect(Arguments arguments, const World& world);
int restore(Arguments arguments, const World& world);
int recover(Arguments arguments, const World& world);
int completion(Arguments arguments, const World& world);

// Their descriptions, for showing.
Command inspect_command();
Command restore_command();
Command recover_command();

// For skiff --help: a line for each.
std::string_view tools_help();

}  // namespace skiff::tool

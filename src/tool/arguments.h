// The command line of a tool, parsed by the table that describes it, and the ends that all tools have.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/config/command_line.h"
#include "src/config/option.h"
#include "src/tool/tool.h"

namespace skiff::tool {

// Describes the command `skiff NAME`.
Command command_of(std::string_view name, std::string_view meaning, std::vector<Option> options, Operand operand = {});

// Parses the arguments by the description `command`. If the result has a status, the tool ends with it: help was asked
// for and printed (usage, options, then `remarks`), or the arguments cannot be understood.
struct ParsedArguments {
  std::optional<int> status;
  std::vector<std::string> operands;
};
ParsedArguments parse_arguments(Arguments arguments, const World& world, const Command& command,
                                std::string_view remarks);

// Print an error of the tool, and return its exit status.
int misused(const World& world, const Command& command, const std::string& why);
int failed(const World& world, const Command& command, const std::string& why);

}  // namespace skiff::tool

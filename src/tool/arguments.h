// Arguments of a tool: what every tool does with its command line, by the table that describes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/config/command_line.h"
#include "src/config/option.h"
#include "src/tool/tool.h"

namespace skiff::tool {

// `skiff NAME`
Command command_of(std::string_view name, std::string_view meaning, std::vector<Option> options, Operand operand = {});

// Reads what `command` describes. A number is the exit status: the tool has nothing to do, because help was asked for
// (printed: the usage, the options, then `remarks`) or the arguments cannot be understood.
struct ParsedArguments {
  std::optional<int> status;
  std::vector<std::string> operands;
};
ParsedArguments parse_arguments(Arguments arguments, const World& world, const Command& command,
                                std::string_view remarks);

// Complains in the words of the tool. Give back what comes of it.
int misused(const World& world, const Command& command, const std::string& why);
int failed(const World& world, const Command& command, const std::string& why);

}  // namespace skiff::tool

#include "src/tool/arguments.h"

#include <utility>

#include "raft/check.h"
#include "src/config/help.h"

namespace skiff::tool {
namespace {

std::string help(const Command& command, std::string_view remarks) {
  return command.name + ": " + command.meaning + ".\n\nUsage: " + usage(command) + "\n\n" + describe(command) +
         std::string(remarks);
}

}  // namespace

Command command_of(std::string_view name, std::string_view meaning, std::vector<Option> options, Operand operand) {
  CHECK(!name.empty());
  CHECK(!meaning.empty());
  return {.name = "skiff " + std::string(name),
          .meaning = std::string(meaning),
          .options = std::move(options),
          .operand = std::move(operand)};
}

ParsedArguments parse_arguments(Arguments arguments, const World& world, const Command& command,
                                std::string_view remarks) {
  Result<CommandLine> line = take_command_line(arguments, command);
  if (!line) return {.status = misused(world, command, line.error().what), .operands = {}};
  if (!line->help) return {.status = std::nullopt, .operands = std::move(line->operands)};
  world.say(help(command, remarks));
  return {.status = 0, .operands = {}};
}

int misused(const World& world, const Command& command, const std::string& why) {
  CHECK(!why.empty());
  world.complain(command.name + ": " + why + " (" + command.name + " --help says more)");
  return 2;
}

int failed(const World& world, const Command& command, const std::string& why) {
  CHECK(!why.empty());
  world.complain(command.name + ": " + why);
  return 1;
}

}  // namespace skiff::tool

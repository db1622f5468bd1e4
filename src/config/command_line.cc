#include "src/config/command_line.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "raft/check.h"
#include "src/base/try.h"

namespace skiff {
namespace {

std::optional<size_t> find(const Command& command, std::string_view name) {
  for (size_t place = 0; place < command.options.size(); ++place) {
    if (command.options[place].name == name) return place;
  }
  return std::nullopt;
}

// Takes the argument at `at`, and the one behind it where that is its value.
Result<Given> read_option(std::span<const char* const> arguments, size_t& at, const Command& command) {
  CHECK(at < arguments.size());
  const std::string_view argument = arguments[at];
  CHECK(argument.starts_with("--"));
  const size_t equals = argument.find('=');
  const std::string flag(argument.substr(0, equals));
  const std::optional<size_t> option = find(command, std::string_view(flag).substr(2));
  if (!option) return wrong(flag, "there is no such flag; see " + command.name + " --help");
  if (equals != std::string_view::npos) return Given{flag, *option, std::string(argument.substr(equals + 1))};
  const std::string& value = command.options[*option].value.name;
  if (value.empty()) return Given{flag, *option, "true"};
  if (at + 1 == arguments.size()) return wrong(flag, "needs a value: " + value);
  return Given{flag, *option, arguments[++at]};
}

Result<> require_all(std::span<const Given> given, const Command& command) {
  for (size_t place = 0; place < command.options.size(); ++place) {
    if (!command.options[place].is_required || is_given(given, place)) continue;
    return wrong("--" + command.options[place].name, "is missing");
  }
  return {};
}

}  // namespace

Result<CommandLine> read_command_line(std::span<const char* const> arguments, const Command& command) {
  CommandLine line;
  for (size_t at = 0; at < arguments.size(); ++at) {
    const std::string_view argument = arguments[at];
    if (argument == "--help" || argument == "-h") {
      line.help = true;
    } else if (argument == "--version" && command.has_version) {
      line.version = true;
    } else if (argument.starts_with("--")) {
      TRY(Given given, read_option(arguments, at, command));
      CHECK(at < arguments.size());  // also behind the value that it has taken
      line.given.push_back(std::move(given));
    } else if (argument.starts_with('-') || command.operand.name.empty()) {
      return wrong(quoted(argument), "not a flag; see " + command.name + " --help");
    } else {
      line.operands.emplace_back(argument);
    }
  }
  return line;
}

Result<> take(std::span<const Given> source, const Command& command) {
  std::set<size_t> seen;
  for (const Given& given : source) {
    CHECK(given.option < command.options.size());
    const Value& value = command.options[given.option].value;
    CHECK(value.read != nullptr);
    if (!seen.insert(given.option).second && !command.last_counts) return wrong(given.where, "given twice");
    if (given.text.find('\0') != std::string::npos) return wrong(given.where, "holds a zero byte");
    const Result<> taken = value.read(given.text);
    if (!taken) return wrong(given.where, taken.error().what);
  }
  return {};
}

Result<CommandLine> take_command_line(std::span<const char* const> arguments, const Command& command) {
  CHECK(command.variables.empty());
  TRY(CommandLine line, read_command_line(arguments, command));
  if (line.help || line.version) return line;
  TRY(take(line.given, command));
  TRY(require_all(line.given, command));
  return line;
}

bool is_given(std::span<const Given> source, size_t option) {
  return std::any_of(source.begin(), source.end(), [&](const Given& given) { return given.option == option; });
}

}  // namespace skiff

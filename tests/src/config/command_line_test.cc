// A table of options that is no node's, and the command lines that it reads.
#include "src/config/command_line.h"

#include "src/config/help.h"
#include "src/config/settings.h"
#include "src/config/values.h"
#include "tests/support/catch.h"

namespace skiff::command_line_test {

using Arguments = std::vector<const char*>;
using Words = std::vector<std::string>;

struct Settings {
  std::string from;
  uint64_t depth = 3;
  bool deep = false;
  std::string token;
};

// `tree ls`
Command command_for(Settings& into) {
  return {
      .name = "tree ls",
      .meaning = "lists",
      .options = {
          {"from", file_name("FILE", into.from), "where it is", true},
          {"depth", number("N", into.depth, 1, 9), "how deep"},
          {"deep", on_off(into.deep), "deeper,\nand deeper"},
          {.name = "token", .value = text_or_none("TEXT", into.token), .meaning = "for nothing", .in_file = false}}};
}

std::string error(const Arguments& arguments, const Command& command) {
  const auto line = take_command_line(arguments, command);
  return line ? "no trouble" : line.error().what;
}
std::string error(const Arguments& arguments) {
  Settings settings;
  return error(arguments, command_for(settings));
}

TEST_CASE("options arrive in their fields, and the others stay as they were") {
  Settings settings;
  REQUIRE(take_command_line(Arguments{"--from=a=b", "--deep", "--token", "--depth"}, command_for(settings)));
  REQUIRE(settings.from == "a=b");
  REQUIRE(settings.deep);
  REQUIRE(settings.token == "--depth");
  REQUIRE(settings.depth == 3);
}

TEST_CASE("every error of a command line names its place and the command to ask") {
  struct Row {
    Arguments arguments;
    std::string says;
  };
  const Row rows[] = {
      {{}, "--from: is missing"},
      {{"--from", "a", "--form", "b"}, "--form: there is no such flag; see tree ls --help"},
      {{"--form=b"}, "--form: there is no such flag; see tree ls --help"},
      {{"-f"}, "\"-f\": not a flag; see tree ls --help"},
      {{"a"}, "\"a\": not a flag; see tree ls --help"},
      {{"--from"}, "--from: needs a value: FILE"},
      {{"--from", "a", "--from=a"}, "--from: given twice"},
      {{"--from="}, "--from: an empty name is no file"},
      {{"--from=a", "--depth=0"}, "--depth: \"0\" is no number from 1 to 9"},
      {{"--from=a", "--deep=1"}, "--deep: \"1\" is neither true nor false"},
      {{"--from=a", "--version"}, "--version: there is no such flag; see tree ls --help"},
      {{"--depth=0", "--form"}, "--form: there is no such flag; see tree ls --help"},  // words first, then values
  };
  for (const Row& row : rows) REQUIRE(error(row.arguments) == row.says);
}

TEST_CASE("with --help nothing need be given, and no value is read") {
  Settings settings;
  const auto line = take_command_line(Arguments{"--depth=0", "-h"}, command_for(settings));
  REQUIRE(line);
  REQUIRE(line->help);
  REQUIRE(error({"--help", "--form"}) == "--form: there is no such flag; see tree ls --help");
}

TEST_CASE("operands are taken where the command has them") {
  Settings settings;
  Command command = command_for(settings);
  command.operand.name = "PATH";
  const auto line = take_command_line(Arguments{"a", "--from", "b", "", "c"}, command);
  REQUIRE(line);
  REQUIRE(line->operands == Words{"a", "", "c"});
  REQUIRE(error({"--from=a", "-x"}, command) == "\"-x\": not a flag; see tree ls --help");
}

TEST_CASE("of an option that is given twice the last counts where the command says so") {
  Settings settings;
  Command command = command_for(settings);
  command.last_counts = true;
  REQUIRE(take_command_line(Arguments{"--from=a", "--depth=1", "--depth=2"}, command));
  REQUIRE(settings.depth == 2);
  REQUIRE(error({"--from=a", "--depth=0", "--depth=2"}, command) == "--depth: \"0\" is no number from 1 to 9");
}

TEST_CASE("variables and lines of a file are those of the table, whatever the program is called") {
  Settings settings;
  Command command = command_for(settings);
  command.variables = "TREE_";
  const auto variables =
      read_environment({{"TREE_DEPTH", "4"}, {"SKIFF_PORT", "1"}, {"TREE_SERVICE_HOST", "10.0.0.1"}}, command);
  REQUIRE(variables);
  REQUIRE(variables->ignored == Words{"TREE_SERVICE_HOST"});
  REQUIRE(take(variables->given, command));
  REQUIRE(settings.depth == 4);
  REQUIRE(read_environment({{"TREE_DEPHT", "4"}}, command).error().what ==
          "TREE_DEPHT: there is no such setting; see tree ls --help");
  REQUIRE(read_config_text("f", "token = a", command).error().what == "f line 1: there is no setting \"token\"");
  const auto lines = read_config_text("f", "\ndepth = 10", command);
  REQUIRE(lines);
  REQUIRE(take(*lines, command).error().what == "f line 2: depth: \"10\" is no number from 1 to 9");
}

TEST_CASE("a description of itself outlives the fields it was made for") {
  const auto make = [] {
    Settings settings;
    return unbound(command_for(settings));
  };
  for (const Option& option : make().options) REQUIRE(option.value.read == nullptr);
}

TEST_CASE("help has a row for each option, its default behind it or below it") {
  Settings settings;
  Command command = command_for(settings);
  REQUIRE(usage(command) == "tree ls --from FILE [--depth N] [--deep] [--token TEXT]");
  command.operand.name = "PATH";
  REQUIRE(usage(command) == "tree ls --from FILE [--depth N] [--deep] [--token TEXT] PATH");
  REQUIRE(describe(command, {.column = 20}) ==
          "  --from FILE       where it is\n"
          "  --depth N         how deep [3]\n"
          "  --deep            deeper,\n"
          "                    and deeper\n"
          "  --token TEXT      for nothing\n");
  REQUIRE(describe(command, {.column = 4, .default_below = true}) ==
          "  --from FILE  where it is\n"
          "  --depth N  how deep\n"
          "    [3]\n"
          "  --deep  deeper,\n"
          "    and deeper\n"
          "  --token TEXT  for nothing\n");
  command.options[1].meaning = std::string(70, 'x');
  REQUIRE(describe(command).find("\n" + std::string(28, ' ') + "[3]\n") != std::string::npos);
}

}  // namespace skiff::command_line_test

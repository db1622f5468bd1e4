// The command line: words to options and operands, by the table of a Command.
//
// `--port 1`, `--port=1`, `--join`; a word behind an option that needs a value is that value, whatever it looks like.
// Words that do not begin with a hyphen are operands. --help and -h are known to every command.
//
// First every word is understood, then values are read, so an unknown option is told before a value that is wrong.
// Every error names the option, or the word.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/config/option.h"

namespace skiff {

struct Given {
  std::string where;      // "--port", "SKIFF_PORT", "skiff.conf line 3: port", for error messages
  size_t option = 0;      // its index in the command's table
  std::string text = {};  // not read yet
};

struct CommandLine {
  bool help = false;
  bool version = false;
  std::vector<Given> given = {};
  std::vector<std::string> operands = {};
};

// `arguments` without the program's name and the sub-command's.
Result<CommandLine> read_command_line(std::span<const char* const> arguments, const Command& command);

// Reads the values of one source into their fields. A source that gives an option twice is mistaken in one of the two,
// unless the last counts. Requires: command is not unbound.
Result<> take(std::span<const Given> source, const Command& command);

// Both, for a command that reads neither variables nor a file; and every option that is required is given. With --help
// no value is read.
Result<CommandLine> take_command_line(std::span<const char* const> arguments, const Command& command);

bool is_given(std::span<const Given> source, size_t option);

}  // namespace skiff

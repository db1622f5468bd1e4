// Option: the one description of an option. Reading it from a command line, an environment or a configuration file, its
// line of --help, the errors about it and shell completion all follow from that description.
//
// A program describes each of its command lines as a Command: a table of options, bound to the object that they fill.
//
//   Settings settings;
//   const Command command = {.name = "ls", .options = {{"depth", number("N", settings.depth, 1, 9), "how deep"}}};
//
// src/config/values.h makes the values, command_line.h and settings.h read them, help.h and completion.h show them.
// Nothing here knows which program it serves.
//
// Always: a command's options have different names, of lower-case letters, digits and hyphens. The fields that the
// values are bound to outlive every reading; a description that outlives them is unbound() first.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"

namespace skiff {

// The words that a shell offers for one that is being typed.
struct Completion {
  enum class Kind { nothing, files, directories, words, list };  // list: words with commas between them
  Kind kind = Kind::nothing;
  std::vector<std::string> words = {};
};

// How the text of an option becomes the value of a field.
struct Value {
  std::string name;  // stands for the value in --help: "DURATION"; empty: a switch, which needs none
  std::function<Result<>(std::string_view text)> read;
  std::string standard = {};  // the default, as it is written; empty: there is none to show
  Completion completion = {};
};

struct Option {
  std::string name;  // "election-timeout"
  Value value;
  std::string meaning;  // lines for --help
  bool is_required = false;
  bool in_file = true;  // where the command reads a configuration file
};

// Words that are no options.
struct Operand {
  std::string name = {};  // "PATH"; empty: the command takes none
  Completion completion = {};
};

struct Command {
  std::string name;          // as it is typed: "skiff restore"
  std::string meaning = {};  // a line for --help
  std::vector<Option> options = {};
  Operand operand = {};
  std::string variables = {};  // the prefix of its environment variables; empty: it reads neither
                               // variables nor a file
  bool has_version = false;    // knows --version beside --help
  bool last_counts = false;    // of an option that is given twice; else that is an error
};

// The description alone: nothing can be read through it, so it may outlive the fields.
Command unbound(Command command);

// "where: what", as an error about how the program was called.
tl::unexpected<Error> wrong(const std::string& where, const std::string& what);
std::string quoted(std::string_view text);
// Without blanks and line ends around it.
std::string_view trim(std::string_view text);

}  // namespace skiff

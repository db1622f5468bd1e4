// Shell completion: a script for bash that knows the options of a program and of its sub-commands.
//
// The script is made from the same tables that the words are read with, and is complete in itself: it does not call the
// program. It completes names of options and sub-commands, and values where a table says how: words, lists of words,
// files, directories; behind `--name ` and behind `--name=`. It needs bash 4 and no package beside it.
//
// Always: the words of the tables have letters, digits, hyphens and dots only, so that none needs quoting.
#pragma once

#include <span>
#include <string>

#include "src/base/result.h"
#include "src/config/option.h"

namespace skiff {

// `program` is what is typed without a sub-command. The names of the others begin with its name.
std::string bash_completion(const Command& program, std::span<const Command> sub_commands);

// `PROGRAM completion bash`, the sub-command that prints it.
Command completion_command(const std::string& program);
// Whether the operands of that command name a shell that is known.
Result<> require_known_shell(std::span<const std::string> operands);

}  // namespace skiff

#include "src/config/completion.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "raft/check.h"

namespace skiff {
namespace {

constexpr std::string_view kBash = "bash";

// The names between @ are replaced.
constexpr std::string_view kScript =
    R"(# Completion of @program@ for bash. To load it: source <(@program@ completion bash)
@function@() {
  local word=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD-1]} command='' kind='' words='' list=''
  COMPREPLY=()
  if [[ $word == '=' ]]; then
    word='' kind=nothing
  elif [[ $flag == '=' ]] && (( COMP_CWORD > 1 )); then
    flag=${COMP_WORDS[COMP_CWORD-2]} kind=nothing
  fi
  if (( COMP_CWORD > 1 )); then
    case ${COMP_WORDS[1]} in
      @commands@) command=${COMP_WORDS[1]} ;;
    esac
  fi
  case "$command $flag" in
@values@  esac
  if [[ -z $kind ]]; then
    case $command in
@words@    esac
  fi
  case $kind in
    words) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word") ;;
    list)
      [[ $word == *,* ]] && list=${word%,*},
      mapfile -t COMPREPLY < <(compgen -P "$list" -W "$words" -- "${word##*,}")
      ;;
    files)
      compopt -o filenames -o default 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      ;;
    directories)
      compopt -o filenames -o dirnames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      ;;
  esac
}
complete -F @function@ @program@
)";

std::string join(std::span<const std::string> words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : between).append(word);
  return text;
}

std::string replaced(std::string text, std::string_view name, const std::string& by) {
  for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + by.size())) {
    text.replace(at, name.size(), by);
  }
  return text;
}

bool is_plain(std::string_view word) {
  return std::all_of(word.begin(), word.end(), [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '-' || letter == '.';
  });
}

// "kind=words words='debug info'"
std::string assignment(const Completion& completion) {
  constexpr const char* kNames[] = {"nothing", "files", "directories", "words", "list"};
  for (const std::string& word : completion.words) CHECK(is_plain(word));
  const std::string kind = std::string("kind=") + kNames[static_cast<size_t>(completion.kind)];
  return completion.words.empty() ? kind : kind + " words='" + join(completion.words, " ") + "'";
}

// The word behind the program's name; empty for the program itself.
std::string word_of(const Command& program, const Command& command) {
  if (command.name == program.name) return "";
  CHECK(command.name.starts_with(program.name + " "));
  return command.name.substr(program.name.size() + 1);
}

// A row for each way to complete a value, with all options that are completed in that way.
std::string rows_for_values(const Command& program, std::span<const Command> commands) {
  std::map<std::string, std::vector<std::string>> patterns;
  for (const Command& command : commands) {
    for (const Option& option : command.options) {
      if (option.value.name.empty()) continue;
      patterns[assignment(option.value.completion)].push_back("'" + word_of(program, command) + " --" + option.name +
                                                              "'");
    }
  }
  std::string rows;
  for (const auto& [what, where] : patterns) rows += "    " + join(where, " | ") + ") " + what + " ;;\n";
  return rows;
}

// "_skiff_bench_completion"
std::string function_of(std::string program) {
  CHECK(is_plain(program));
  std::replace(program.begin(), program.end(), '-', '_');
  return "_" + program + "_completion";
}

std::string flags_of(const Command& command) {
  std::vector<std::string> flags;
  for (const Option& option : command.options) flags.push_back("--" + option.name);
  if (command.has_version) flags.emplace_back("--version");
  flags.emplace_back("--help");
  return join(flags, " ");
}

// Names of options; and operands, where the word does not begin like an option. Sub-commands are the operands of the
// first word.
std::string row_for_words(const Command& program, const Command& command, const std::string& sub_commands) {
  const std::string name = word_of(program, command);
  std::string row = "      '" + name + "')\n        kind=words words='" + flags_of(command) + "'\n";
  if (!command.operand.name.empty()) {
    row += "        [[ $word == -* ]] || " + assignment(command.operand.completion) + "\n";
  } else if (name.empty() && !sub_commands.empty()) {
    row += "        (( COMP_CWORD > 1 )) || words=\"" + sub_commands + " $words\"\n";
  }
  return row + "        ;;\n";
}

}  // namespace

std::string bash_completion(const Command& program, std::span<const Command> sub_commands) {
  std::vector<Command> all = {program};
  all.insert(all.end(), sub_commands.begin(), sub_commands.end());
  std::vector<std::string> names;
  for (const Command& command : sub_commands) names.push_back(word_of(program, command));
  std::string rows;
  for (const Command& command : all) {
    for (const Option& option : command.options) CHECK(is_plain(option.name));
    rows += row_for_words(program, command, join(names, " "));
  }
  std::string script(kScript);
  script = replaced(script, "@commands@", names.empty() ? "''" : join(names, "|"));
  script = replaced(script, "@values@", rows_for_values(program, all));
  script = replaced(script, "@words@", rows);
  script = replaced(script, "@function@", function_of(program.name));
  script = replaced(script, "@program@", program.name);
  return script;
}

Command completion_command(const std::string& program) {
  return {.name = program + " completion",
          .meaning = "print what makes a shell complete commands and flags",
          .operand = {.name = std::string(kBash),
                      .completion = {.kind = Completion::Kind::words, .words = {std::string(kBash)}}}};
}

Result<> require_known_shell(std::span<const std::string> operands) {
  if (operands.size() == 1 && operands[0] == kBash) return {};
  return fail(Error::Code::invalid,
              operands.empty() ? "the name of a shell is needed: bash" : "no shell is known but bash");
}

}  // namespace skiff

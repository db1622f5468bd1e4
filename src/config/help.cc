#include "src/config/help.h"

#include <algorithm>

#include "raft/check.h"

namespace skiff {
namespace {

// Behind a meaning of one line where that fits into the width of a page, and else below it.
std::string separator(const Option& option, HelpLayout layout) {
  constexpr size_t kWidth = 100;
  const size_t last_line = option.meaning.size() - (option.meaning.rfind('\n') + 1);
  const bool fits = layout.column + last_line + option.value.standard.size() + 3 <= kWidth;
  return layout.default_below || !fits ? "\n" : " ";
}

std::string flag_of(const Option& option) {
  return "--" + option.name + (option.value.name.empty() ? "" : " " + option.value.name);
}

}  // namespace

std::string describe_row(std::string flag, std::string_view meaning, HelpLayout layout) {
  CHECK(!flag.empty());
  CHECK(layout.column > 0);
  std::string text = "  " + std::move(flag);
  text.resize(std::max(text.size() + 2, layout.column), ' ');
  for (char letter : meaning) {
    text += letter;
    if (letter == '\n') text.append(layout.column, ' ');
  }
  return text + '\n';
}

std::string describe(const Command& command, HelpLayout layout) {
  std::string text;
  for (const Option& option : command.options) {
    const std::string& standard = option.value.standard;
    const std::string shown = standard.empty() ? "" : separator(option, layout) + "[" + standard + "]";
    text += describe_row(flag_of(option), option.meaning + shown, layout);
  }
  return text;
}

std::string usage(const Command& command) {
  CHECK(!command.name.empty());
  std::string text = command.name;
  for (const Option& option : command.options) {
    const std::string flag = flag_of(option);
    text += option.is_required ? " " + flag : " [" + flag + "]";
  }
  return command.operand.name.empty() ? text : text + " " + command.operand.name;
}

}  // namespace skiff

#include "src/tool/arguments.h"

#include <algorithm>
#include <charconv>

#include "src/config/limits.h"

namespace skiff::tool {

Result<Given> Given::read(Arguments arguments, std::span<const Flag> flags) {
  std::vector<SettingName> names;
  for (const Flag& flag : flags) names.push_back(flag.name);
  auto line = read_command_line(arguments, names);
  if (!line) return tl::unexpected(line.error());
  Given given;
  given.wants_help_ = line->help;
  given.texts_.resize(flags.size());
  if (line->help) return given;
  for (const skiff::Given& one : line->given) {
    if (given.texts_[one.setting]) return wrong(one.where, "is given twice");
    given.texts_[one.setting] = one.text;
  }
  for (size_t flag = 0; flag < flags.size(); ++flag) {
    if (flags[flag].is_required && !given.texts_[flag]) {
      return wrong("--" + std::string(flags[flag].name.name), "is missing");
    }
  }
  return given;
}

std::string describe(std::span<const Flag> flags) {
  constexpr size_t kColumn = 28;
  std::string text;
  for (const Flag& flag : flags) {
    std::string row = "  --" + std::string(flag.name.name);
    if (!flag.name.value.empty()) row += " " + std::string(flag.name.value);
    row.resize(std::max(row.size() + 2, kColumn), ' ');
    text += row;
    for (char letter : flag.meaning) text += letter == '\n' ? "\n" + std::string(kColumn, ' ') : std::string(1, letter);
    text += '\n';
  }
  return text;
}

Result<raft::NodeId> parse_id(std::string_view text) {
  raft::NodeId id = 0;
  const char* end = text.data() + text.size();
  auto [stopped, trouble] = std::from_chars(text.data(), end, id);
  if (trouble == std::errc() && stopped == end && id >= 1 && id <= limits::kNodeIdMax) return id;
  return wrong("--id", quoted(text) + " is not a node id (1 to " + std::to_string(limits::kNodeIdMax) + ")");
}

int misused(const World& world, std::string_view tool, const std::string& why) {
  world.complain("skiff " + std::string(tool) + ": " + why + " (skiff " + std::string(tool) + " --help says more)");
  return 2;
}

int failed(const World& world, std::string_view tool, const std::string& why) {
  world.complain("skiff " + std::string(tool) + ": " + why);
  return 1;
}

}  // namespace skiff::tool

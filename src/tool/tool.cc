#include "src/tool/tool.h"

#include <algorithm>
#include <array>

#include "raft/check.h"

namespace skiff::tool {
namespace {

struct Row {
  std::string_view name;
  int (*run)(Arguments, const World&);
};
constexpr std::array kTools = {Row{"inspect", inspect}, Row{"restore", restore}, Row{"recover", recover},
                               Row{"completion", completion}};

const Row* find(std::string_view name) {
  const auto* found = std::find_if(kTools.begin(), kTools.end(), [&](const Row& row) { return row.name == name; });
  return found == kTools.end() ? nullptr : found;
}

}  // namespace

bool is_tool(std::string_view name) { return find(name) != nullptr; }

int run(std::string_view name, Arguments arguments, const World& world) {
  const Row* tool = find(name);
  CHECK(tool != nullptr);
  return tool->run(arguments, world);
}

std::string_view tools_help() {
  return "\nWhile no node runs on a data directory (skiff inspect --help and so on say more):\n"
         "  skiff inspect PATH          print and verify a data directory, or a backup; changes nothing\n"
         "  skiff restore               make a data directory from a backup, for a new cluster\n"
         "  skiff recover               go on with one node when the majority is lost for good\n"
         "\nAt any time:\n"
         "  skiff completion bash       print what makes bash complete commands and flags\n";
}

}  // namespace skiff::tool

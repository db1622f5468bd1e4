// Arguments of a tool: its flags, read once, and its help.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "raft/types.h"
#include "src/base/result.h"
#include "src/config/settings.h"
#include "src/tool/tool.h"

namespace skiff::tool {

struct Flag {
  SettingName name;
  std::string_view meaning;  // lines, for --help
  bool is_required = false;
};

class Given {
 public:
  // Every flag at most once, the required ones exactly once.
  static Result<Given> read(Arguments arguments, std::span<const Flag> flags);

  bool wants_help() const { return wants_help_; }
  // The last that was given for the flag at that place among the flags; nothing if none was.
  const std::optional<std::string>& operator[](size_t flag) const { return texts_.at(flag); }

 private:
  bool wants_help_ = false;
  std::vector<std::optional<std::string>> texts_;
};

// "  --from FILE    ..." for each.
std::string describe(std::span<const Flag> flags);

Result<raft::NodeId> parse_id(std::string_view text);

// Complains in the words of the tool. Give back what comes of it.
int misused(const World& world, std::string_view tool, const std::string& why);
int failed(const World& world, std::string_view tool, const std::string& why);

}  // namespace skiff::tool

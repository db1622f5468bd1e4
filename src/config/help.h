// Help: the options of a Command as people read them.
#pragma once

#include <string>
#include <string_view>

#include "src/config/option.h"

namespace skiff {

struct HelpLayout {
  size_t column = 28;          // where meanings begin
  bool default_below = false;  // [the default] on a line of its own, rather than behind the meaning
};

// "  --from FILE    ...", and the further lines of what it says below the first.
std::string describe_row(std::string flag, std::string_view meaning, HelpLayout layout = {});
// A row for each option.
std::string describe(const Command& command, HelpLayout layout = {});
// "skiff restore --from FILE [--token TEXT]"
std::string usage(const Command& command);

}  // namespace skiff

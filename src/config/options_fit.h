// Whether settings that are each good fit together.
#pragma once

#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/config/options.h"

namespace skiff {

// An error names the setting to change, and says what is meant by it.
Result<> require_fit(const Options& options);

// An error if this node would wait for its peers and for its clients at one place. Not asked of a tool's options: it
// listens nowhere.
Result<> require_own_ports(const Options& options);

// Settings that are valid but probably a mistake, as lines for the log.
std::vector<std::string> doubts(const Options& options);

}  // namespace skiff

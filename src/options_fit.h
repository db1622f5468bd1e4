// Whether settings that are each good fit together.
#pragma once

#include "src/base/result.h"
#include "src/options.h"

namespace skiff {

// An error names the setting to change, and says what is meant by it.
Result<> require_fit(const Options& options);

}  // namespace skiff

// Makes the directories above a data directory.
#pragma once

#include <string>

#include "src/base/result.h"
#include "store/files/files.h"

namespace skiff::store {

// Makes the directory, and those above it that are missing. Afterwards all their names are durable, including those
// that an earlier attempt made before a power failure. An error names the directory that could not be made.
Result<> make_directories(Files& files, const std::string& directory);

}  // namespace skiff::store

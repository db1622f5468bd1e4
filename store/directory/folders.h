// Folders on the way to a data folder.
#pragma once

#include <string>

#include "src/base/result.h"
#include "store/files/files.h"

namespace skiff::store {

// Makes the folder, and those above it that are missing. Afterwards all their names are durable, also of those that an
// earlier attempt made before the power failed. An error names the one that could not be made.
Result<> make_folders(Files& files, const std::string& folder);

}  // namespace skiff::store

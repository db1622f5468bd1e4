// Reads a whole file.
#pragma once

#include <string>

#include "src/base/result.h"
#include "store/files/files.h"

namespace skiff::store {

Result<std::string> read_all(File& file);
Result<std::string> read_file(Files& files, const std::string& path);

}  // namespace skiff::store

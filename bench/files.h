// Files: what the bench reads and writes whole.
#pragma once

#include <string>
#include <string_view>

#include "src/base/result.h"

namespace skiff::bench {

Result<std::string> read_file(const std::string& path);
// "-" is standard output.
Result<> write_file(const std::string& path, std::string_view bytes);
Result<> make_directories(const std::string& path);

}  // namespace skiff::bench

// Small files, each read and written as a whole: eight letters that say what it is, its format's version, the
// content, and a CRC-32C of all before it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/result.h"
#include "store/files/files.h"

namespace skiff::store {

std::string seal(std::string_view letters, uint32_t version, std::string_view content);

// The content, within `bytes`. Errors: corrupt if it is not what was sealed; invalid if another version's program has
// written it. That one may keep its checksum elsewhere; where ours fits, were it not for the version, that is damaged.
Result<std::string_view> unseal(std::string_view letters, uint32_t version, std::string_view bytes);

// Nothing if there is no such file.
Result<std::optional<std::string>> read_small_file(Files& files, const std::string& path);

// On disk under its name when this returns, or what was there before is.
Result<> write_small_file(Files& files, const std::string& directory, const std::string& name, std::string_view bytes);

}  // namespace skiff::store

// Small files, each read and written as a whole: eight letters that name the format, the format's version, the content,
// and a CRC-32C of everything before it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/result.h"
#include "store/files/files.h"

namespace skiff::store {

std::string seal(std::string_view letters, uint32_t version, std::string_view content);

// Returns the content, a view into `bytes`. Errors: corrupt if the bytes differ from those that were sealed; invalid if
// a program of another version wrote them. Another version may keep its checksum elsewhere. So if our checksum is right
// with our version in place of the other, the version is damaged.
Result<std::string_view> unseal(std::string_view letters, uint32_t version, std::string_view bytes);

// Returns nothing if there is no such file.
Result<std::optional<std::string>> read_small_file(Files& files, const std::string& path);

// Replaces the file durably. After an error, the old or the new file is there.
Result<> write_small_file(Files& files, const std::string& directory, const std::string& name, std::string_view bytes);

}  // namespace skiff::store

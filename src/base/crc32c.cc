#include "src/base/crc32c.h"

#include <isa-l/crc.h>

#include "src/base/narrow.h"

namespace skiff {

uint32_t crc32c(std::string_view bytes) { return crc32c_extend(0, bytes); }

uint32_t crc32c_extend(uint32_t crc, std::string_view bytes) {
  // ISA-L leaves both inversions to the caller, and does not change the data.
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  return ~crc32_iscsi(data, narrow<int>(bytes.size()), ~crc);
}

}  // namespace skiff

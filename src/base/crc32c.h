// CRC32C (Castagnoli): the checksum of every record on disk and every frame between peers.
//
// A thin face on ISA-L, which uses the processor's instruction. TCP's own checksum is 16 bits of addition; a store
// that never serves a wrong byte needs more.
#pragma once

#include <cstdint>
#include <string_view>

namespace skiff {

// The checksum as RFC 3720 (appendix B.4) prints it: crc32c("123456789") == 0xe3069283.
uint32_t crc32c(std::string_view bytes);

// Continues the checksum of earlier bytes: crc32c_extend(crc32c(a), b) == crc32c(a + b).
uint32_t crc32c_extend(uint32_t crc, std::string_view bytes);

}  // namespace skiff

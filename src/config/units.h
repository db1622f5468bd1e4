// Units: durations and sizes as people write them, `50ms` and `1MiB`, to numbers and back.
//
// A duration must name its unit, because 50 could be anything; a size without one is bytes. Whole numbers only.
// Errors say what was wrong with which text and what would be right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "raft/time.h"
#include "src/base/result.h"

namespace skiff {

// "50ms" -> 50_ms. Units: ns us ms s m h. Both bounds are included.
Result<raft::Time> parse_duration(std::string_view text, raft::Time least, raft::Time most);
// "64KiB" -> 65'536. Units: none and B; KiB MiB GiB by 1024; KB MB GB by 1000.
Result<uint64_t> parse_bytes(std::string_view text, uint64_t least, uint64_t most);

// With the largest unit that divides the number: "500ms", "1MiB".
std::string show_duration(raft::Time duration);
std::string show_bytes(uint64_t bytes);

}  // namespace skiff

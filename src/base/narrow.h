// narrow: a number in a smaller type, checked to fit.
//
// Lengths, offsets and counts are size_t or uint64_t in memory and have 16 or 32 bits in records, frames and versions.
// A limit somewhere else says that they fit. When that limit moves, a static_cast would cut the number silently, and
// wrong bytes would be kept or sent; narrow() ends the process instead, and names the line that relied on the limit.
// It costs a comparison that is never true.
#pragma once

#include <utility>

#include "raft/check.h"

namespace skiff {

template <class To, class From>
constexpr To narrow(From number, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!std::in_range<To>(number)) check_failed("a number fits into its smaller type", file, line);
  return static_cast<To>(number);
}

}  // namespace skiff

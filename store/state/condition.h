// Condition: what a write demands of its key as it is when the write is applied, or a read when it is answered.
//
// It is what RFC 9110 says in If-Match (13.1.1) and If-None-Match (13.1.2), with revisions in place of entity tags: a
// key has one tag, the revision that last wrote it. A write carries its condition to every node, in the bytes below,
// and each of them judges it at the same place of the log, so two writes with the same condition never both take
// effect.
//
//   flags u8 (1: the key is there, 2: it is not there, 4: its revision is one of, 8: it is none of) |
//   how many, and those revisions (if 4) | how many, and those revisions (if 8)
//
// Numbers are varints (src/base/bytes.h). No bytes: nothing is demanded.
//
// All parts must hold. Always: decode_condition(encode()) gives the condition back, and only such bytes are accepted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/state/operation.h"

namespace skiff::store {

struct Condition {
  bool is_there = false;
  bool is_not_there = false;
  // An empty list contains no revision, so the condition cannot hold.
  std::optional<std::vector<Revision>> one_of;
  std::optional<std::vector<Revision>> none_of;

  // `current` is the revision that last wrote the key; 0: the key is not there.
  bool holds(Revision current) const;
  std::string encode() const;
  bool operator==(const Condition&) const = default;
};

// Returns nothing for bytes that encode() does not write.
std::optional<Condition> decode_condition(std::string_view bytes);

}  // namespace skiff::store

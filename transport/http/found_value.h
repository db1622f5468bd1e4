// FoundValue: the result of a lookup by name, among the headers or in the query of a request.
//
// It holds the first value and says how many there are, so that the caller decides what a repetition means.
#pragma once

#include <cstddef>
#include <string_view>

#include "raft/check.h"

namespace skiff::transport {

struct FoundValue {
  std::string_view first;  // valid as long as the headers or the query that it was found in
  size_t count = 0;

  bool has_value() const { return count > 0; }
  bool is_repeated() const { return count > 1; }
  explicit operator bool() const { return has_value(); }
  // Requires: has_value().
  const std::string_view& operator*() const {
    CHECK(has_value());
    return first;
  }
  const std::string_view* operator->() const { return &**this; }
};

}  // namespace skiff::transport

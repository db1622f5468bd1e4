// Operation: one request on its way, and the ways it can end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "raft/time.h"

namespace skiff::bench {

enum class Kind : uint8_t { put, get };

struct Operation {
  Kind kind = Kind::put;
  bool counts = false;  // it is not part of the warm-up
  raft::Time planned;
  raft::Time sent;
  uint64_t key = 0;
  uint64_t value_bytes = 0;
  uint64_t attempts = 0;  // before this one
};

enum class End : uint8_t {
  done,
  missing,     // a GET of a key that is not there: an answer like any other
  refused,     // 503: nothing was done
  unknown,     // 504: it may or may not have happened
  rejected,    // any other status
  broken,      // the connection broke, or brought no HTTP, while the answer was awaited
  timed_out,   // no answer within --timeout
  never_sent,  // planned, and no connection was free to the last
};
constexpr size_t kEnds = 8;
constexpr std::array<std::string_view, kEnds> kEndNames = {
    "done", "not found", "503", "504", "other status", "connection broke", "timed out", "never sent"};

constexpr bool is_success(End end) { return end == End::done || end == End::missing; }

}  // namespace skiff::bench

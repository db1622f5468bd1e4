// DateLine: the Date header of every answer (RFC 9110, 6.6.1), made once a second and then only looked at.
//
// This is the only code outside tests and benches that reads the wall clock, which is shown and used for nothing else.
// The loop's clock, which costs nothing, says when the wall clock must be read again: when its second ends. After a
// jump of the wall clock the header is right again within a second.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "raft/time.h"

namespace skiff::transport {

// Milliseconds since 1970.
uint64_t wall_clock_ms();

class DateLine {
 public:
  using WallClock = uint64_t (*)();
  explicit DateLine(WallClock wall_clock = wall_clock_ms) : wall_clock_(wall_clock) {}

  // "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", until the next call. Requires: `now`, the loop's, never goes back.
  std::string_view at(raft::Time now) {
    if (now >= good_until_) renew(now);
    return {line_.data(), line_.size()};
  }

 private:
  void renew(raft::Time now);

  WallClock wall_clock_;
  raft::Time good_until_;
  std::array<char, 37> line_{};
};

}  // namespace skiff::transport

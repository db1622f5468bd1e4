// Ticket: names a client's request from the socket that it came in by to the answer.
//
// The HTTP server gives it out, and finds the connection by it again, if that is still there. The API and the replica
// pass it on and look at nothing in it.
#pragma once

#include <compare>
#include <cstdint>

namespace skiff {

struct Ticket {
  uint64_t connection = 0;
  uint64_t request = 0;
  uint64_t body_bytes = 0;  // that the server holds a place for until the answer
  auto operator<=>(const Ticket&) const = default;
};

}  // namespace skiff

// Ticket: names a client's request, from the socket to the answer.
//
// The HTTP server issues it, and finds the connection by it again, if that is still open. The API and the replica pass
// it on and read none of its fields.
#pragma once

#include <compare>
#include <cstdint>

namespace skiff {

struct Ticket {
  uint64_t connection = 0;
  uint64_t request = 0;
  uint64_t body_bytes = 0;  // reserved by the server until the answer
  auto operator<=>(const Ticket&) const = default;
};

}  // namespace skiff

// HttpLimits: every bound of the HTTP side in one place, with defaults that suit tests and small nodes. The program
// brings its own values.
#pragma once

#include <cstddef>
#include <cstdint>

#include "raft/time.h"

namespace skiff::transport {

struct HttpLimits {
  // One request. Over it: 431, 414, 414, 413.
  size_t header_bytes_max = 16 * 1024;        // request line and headers, as they come
  size_t target_bytes_max = 3 * 4096 + 1024;  // a key with every byte escaped, and room for a query
  size_t key_bytes_max = 4096;                // the path, decoded
  size_t body_bytes_max = 1024 * 1024;

  // One connection. Over it: not read from, until its answers have left.
  size_t unanswered_max = 128;  // requests
  size_t outbox_bytes_max = 4 * 1024 * 1024;

  // All connections, in one turn of the loop: once for bytes read in it, and once for bytes that had to wait. Over it:
  // requests wait for the next turn, in which each connection gets an equal share.
  size_t turn_requests_max = 2048;          // two milliseconds or three
  size_t turn_bytes_max = 4 * 1024 * 1024;  // the same
  raft::Time turn_max = 2_ms;               // of requests that cost more than most
  // All connections. Answers that clients have not taken, and owed_bytes_each for every answer to come. The nearer the
  // bound, the fewer answers may be owed to one client; a client that is owed none is always served.
  size_t owed_bytes_max = 64 * 1024 * 1024;
  size_t owed_bytes_each = 4 * 1024;  // the most of a value that is copied

  // All connections. At the limit, the connection that has been idle longest is closed; when none is idle: 503.
  size_t connections_max = 4096;
  size_t turned_away_max = 64;  // connections over that which get a 503; further ones are closed without an answer
  size_t bodies_bytes_max = 256 * 1024 * 1024;  // announced or arrived, and not yet answered

  // Deadlines. A client that misses one of the first two gets a 408; otherwise the connection is closed.
  raft::Time header_timeout = 10_s;  // from a request's first byte to the end of its headers
  raft::Time body_timeout = 30_s;    // from there to the end of its body
  raft::Time idle_timeout = 1_min;   // no request, no answer owed
  raft::Time write_timeout = 30_s;   // the client has taken no byte of its answers
  raft::Time crowded_timeout = 2_s;  // the same, while little is left of owed_bytes_max
  // An answer that is generated while it is sent needs more than a byte now and then: it holds resources meanwhile.
  size_t streamed_bytes_min = 16 * 1024;  // in that time

  // Lingering close: after the last answer, further input is read and dropped, for so long and so many bytes.
  raft::Time linger = 2_s;
  size_t linger_bytes_max = 8 * 1024 * 1024;
};

}  // namespace skiff::transport

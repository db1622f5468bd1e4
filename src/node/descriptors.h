// Descriptors: how many the process may have open, and how many of them its clients may use. Also opens the first three
// if the parent process has closed them.
//
// Normally the limit is in the thousands, and clients get as many as the server accepts anyway. If the limit is small
// they get the rest beyond a reserve, and further clients are answered 503. The reserve is needed because the log opens
// a file when a segment is full, and a node without a descriptor for that must stop: idle clients must not cause it.
//
// Always: clients, unidentified peers and the reserve together stay within the limit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "transport/http/limits.h"

namespace skiff {

// Opens /dev/null as each of the descriptors 0 to 2 that is closed. To be called first in a program: otherwise the next
// descriptor to be opened would get that number, and the log, which goes to descriptor 2, would be written into a
// socket, a file or libuv's own pipe.
void open_standard_descriptors();

// Raises the process's soft limit to the hard one. Returns the limit after that.
uint64_t raise_descriptor_limit();

// How many connections the clients of a node with so many members may have: `wanted.connections_max`, or the rest of
// `limit` beyond the reserve, which may be none.
size_t connections_within(uint64_t limit, size_t members, const transport::HttpLimits& wanted);

}  // namespace skiff

// Descriptors: how many the process may have open, and how many of those clients may take; and that the first three are
// what they always are.
//
// On a good day the limit is in the thousands and clients get what the server would take anyway. When it is small they
// get what is left after a reserve, and whoever comes after is told 503. For the log opens a file when a segment is
// full, and a node that has no descriptor left for it must stop: that must never be up to clients that just sit there.
//
// Always: clients, strangers at the peers' port and the reserve together stay within the limit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "transport/http/limits.h"

namespace skiff {

// Opens /dev/null as each of the descriptors 0 to 2 that is closed. For the very start of a program: whatever is opened
// later would get that number, and the log, which goes to descriptor 2, would be written into a socket, a file or
// libuv's own pipe.
void open_standard_descriptors();

// Raises the process's soft limit to the hard one. What it is afterwards.
uint64_t raise_descriptor_limit();

// How many connections the clients of a node with so many members may have: `wanted.connections_max`, or what `limit`
// leaves. None at all when it leaves nothing.
size_t connections_within(uint64_t limit, size_t members, const transport::HttpLimits& wanted);

}  // namespace skiff

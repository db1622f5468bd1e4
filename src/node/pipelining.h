// Pipelining: which requests of one connection may be under way at the same time and still take effect in the order in
// which they were sent (RFC 9112, 9.3.2).
//
// Linearizable reads may: a batch of them is confirmed as one. Writes of keys may: the replica numbers them in the
// order of their arrival, and the store applies them in that order. Every other request runs alone: an operator's order
// has a queue of its own, and an answer from the state of this node (?consistency=stale, /status, /members) must not be
// older than the answer to an earlier request.
#pragma once

#include "transport/http/connection.h"

namespace skiff {

transport::Ordering ordering_of(const transport::Request& request);

}  // namespace skiff

// Pipelining: which requests of one connection may be under way side by side, so that they take effect in the order in
// which they were sent, as far as anyone can tell (RFC 9112, 9.3.2).
//
// Linearizable reads may: a batch is confirmed as one. Writes of keys may: the replica numbers them in the order in
// which it gets them, and the store applies them in that order. Everything else runs alone: an order of an operator has
// a queue of its own, and an answer from the state of this node (?consistency=stale, /status, /members) must not be
// older than one that was asked for before it.
#pragma once

#include "transport/http/connection.h"

namespace skiff {

transport::Ordering ordering_of(const transport::Request& request);

}  // namespace skiff

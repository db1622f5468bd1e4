// Operation: what one write asks of the map, before the node that accepts it gives it an origin
// (store/state/command.h).
//
// It owns its bytes. The replica copies them once, into the command that becomes the payload of an entry.
#pragma once

#include <string>

#include "store/state/command.h"

namespace skiff::store {

struct Operation {
  Verb verb = Verb::put;
  std::string key;
  std::string value;      // empty but for put
  uint64_t revision = 0;  // for compact: the oldest that can still be read
};

}  // namespace skiff::store

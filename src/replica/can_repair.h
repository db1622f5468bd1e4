// Whether a node whose log is damaged can get back from others what it has lost.
#pragma once

#include "raft/types.h"
#include "store/directory/identity.h"

namespace skiff {

// `configuration` is the last that can still be read; null if none can.
bool can_repair(const store::Identity& identity, const raft::Payload& configuration);

}  // namespace skiff

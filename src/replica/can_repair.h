// Whether a node whose log is damaged can get the lost entries back from other members.
#pragma once

#include "raft/types.h"
#include "store/directory/identity.h"

namespace skiff {

// `configuration` is the last that can still be read; null if none can.
bool can_repair(const store::Identity& identity, const raft::Payload& configuration);

}  // namespace skiff

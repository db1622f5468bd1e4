// replica_config(): the configuration of a replica, made of the settings of its node and of the state that the disk
// gave back.
//
// A node and a simulated machine begin with the same function, so that both run with the same relations between times
// and sizes. The simulator then makes some sizes smaller, so that a short run reaches them.
#pragma once

#include <cstdint>

#include "raft/time.h"
#include "src/replica/replica.h"
#include "store/directory/identity.h"
#include "store/directory/storage.h"

namespace skiff {

// The part that an operator can set.
struct ReplicaSettings {
  raft::Time heartbeat_interval;
  raft::Time election_timeout;
  raft::Time request_timeout;
  raft::Time join_timeout;
  uint64_t snapshot_log_bytes = 0;
  HistoryConfig history;
};

// Whether the directory's node was there when its cluster began; else it was added later, and its founders are the
// members that told it about the cluster.
bool is_founder(const store::Identity& identity);

// Takes the log and the snapshot's mark out of `recovered`; the map is for the replica's own constructor. `start` tells
// this process from others of the same node, `seed` is for the choice of timeouts. Requires: `start` is not 0.
ReplicaConfig replica_config(const ReplicaSettings& settings, store::Recovered& recovered, uint64_t start,
                             uint64_t seed);

}  // namespace skiff

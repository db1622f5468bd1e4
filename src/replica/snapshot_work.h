// SnapshotWork: carries out what a replica asks of the disk about snapshots, and sorts the errors.
//
// No space, or a fetched snapshot that is not what was announced, gives that snapshot up and does no other harm. A
// snapshot that cannot be read is not there. After any other error the node must stop.
//
// Knows no thread: the shell's snapshot thread calls it, and so does the simulator.
#pragma once

#include <cstdint>
#include <string>

#include "src/base/result.h"
#include "src/replica/environment.h"
#include "store/snapshot/snapshots.h"

namespace skiff {

struct SnapshotWriteResult {
  SnapshotWritten written;
  std::string error;  // why it was given up; empty if it was not
};
// As of Environment::write_snapshot(). An error means that the node must stop.
Result<SnapshotWriteResult> write_snapshot(store::Snapshots& snapshots, SnapshotBytes&& bytes);

struct SnapshotReadResult {
  SnapshotPiece piece;  // without bytes if there is no such snapshot
  std::string error;    // why a snapshot that should be there cannot be read; empty if it can
};
// As of Environment::read_snapshot().
SnapshotReadResult read_snapshot(store::Snapshots& snapshots, raft::LogPosition position, uint64_t offset,
                                 uint64_t bytes_max);

}  // namespace skiff

// Recovery: reads the log back after a stop of any kind, and puts its end right so that writing can go on there.
//
// Normally every segment is read in order, every fragment passes its checksum, and the last segment ends in zeros.
//
// A segment is synced before it is read: the kernel may hold pages that never reached the disk. That is not enough. If
// a sync failed before this start, the kernel may show pages that it marked clean but never wrote, and zeros among
// them. So everything that no mark proves durable, which is the last batch and the zeros behind it, is written again as
// it was read, and synced.
//
// Failures are told apart by these facts:
//
//   1. A batch begins with a mark, and is written only when the batch before it is durable (store/wal/wal.h).
//   2. Hence a readable mark proves that every record before it was durable, and may have been acknowledged.
//   3. A machine that stops during a write leaves any of its blocks written and the others zero. Within a block it
//      leaves a fragment cut short: its beginning, then zeros.
//   4. Hence a block that is neither zero, nor complete, nor cut short was complete once.
//   5. Fragments other than marks prove nothing about what is missing before them: they may be of the same batch.
//
//   Torn:    the last batch is incomplete, and no mark follows (3). It was never acknowledged. It is cut off at its
//            first incomplete record by zeros, which are synced, so that no part of it reappears behind later batches.
//            The complete records before that stay; Raft allows it.
//   Lost:    as above, but a mark follows. By 2 the missing records were acknowledged. Refused.
//   Corrupt: bytes are there, and their checksum is wrong (4). Refused even at the very end of the log, where they may
//            be the last record that was acknowledged. This also refuses a disk that leaves garbage in a block whose
//            write a power failure cut short: whether the block was acknowledged cannot be told, and a log must never
//            drop an acknowledged record.
//   Other:   any of these in a segment that is not the last; a segment that is missing, belongs to another node, or
//            does not go on where the one before it ended; records that contradict each other. No such log is ever
//            written. Refused.
//   Version: another format version. Refused, by its number.
//
// A snapshot may have replaced the head of the log (store/snapshot/snapshots.h): whole segments are removed, oldest
// first, but after a power failure any of them may be there again. So segments before a gap, or before damage, do not
// count if the snapshot reaches past them.
//
// A refusal is an Error that says which file, at which offset, and what the operator can do. Nothing is changed then.
// The other members may be able to give back damaged records (Error::Code::corrupt): see store/wal/repair.h.
//
// Two losses cannot be noticed: the last segment being gone without a trace, and any part of the last batch having
// turned into zeros (all of it, one of its blocks, or the end of a fragment), which looks like a torn batch.
#pragma once

#include <string>
#include <vector>

#include "raft/types.h"
#include "src/base/result.h"
#include "store/files/files.h"
#include "store/wal/data_dir.h"
#include "store/wal/format.h"

namespace skiff::store {

struct RecoveredWal {
  raft::LogPosition base;            // the log begins behind it; the term is 0 where the log does not say it
  std::vector<raft::Entry> entries;  // behind the base, without gaps, terms never falling
  WalState state;
  WalPosition end;                 // the next batch starts here
  std::vector<std::string> notes;  // repairs, for the operator
};

// Recovers the log. It must begin no later than behind `snapshot`, the index of a snapshot that is on disk (0: none).
// No segment is shorter than `segment_bytes`: a segment that was cut short would look like a log that ends there.
// Requires: the directory is locked, and unfinished files have been removed.
Result<RecoveredWal> recover_wal(const DataDir& dir, raft::Index snapshot = 0, uint64_t segment_bytes = kBlockBytes);

// Returns the last index of the log as of the beginning of this segment. Requires: the log has been recovered, or the
// segment was made since.
Result<raft::Index> last_index_before(const DataDir& dir, uint64_t sequence);

// Checks one segment that has a successor, by itself, as a start would read it: it is intact, and ends where and as its
// successor says. `bytes` is its content.
Result<> check_segment(const DataDir& dir, uint64_t sequence, std::string bytes, uint64_t segment_bytes = kBlockBytes);

// Lists the sequence numbers of the segments in a directory, rising. An error if a file is named like a segment and is
// none.
Result<std::vector<uint64_t>> list_segments(Files& files, const std::string& directory);

}  // namespace skiff::store

// Recovery: reads the log back after a stop of any kind, and puts its end right so that writing can go on there.
//
// On a good day every segment is read in order, every fragment passes its checksum, and the last segment ends in
// zeros. Before anything is believed it is synced: what is read may have been in the kernel's memory only. That is not
// enough: when a sync failed before we were started, the kernel may show pages that it marked clean and that are not on
// the disk, zeros among them. So whatever no mark vouches for, the last batch and the zeros to the end of its segment,
// is written again as it was read, and synced.
//
// What can go wrong, and how it is told apart:
//
//   Torn: the machine stopped while the last batch was being written. The disk had taken any of its blocks, in any
//     order, and left zeros in the place of the others; at most one fragment in a block ends in zeros. Nobody was told
//     that this batch is durable. It is cut off at its first record that is not whole (the records before stay, which
//     Raft allows) by zeros, synced, so that nothing of it comes to life again behind later batches.
//   Lost: as above, but a mark follows. Marks start batches, and a batch is only written when the one before is
//     durable, so what is missing had been acknowledged. Refused. Good fragments that are no marks prove nothing: they
//     may be of the same batch as the missing ones.
//   Rotten: bytes are there, and their checksum is wrong, though their end was written. Refused even at the very end
//     of the log, where they may be the last thing that was acknowledged. A disk that leaves garbage in a block it was
//     writing when its power went is refused with them: whether it was acknowledged cannot be told, and dropping what
//     was is the one thing a log must not do.
//   The same in a segment that is not the last, a segment that is missing, is somebody else's or does not go on where
//     the one before ended, records that contradict each other: refused. Such a log was never written.
//   Another format version: refused, by name.
//
// The log may have lost its head to a snapshot (store/snapshot/snapshots.h): whole segments, oldest first, but after a
// power failure any of them may be there again. So what is before a gap, or before damage, does not count if the
// snapshot reaches over it.
//
// A refusal is an Error that says which file, where, and what the operator can do; nothing has been changed then. What
// is damaged (Error::Code::corrupt), the others may be able to give back: see store/wal/repair.h.
//
// What cannot be noticed: the last segment being gone without a trace; and any part of the last batch having turned to
// zeros (all of it, one block of it, or the end of a fragment), because a torn one looks exactly the same.
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
  raft::LogPosition base;            // what the log begins behind; the term is 0 where the log does not say it
  std::vector<raft::Entry> entries;  // from there on, without gaps, terms never falling
  WalState state;
  WalPosition end;                 // where the next batch goes
  std::vector<std::string> notes;  // what was put right
};

// The log must begin no later than behind `snapshot`, the index of one that is on disk; 0: none. No segment is shorter
// than `segment_bytes`: what was cut short would look like a log that ends there. Requires: the directory is locked,
// and unfinished files have been removed.
Result<RecoveredWal> recover_wal(const DataDir& dir, raft::Index snapshot = 0, uint64_t segment_bytes = kBlockBytes);

// The end of the log as it was when this segment was begun. Requires: it has been recovered, or was made since.
Result<raft::Index> last_index_before(const DataDir& dir, uint64_t sequence);

// One segment that has a successor, for itself, as a start would read it: it is whole, and ends where and as its
// successor says that it did. `bytes` is all there is of it.
Result<> check_segment(const DataDir& dir, uint64_t sequence, std::string bytes, uint64_t segment_bytes = kBlockBytes);

// The sequence numbers of the segments in a directory, rising. An error if a file is called like one and is none.
Result<std::vector<uint64_t>> list_segments(Files& files, const std::string& directory);

}  // namespace skiff::store

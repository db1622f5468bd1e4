// Scan: reads a segment of the log for itself, from its first block to its last, whatever is wrong with it. Changes
// nothing. It tells what is there and what is not; what that means for the node is for recovery to say
// (store/wal/recover.h), which stops at the first thing that should not be.
//
// Places that do not pass are told apart as recovery does: what is rotten, and what is missing although a later mark
// vouches for it, is damage; what is missing at the end of the last segment was being written when the node stopped.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "raft/types.h"
#include "src/base/result.h"
#include "store/wal/data_dir.h"
#include "store/wal/format.h"

namespace skiff::store {

struct SegmentDamage {
  uint64_t offset = 0;
  std::string reason;
};

struct ScannedSegment {
  uint64_t bytes = 0;
  std::optional<SegmentHeader> header;  // if it could be read
  uint64_t batches = 0;
  uint64_t records = 0;  // marks and the header aside
  uint64_t entries = 0;
  raft::LogPosition first;  // of the entries in it, as they stand there
  raft::LogPosition last;
  raft::Index lowest = 0;
  raft::Index highest = 0;
  uint64_t end = 0;  // behind the last whole record
  std::vector<SegmentDamage> damage;
  std::optional<SegmentDamage> torn;  // its end, never acknowledged
};

// Calls `visit` with every whole record but headers and marks, in order. An error if the file cannot be read; what is
// in it never is one.
using VisitRecord = std::function<void(uint64_t offset, Record& record)>;
Result<ScannedSegment> scan_segment(const DataDir& dir, uint64_t sequence, bool is_last, const VisitRecord& visit);

}  // namespace skiff::store

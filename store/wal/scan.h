// Scan: reads one segment of the log by itself, from its first block to its last, whatever is wrong with it. It changes
// nothing. It reports what is there and what is not. Recovery (store/wal/recover.h) decides what that means for the
// node, and stops at the first thing that should not be there.
//
// Gaps are told apart as in recovery. Damage: a corrupt fragment, or records that are missing although a later mark
// proves that they were durable. No damage: records missing at the end of the last segment, which was being written
// when the node stopped.
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
  raft::LogPosition first;  // of the entries in it, in the order of the file
  raft::LogPosition last;
  raft::Index lowest = 0;
  raft::Index highest = 0;
  uint64_t end = 0;  // behind the last complete record
  std::vector<SegmentDamage> damage;
  std::optional<SegmentDamage> torn;  // its end, never acknowledged
};

// Calls `visit` with every complete record but headers and marks, in order. An error only if the file cannot be read,
// whatever its content.
using VisitRecord = std::function<void(uint64_t offset, Record& record)>;
Result<ScannedSegment> scan_segment(const DataDir& dir, uint64_t sequence, bool is_last, const VisitRecord& visit);

}  // namespace skiff::store

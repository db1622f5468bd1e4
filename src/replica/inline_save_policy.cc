#include "src/replica/inline_save_policy.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"

namespace skiff {

static_assert(limits::kQuickSyncNs < limits::kSlowSyncNs);  // a disk that is not known is no quick one

uint64_t InlineSavePolicy::bytes_of(const std::vector<raft::Entry>& entries) {
  uint64_t bytes = 0;
  for (const raft::Entry& entry : entries) bytes += entry.bytes();
  return bytes;
}

void InlineSavePolicy::note_saved(uint64_t took_ns) {
  average_ns_ = (average_ns_ * 7 + std::min(took_ns, limits::kSlowSyncNs)) / 8;
  CHECK(average_ns_ <= limits::kSlowSyncNs);
}

bool InlineSavePolicy::allows(const Save& save) {
  const uint64_t inputs = std::exchange(inputs_, 0);
  if (inputs > (save.is_leader ? limits::kInputsOfAQuietLeader : limits::kInputsOfAQuietFollower)) return false;
  if (save.is_leader && save.entries > limits::kEntriesOfAQuietLeader) return false;
  return average_ns_ <= limits::kQuickSyncNs && save.bytes <= limits::kInlineSaveBytesMax;
}

}  // namespace skiff

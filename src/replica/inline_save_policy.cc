#include "src/replica/inline_save_policy.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"

namespace skiff {

static_assert(limits::kQuickSync < limits::kSlowSync);  // a disk that is not known is no quick one

uint64_t InlineSavePolicy::bytes_of(const std::vector<raft::Entry>& entries) {
  uint64_t bytes = 0;
  for (const raft::Entry& entry : entries) bytes += entry.bytes();
  return bytes;
}

void InlineSavePolicy::note_saved(raft::Time took) {
  average_ = (average_ * 7 + std::min(took, limits::kSlowSync)) / 8;
  CHECK(average_ <= limits::kSlowSync);
}

bool InlineSavePolicy::allows(const Save& save) {
  const uint64_t inputs = std::exchange(inputs_, 0);
  if (inputs > (save.is_leader ? limits::kInputsOfAQuietLeader : limits::kInputsOfAQuietFollower)) return false;
  if (save.is_leader && save.entries > limits::kEntriesOfAQuietLeader) return false;
  return average_ <= limits::kQuickSync && save.bytes <= limits::kInlineSaveBytesMax;
}

}  // namespace skiff

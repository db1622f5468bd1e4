#include "raft/disk_space.h"

#include <algorithm>

namespace skiff::raft {
namespace {

// Upper bounds, whatever the layout of the log on disk: of an entry, and of a save besides its entries.
uint64_t bytes_used_by(const Entry& entry) { return entry.bytes() + entry.bytes() / 8 + 128; }
constexpr uint64_t kBytesUsedBySave = 256;

}  // namespace

uint64_t DiskSpace::bytes_of_save(const std::vector<Entry>& entries) {
  uint64_t bytes = kBytesUsedBySave;
  for (const Entry& entry : entries) bytes += bytes_used_by(entry);
  return bytes;
}

void DiskSpace::reported(std::optional<uint64_t> bytes_left, uint64_t bytes_under_way) {
  bytes_left_ = bytes_left;
  if (!is_full()) has_left_out_ = false;
  use(bytes_under_way);
}

bool DiskSpace::has_space_for(const Entry& entry) const {
  if (!is_full()) return true;
  const uint64_t kept = entry.kind == EntryKind::command ? kept_bytes_ : 0;
  return *bytes_left_ >= reserved_bytes_ + bytes_used_by(entry) + kept;
}

void DiskSpace::appended(const Entry& entry) {
  if (is_full()) reserved_bytes_ += bytes_used_by(entry);
}

void DiskSpace::handed_over(uint64_t save_bytes) {
  use(save_bytes);
  reserved_bytes_ = 0;
}

void DiskSpace::use(uint64_t bytes) {
  if (is_full()) *bytes_left_ -= std::min(*bytes_left_, bytes);
}

}  // namespace skiff::raft

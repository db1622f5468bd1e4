#include "store/snapshot/scrub.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "raft/check.h"
#include "src/base/try.h"
#include "store/files/read_file.h"
#include "store/snapshot/snapshot.h"
#include "store/snapshot/snapshots.h"
#include "store/wal/recover.h"

namespace skiff::store {

Scrub::Scrub(DataDir dir, uint64_t segment_bytes) : dir_(std::move(dir)), segment_bytes_(segment_bytes) {}

Result<uint64_t> Scrub::begin() {
  file_.reset();
  names_.clear();
  TRY(const auto all, dir_.files.list(dir_.path));
  std::deque<std::string> segments;
  for (const std::string& name : all) {
    if (snapshot_index(name)) names_.push_back(name);
    if (segment_sequence(name)) segments.push_back(name);
  }
  if (!segments.empty()) segments.pop_back();
  std::move(segments.begin(), segments.end(), std::back_inserter(names_));
  uint64_t bytes = 0;
  for (const std::string& name : names_) {
    auto file = dir_.files.open(dir_.path_of(name), OpenMode::read);
    auto size = file ? (*file)->size() : Result<uint64_t>(0);
    bytes += size.value_or(0);
  }
  return bytes;
}

// If another file gets this name, it is read from its beginning.
void Scrub::release(const std::string& name) {
  if (!names_.empty() && names_.front() == name) file_.reset();
}

// Returns false if the pass is over.
bool Scrub::open_next() {
  for (; !names_.empty(); names_.pop_front()) {
    auto file = dir_.files.open(path(), OpenMode::from_disk);
    if (!file) continue;
    file_ = std::move(*file);
    offset_ = 0;
    segment_.clear();
    return true;
  }
  return false;
}

Scrub::Step Scrub::read_on(uint64_t bytes) {
  CHECK(is_under_way());
  CHECK(bytes > 0);
  if (file_ == nullptr && !open_next()) return {};
  if (const auto sequence = segment_sequence(names_.front())) {
    auto piece = file_->read_at(offset_, bytes);
    if (!piece) return end_file(0, tl::unexpected(piece.error()));
    const uint64_t count = piece->size();
    offset_ += count;
    segment_ += *piece;
    CHECK(segment_.size() == offset_);
    if (count == bytes) return {.bytes = count};
    return end_file(count, check_segment(dir_, *sequence, std::move(segment_), segment_bytes_));
  }
  auto checked = check_blocks(*file_, path(), dir_.owner.cluster, offset_, bytes);
  if (!checked) return end_file(0, tl::unexpected(checked.error()));
  const uint64_t count = checked->end - std::exchange(offset_, checked->end);
  return checked->is_end ? end_file(count, {}) : Step{.bytes = count};
}

Scrub::Step Scrub::end_file(uint64_t bytes, Result<> checked) {
  CHECK(file_ != nullptr);
  CHECK(!names_.empty());
  Step step{.bytes = bytes, .has_file = true};
  if (!checked) checked = check_again();
  const bool is_denied = !checked && checked.error().code == Error::Code::denied;
  if (!checked && !is_denied) {
    const bool is_unread = checked.error().code == Error::Code::io;
    const std::string where = is_unread ? ", at offset " + std::to_string(offset_) + " or behind" : "";
    step.damage = Damage{.name = names_.front(), .what = checked.error().what + where};
  }
  file_.reset();
  segment_ = {};
  names_.pop_front();
  return step;
}

// Opens the file by its name and reads it from its beginning: the open one may have been removed, or replaced. This is
// done after a failed read as well: bytes that the disk gives back at the second attempt are there.
Result<> Scrub::check_again() {
  auto exists = dir_.files.exists(path());
  if (exists && !*exists) return {};
  TRY(auto file, dir_.files.open(path(), OpenMode::from_disk));
  const auto sequence = segment_sequence(names_.front());
  if (!sequence) return check_snapshot(*file, path(), dir_.owner.cluster);
  TRY(auto bytes, read_all(*file));
  return check_segment(dir_, *sequence, std::move(bytes), segment_bytes_);
}

}  // namespace skiff::store

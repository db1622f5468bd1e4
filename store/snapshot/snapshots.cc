#include "store/snapshot/snapshots.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "src/base/try.h"
#include "store/wal/recover.h"
#include "store/wal/wal.h"

namespace skiff::store {
namespace {

constexpr size_t kKept = 2;

// Written between two syncs: some milliseconds of a disk's time.
constexpr uint64_t kSyncBytes = 1024 * 1024;

}  // namespace

std::string snapshot_name(raft::Index index) { return kSnapshotPrefix + hex_name(index); }

std::optional<raft::Index> snapshot_index(std::string_view name) {
  if (!name.starts_with(kSnapshotPrefix)) return std::nullopt;
  return number_of_hex_name(name.substr(std::string_view(kSnapshotPrefix).size()));
}

Snapshots::Snapshots(DataDir dir, uint64_t segment_bytes) : dir_(std::move(dir)), scrub_(dir_, segment_bytes) {}

Result<std::vector<raft::Index>> Snapshots::list() {
  TRY(const auto names, dir_.files.list(dir_.path));
  std::vector<raft::Index> indexes;
  for (const std::string& name : names) {
    if (auto index = snapshot_index(name)) indexes.push_back(*index);
  }
  return indexes;
}

Result<Snapshots::Found> Snapshots::load_newest() {
  TRY(auto indexes, list());
  Found found;
  while (!indexes.empty() && !found.snapshot) {
    const std::string path = path_of(indexes.back());
    TRY(auto file, dir_.files.open(path, OpenMode::existing));
    // The writes of a killed process may be in the kernel's memory only.
    TRY(file->sync());
    auto loaded = load_snapshot(*file, path, dir_.owner.cluster);
    const bool may_be_passed_over =
        loaded || loaded.error().code == Error::Code::corrupt || loaded.error().code == Error::Code::io;
    if (!may_be_passed_over) return tl::unexpected(loaded.error());  // a newer format, say
    if (loaded && loaded->mark.position.index != indexes.back()) {
      loaded = fail(Error::Code::corrupt, "read " + path + ": it is the snapshot of another index");
    }
    if (loaded) {
      found.snapshot = std::move(*loaded);
    } else {
      found.notes.push_back(loaded.error().what + "; it is not used");
      indexes.pop_back();
    }
  }
  good_ = std::move(indexes);
  return found;
}

Result<std::optional<Kv>> Snapshots::write(const Bytes& bytes) {
  if (auto written = write_aside(bytes.offset, bytes.bytes); !written) {
    give_up();
    return fail_as(Error::Code::unavailable, written.error());
  }
  std::optional<Kv> kv;
  if (!bytes.is_last) {
    TRY(give_up_if_full(sync_some()));
    return kv;
  }
  if (bytes.is_fetched) {
    auto loaded = read_back(bytes.mark);
    if (!loaded) {
      give_up();
      return tl::unexpected(loaded.error());
    }
    kv = std::move(*loaded);
  }
  TRY(give_up_if_full(aside_->sync()));
  Result<> done = finish(bytes.mark.position.index);
  if (done) done = drop_old();
  if (done) return kv;
  return fail_as(Error::Code::io, done.error());  // the snapshot is complete, so this error does not drop it
}

Result<> Snapshots::write_aside(uint64_t offset, std::string_view bytes) {
  if (offset == 0) {
    give_up();
    TRY(aside_, dir_.files.open(dir_.path_of(kSnapshotAside), OpenMode::create));
  }
  CHECK(aside_ != nullptr);
  CHECK(offset == aside_end_);
  TRY(aside_->write_at(offset, bytes));
  aside_end_ += bytes.size();
  return {};
}

// Some file systems allocate space only during a sync.
Result<> Snapshots::give_up_if_full(Result<> synced) {
  if (synced || synced.error().code != Error::Code::no_space) return synced;
  give_up();
  return fail_as(Error::Code::unavailable, synced.error());
}

Result<> Snapshots::sync_some() {
  CHECK(aside_ != nullptr);
  CHECK(aside_synced_ <= aside_end_);
  if (aside_end_ - aside_synced_ < kSyncBytes) return {};
  aside_synced_ = aside_end_;
  return aside_->sync();
}

// A snapshot that was being made here is overwritten by the next one. The mark of a fetched one is that of its offer.
std::optional<BegunSnapshot> Snapshots::resume() {
  CHECK(aside_ == nullptr);
  const std::string path = dir_.path_of(kSnapshotAside);
  auto file = dir_.files.open(path, OpenMode::existing);
  if (!file) return std::nullopt;
  auto found = resume_snapshot(**file, path, dir_.owner.cluster);
  if (!found || !*found) {
    file->reset();
    give_up();
    return std::nullopt;
  }
  aside_ = std::move(*file);
  aside_end_ = (*found)->end;
  CHECK(aside_end_ > 0);
  aside_synced_ = 0;
  return std::move(*found);
}

Result<Kv> Snapshots::read_back(const raft::SnapshotMark& mark) {
  const std::string path = dir_.path_of(kSnapshotAside);
  TRY(auto loaded, load_snapshot(*aside_, path, dir_.owner.cluster));
  const raft::SnapshotMark& found = loaded.mark;
  if (found.position == mark.position && *found.configuration == *mark.configuration) return std::move(loaded.kv);
  return fail(Error::Code::corrupt, "read " + path + ": it is another snapshot than the one that was asked for");
}

Result<> Snapshots::finish(raft::Index index) {
  CHECK(aside_ != nullptr);
  CHECK(aside_end_ > 0);
  aside_.reset();
  aside_end_ = aside_synced_ = 0;
  if (reading_index_ == index) reading_.reset();
  checked_.erase(index);
  scrub_.release(snapshot_name(index));
  TRY(dir_.files.rename(dir_.path_of(kSnapshotAside), path_of(index)));
  TRY(dir_.files.sync_directory(dir_.path));
  if (auto damaged = damaged_.extract(snapshot_name(index))) news_.recovered.push_back(std::move(damaged.mapped()));
  auto next = std::lower_bound(good_.begin(), good_.end(), index);
  if (next == good_.end() || *next != index) good_.insert(next, index);
  return {};
}

// If the file cannot be removed, the next write() cannot begin anew and returns the error.
void Snapshots::give_up() {
  aside_.reset();
  aside_end_ = aside_synced_ = 0;
  const std::string path = dir_.path_of(kSnapshotAside);
  if (auto exists = dir_.files.exists(path); exists && *exists) static_cast<void>(dir_.files.remove(path));
}

Result<> Snapshots::drop_old() {
  CHECK(!good_.empty());
  if (good_.size() > kKept) good_.erase(good_.begin(), good_.end() - kKept);
  CHECK(good_.size() <= kKept);
  TRY(const auto indexes, list());
  for (raft::Index index : indexes) {
    if (std::binary_search(good_.begin(), good_.end(), index)) continue;
    if (reading_index_ == index) reading_.reset();
    scrub_.release(snapshot_name(index));
    TRY(dir_.files.remove(path_of(index)));
  }
  if (good_.size() >= kKept) TRY(drop_log(good_.front()));
  return remove_damaged();
}

// Segments are removed when a later segment begins no later than behind `before`, and is durable: the log may just be
// about to go on in it. A segment whose header cannot be read decides nothing, and is removed with others.
Result<> Snapshots::drop_log(raft::Index before) {
  CHECK(std::binary_search(good_.begin(), good_.end(), before));
  TRY(const auto sequences, list_segments(dir_.files, dir_.path));
  TRY(dir_.files.sync_directory(dir_.path));
  size_t dropped = 0;
  for (size_t index = 1; index < sequences.size(); ++index) {
    auto begins = last_index_before(dir_, sequences[index]);
    if (begins && *begins <= before) dropped = index;
  }
  for (size_t index = 0; index < dropped; ++index) {
    const std::string name = segment_name(sequences[index]);
    scrub_.release(name);
    TRY(dir_.files.remove(dir_.path_of(name)));
  }
  return {};
}

Result<> Snapshots::check(raft::Index index, File& file) {
  auto checked = check_snapshot(file, path_of(index), dir_.owner.cluster);
  if (!checked) note_damage({.name = snapshot_name(index), .what = checked.error().what});
  return checked;
}

// A snapshot is read once from end to end before it is sent, so that no damaged one is.
Result<> Snapshots::open_to_read(raft::Index index) {
  if (reading_ != nullptr && reading_index_ == index) return {};
  const std::string path = path_of(index);
  TRY(auto file, dir_.files.open(path, OpenMode::read));
  if (!checked_.contains(index)) {
    TRY(check(index, *file));
    checked_.insert(index);
  }
  reading_ = std::move(file);
  reading_index_ = index;
  return {};
}

Result<Snapshots::Piece> Snapshots::read(raft::Index index, uint64_t offset, uint64_t bytes) {
  if (!std::binary_search(good_.begin(), good_.end(), index)) {
    return fail(Error::Code::unavailable, "read " + path_of(index) + ": there is no such snapshot any more");
  }
  if (auto opened = open_to_read(index); !opened) {
    reading_.reset();
    return tl::unexpected(opened.error());
  }
  CHECK(reading_ != nullptr);
  CHECK(reading_index_ == index);
  CHECK(checked_.contains(index));
  TRY(const uint64_t size, reading_->size());
  TRY(auto read, reading_->read_at(offset, bytes));
  const bool is_last = offset + bytes >= size;
  if (!is_last) return Piece{.bytes = std::move(read)};
  // It may have been damaged since it was opened, perhaps an hour ago.
  TRY(check(index, *reading_));
  return Piece{.bytes = std::move(read), .is_last = true};
}

}  // namespace skiff::store

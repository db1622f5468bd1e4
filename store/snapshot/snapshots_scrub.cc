// The part of Snapshots that deals with damage at rest: it finds damage by a scrub, remembers it, and removes damaged
// files when a snapshot has replaced them.
#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "src/base/try.h"
#include "store/snapshot/snapshots.h"
#include "store/wal/recover.h"

namespace skiff::store {

Snapshots::Scrubbed Snapshots::scrub(bool begins, uint64_t bytes) {
  if (begins) {
    auto before = scrub_.begin();
    news_.pass_bytes = before.value_or(0);
    if (!before) news_.error = before.error().what;
    news_.has_ended = !scrub_.is_under_way();
  }
  if (scrub_.is_under_way() && bytes > 0) {
    Scrub::Step step = scrub_.read_on(bytes);
    news_.bytes += step.bytes;
    news_.files += step.has_file ? 1 : 0;
    news_.has_ended = !scrub_.is_under_way();
    if (step.damage) note_damage(std::move(*step.damage));
  }
  return news();
}

Snapshots::Scrubbed Snapshots::news() {
  Scrubbed news = std::exchange(news_, {});
  news.is_under_way = scrub_.is_under_way();
  news.is_damaged = !damaged_.empty();
  news.replaced_at = replaced_at();
  return news;
}

void Snapshots::note_damage(Damage damage) {
  if (const auto index = snapshot_index(damage.name)) {
    std::erase(good_, *index);
    checked_.erase(*index);
    if (reading_index_ == *index) reading_.reset();
  }
  if (damaged_.emplace(damage.name, damage).second) news_.found.push_back(std::move(damage));
}

// Requires: a snapshot has just been made or fetched, and damaged ones were removed. The newest snapshot is checked
// before a segment is removed, because the older snapshot is useless afterwards.
Result<> Snapshots::remove_damaged() {
  auto is_segment = [](const auto& damaged) { return segment_sequence(damaged.first).has_value(); };
  if (std::any_of(damaged_.begin(), damaged_.end(), is_segment)) {
    CHECK(!good_.empty());
    const raft::Index newest = good_.back();
    TRY(auto file, dir_.files.open(path_of(newest), OpenMode::from_disk));
    if (auto checked = check_snapshot(*file, path_of(newest), dir_.owner.cluster); !checked) {
      note_damage({.name = snapshot_name(newest), .what = checked.error().what});
      return {};
    }
    TRY(drop_log(newest));
  }
  for (auto damaged = damaged_.begin(); damaged != damaged_.end();) {
    TRY(const bool exists, dir_.files.exists(dir_.path_of(damaged->first)));
    if (!exists) news_.recovered.push_back(damaged->second);
    damaged = exists ? std::next(damaged) : damaged_.erase(damaged);
  }
  return {};
}

std::optional<raft::Index> Snapshots::replaced_at() {
  if (damaged_.empty()) return std::nullopt;
  std::optional<raft::Index> lowest;
  auto sequences = list_segments(dir_.files, dir_.path);
  for (const auto& [name, damage] : damaged_) {
    const auto damaged = segment_sequence(name);
    if (!damaged) return 0;
    if (!sequences) continue;
    for (uint64_t sequence : *sequences) {
      if (sequence <= *damaged) continue;
      auto begins = last_index_before(dir_, sequence);
      if (begins && (!lowest || *begins < *lowest)) lowest = *begins;
    }
  }
  return lowest;
}

}  // namespace skiff::store

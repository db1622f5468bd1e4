// Log: the entries since the last snapshot, which of them are on disk, committed, and handed on to be applied.
//
// Entries are appended at the end: a leader's own proposals, or entries that a leader sent. They go to the disk in
// saves: take_unsaved() hands over those that the disk was not given yet, and saved() confirms, in the same order, that
// they are durable. In between, a new leader may cut off the end of the log. The saves under way are then cut as well,
// so that a save of replaced entries never counts for their replacements, not even when a later leader brings the old
// entries back.
//
// The log starts behind its base. Entries up to there are forgotten, because a snapshot on our disk holds their effect;
// they count as committed and as durable. Hundreds of thousands of entries are forgotten at once, and their memory is
// freed a few at a time, so that no request waits for that.
//
// An entry may be committed, and applied, before it is on our own disk: a majority of the others has it.
//
// Always: base <= durable <= handed to the disk <= last; base <= handed to be applied <= committed <= last; nothing at
// or below committed is ever cut off. Terms never fall along the log.   (Thesis 3.5, 3.6, 5)
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "raft/types.h"

namespace skiff::raft {

class Log {
 public:
  // `recovered` is what the disk held behind a snapshot up to `base`: durable, but not known to be committed.
  Log(LogPosition base, std::vector<Entry> recovered);

  LogPosition base() const { return base_; }
  LogPosition last() const;
  // Requires: base().index <= index <= last().index.
  Term term_at(Index index) const;
  // Whether our log and one that has this position agree up to there. Entries before the base were committed, and are
  // therefore the same everywhere.
  bool has(LogPosition position) const;
  // Requires: base().index < index <= last().index.
  const Entry& at(Index index) const;
  // From `first` on: as many as fit in `bytes_max` and `count_max`, at least one if there is one.
  std::vector<Entry> slice(Index first, uint64_t bytes_max, uint64_t count_max) const;
  // The last index at or before `index` whose term is at most `term`: up to there two logs may agree. Before the base
  // no term is known any more, and `index` comes back as it is.
  Index last_at_or_below(Index index, Term term) const;

  // Requires: entry.position.index == last().index + 1, its term at least that of the last.
  void append(Entry entry);
  // Requires: committed() < first.
  void cut_from(Index first);
  // Forgets the entries up to `index`. Requires: they were handed on to be applied and to the disk, and a snapshot on
  // disk holds their effect.
  void forget_to(Index index);
  // Frees at most `count_max` of the forgotten entries; returns whether there are more. Every append() frees some, too.
  bool free_forgotten(size_t count_max);
  // Forgets everything: the log starts behind `base`, up to which a snapshot on disk holds all there is. Requires:
  // committed() < base.index.
  void start_anew(LogPosition base);

  // The entries that the disk was not given yet, as part of the save with this number.
  std::vector<Entry> take_unsaved(uint64_t save);
  // Everything up to this save is on disk.
  void saved(uint64_t save);
  bool has_unsaved() const { return handed_ < last().index; }
  Index durable() const { return durable_; }

  // Requires: index <= last().index. Going back is a no-op.
  void commit_to(Index index);
  Index committed() const { return committed_; }
  std::vector<Entry> take_committed();

  // Payload bytes behind the commit index.
  uint64_t uncommitted_bytes() const { return uncommitted_bytes_; }

  // Checks the invariants above, and that indexes have no gap. Walks the whole log: for tests.
  void check_invariants() const;

 private:
  struct Save {
    uint64_t number;
    Index last;  // the end of the log as of this save; cut back when the log is
  };
  std::vector<Entry> between(Index after, Index last) const;

  LogPosition base_;
  std::deque<Entry> entries_;  // entries_[forgotten_] has index base_.index + 1
  size_t forgotten_ = 0;
  std::deque<Save> saves_;  // under way, oldest first
  Index handed_ = 0;
  Index durable_ = 0;
  Index committed_ = 0;
  Index taken_ = 0;
  uint64_t uncommitted_bytes_ = 0;
};

}  // namespace skiff::raft

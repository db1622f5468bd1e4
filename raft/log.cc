#include "raft/log.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"

namespace skiff::raft {
namespace {

// An append adds one entry and frees up to four, so forgotten entries are gone after a quarter as many appends.
constexpr size_t kFreedPerAppend = 4;

}  // namespace

Log::Log(LogPosition base, std::vector<Entry> recovered)
    : base_(base), handed_(base.index), durable_(base.index), committed_(base.index), taken_(base.index) {
  for (Entry& entry : recovered) append(std::move(entry));
  handed_ = durable_ = last().index;
}

LogPosition Log::last() const { return entries_.size() == forgotten_ ? base_ : entries_.back().position; }

Term Log::term_at(Index index) const { return index == base_.index ? base_.term : at(index).position.term; }

bool Log::has(LogPosition position) const {
  if (position.index < base_.index) return true;
  return position.index <= last().index && term_at(position.index) == position.term;
}

const Entry& Log::at(Index index) const {
  CHECK(index > base_.index);
  CHECK(index <= last().index);
  return entries_[forgotten_ + (index - base_.index - 1)];
}

std::vector<Entry> Log::slice(Index first, uint64_t bytes_max, uint64_t count_max) const {
  std::vector<Entry> taken;
  uint64_t bytes = 0;
  for (Index index = first; index <= last().index && taken.size() < count_max; ++index) {
    bytes += at(index).bytes();
    if (!taken.empty() && bytes > bytes_max) break;
    taken.push_back(at(index));
  }
  return taken;
}

Index Log::last_at_or_below(Index index, Term term) const {
  index = std::min(index, last().index);
  while (index > base_.index && term_at(index) > term) --index;
  return index;
}

void Log::append(Entry entry) {
  CHECK(entry.position.index == last().index + 1);
  CHECK(entry.position.term >= last().term);
  CHECK(entry.position.term > 0);
  uncommitted_bytes_ += entry.bytes();
  entries_.push_back(std::move(entry));
  free_forgotten(kFreedPerAppend);
}

void Log::cut_from(Index first) {
  CHECK(first > committed_);
  while (last().index >= first) {
    uncommitted_bytes_ -= entries_.back().bytes();
    entries_.pop_back();
  }
  Index kept = last().index;
  handed_ = std::min(handed_, kept);
  if (!MUTANT(durable_not_cut)) durable_ = std::min(durable_, kept);
  if (MUTANT(late_save_counts_for_new)) return;
  for (Save& save : saves_) save.last = std::min(save.last, kept);
}

void Log::forget_to(Index index) {
  CHECK(index <= taken_ || MUTANT(snapshot_forgets_what_was_not_applied));
  CHECK(index <= handed_);  // the disk's own log has no gaps
  if (index <= base_.index) return;
  const LogPosition base = at(index).position;
  forgotten_ += index - base_.index;
  base_ = base;
  durable_ = std::max(durable_, index);
}

bool Log::free_forgotten(size_t count_max) {
  for (; count_max > 0 && forgotten_ > 0; --count_max, --forgotten_) entries_.pop_front();
  return forgotten_ > 0;
}

void Log::start_anew(LogPosition base) {
  CHECK(committed_ < base.index);
  forgotten_ = entries_.size();
  base_ = base;
  handed_ = durable_ = committed_ = taken_ = base.index;
  for (Save& save : saves_) save.last = base.index;  // its entries are gone, and it counts for none behind the base
  uncommitted_bytes_ = 0;
}

std::vector<Entry> Log::take_unsaved(uint64_t save) {
  CHECK(saves_.empty() || saves_.back().number < save);
  std::vector<Entry> taken = between(handed_, last().index);
  handed_ = last().index;
  saves_.push_back({.number = save, .last = handed_});
  return taken;
}

void Log::saved(uint64_t save) {
  while (!saves_.empty() && saves_.front().number <= save) {
    durable_ = std::max(durable_, saves_.front().last);
    saves_.pop_front();
  }
  CHECK(durable_ <= handed_);
}

void Log::commit_to(Index index) {
  CHECK(index <= last().index);
  while (committed_ < index) uncommitted_bytes_ -= at(++committed_).bytes();
}

std::vector<Entry> Log::take_committed() {
  std::vector<Entry> taken = between(taken_, committed_);
  taken_ = committed_;
  return taken;
}

std::vector<Entry> Log::between(Index after, Index last) const {
  CHECK(after >= base_.index);
  auto first = entries_.begin() + static_cast<std::ptrdiff_t>(forgotten_);
  return {first + static_cast<std::ptrdiff_t>(after - base_.index),
          first + static_cast<std::ptrdiff_t>(last - base_.index)};
}

void Log::check_invariants() const {
  CHECK(base_.index <= durable_);
  CHECK(base_.index <= taken_);
  CHECK(durable_ <= handed_);
  CHECK(handed_ <= last().index);
  CHECK(taken_ <= committed_);
  CHECK(committed_ <= last().index);
  uint64_t bytes = 0;
  LogPosition before = base_;
  CHECK(forgotten_ <= entries_.size());
  for (size_t at = forgotten_; at < entries_.size(); ++at) {
    const Entry& entry = entries_[at];
    CHECK(entry.position.index == before.index + 1);
    CHECK(entry.position.term >= before.term);
    before = entry.position;
    if (entry.position.index > committed_) bytes += entry.bytes();
  }
  CHECK(bytes == uncommitted_bytes_);
}

}  // namespace skiff::raft

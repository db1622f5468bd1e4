#include "src/replica/history.h"

#include <algorithm>

#include "raft/check.h"

namespace skiff {

using store::Revision;

namespace {

constexpr uint64_t kCutsAtOnce = 8;
constexpr uint64_t kSamplesPerAge = 16;

// By how much the limit may be exceeded before history is cut.
uint64_t slack(uint64_t limit, uint64_t per_cut) { return std::clamp<uint64_t>(limit / 4, 1, per_cut); }

}  // namespace

std::vector<Revision> ReplicaHistory::due(raft::Time now, bool is_leader) {
  note(now);
  std::vector<Revision> cuts;
  if (!is_leader) {
    asked_ = 0;
    return cuts;
  }
  Revision from = std::max(asked_, kv_.compacted());
  CHECK(from <= kv_.revision());
  CHECK(from >= kv_.compacted());
  const Revision wanted = std::max({too_many(from), too_large(from), too_old(now)});
  CHECK(wanted <= kv_.revision());
  while (from < wanted && cuts.size() < kCutsAtOnce) {
    const Revision to = end_of_cut(from, wanted);
    CHECK(to > from);
    CHECK(to <= wanted);
    cuts.push_back(from = asked_ = to);
  }
  CHECK(cuts.size() <= kCutsAtOnce);
  CHECK(asked_ <= kv_.revision());
  return cuts;
}

// One revision at least, however many bytes that drops.
Revision ReplicaHistory::end_of_cut(Revision from, Revision wanted) const {
  uint64_t bytes = 0;
  Revision to = from;
  kv_.walk_history(from, [&](Revision revision, uint64_t dropped) {
    bytes += dropped;
    if (to > from && bytes > config_.bytes_per_cut) return false;
    to = revision;
    return to < wanted && to - from < config_.revisions_per_cut;
  });
  return to;
}

Revision ReplicaHistory::too_many(Revision from) const {
  const uint64_t kept = kv_.revision() - from;
  const bool is_over =
      config_.revisions > 0 && kept >= config_.revisions + slack(config_.revisions, config_.revisions_per_cut);
  return is_over ? kv_.revision() - config_.revisions : 0;
}

Revision ReplicaHistory::too_large(Revision from) const {
  if (config_.bytes == 0) return 0;
  uint64_t kept = kv_.history_bytes();
  if (from > kv_.compacted()) {
    kv_.walk_history(kv_.compacted(), [&](Revision revision, uint64_t bytes) {
      if (revision <= from) kept -= bytes;
      return revision < from;
    });
  }
  if (kept < config_.bytes + slack(config_.bytes, config_.bytes_per_cut)) return 0;
  const Revision end = std::min(kv_.revision(), from + kCutsAtOnce * config_.revisions_per_cut);
  kv_.walk_history(from, [&](Revision revision, uint64_t bytes) {
    if (kept <= config_.bytes || revision > end) return false;
    kept -= bytes;
    from = revision;
    return true;
  });
  return from;
}

Revision ReplicaHistory::too_old(raft::Time now) const {
  const bool is_old = !samples_.empty() && samples_.front().at + config_.age <= now;
  return is_old ? samples_.front().revision : 0;
}

// The front sample is the newest of those that are old enough, if any is.
void ReplicaHistory::note(raft::Time now) {
  if (config_.age == 0_s) return;
  const bool is_due = samples_.empty() || (samples_.back().revision != kv_.revision() &&
                                           now >= samples_.back().at + config_.age / kSamplesPerAge);
  if (is_due) samples_.push_back({.at = now, .revision = kv_.revision()});
  while (samples_.size() > 1 && samples_[1].at + config_.age <= now) samples_.pop_front();
}

}  // namespace skiff

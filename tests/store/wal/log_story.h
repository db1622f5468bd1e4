// LogStory: random but lawful things to save, and what a log must hold after each of their records.
//
// A recovered log is right if it is the story up to some record: no earlier than the last acknowledged one, and of
// course no later than the last one that was written.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "raft/random.h"
#include "raft/types.h"
#include "store/wal/recover.h"
#include "store/wal/wal.h"

namespace skiff::store::log_story {

inline raft::Entry entry(raft::Term term, raft::Index index, std::string text) {
  auto payload = text.empty() ? nullptr : raft::Payload::of(std::move(text));
  return {{term, index}, raft::EntryKind::command, payload};
}

inline bool is_same(const raft::Entry& a, const raft::Entry& b) {
  auto text = [](const raft::Entry& entry) { return entry.payload ? *entry.payload : std::string_view(); };
  return a.position == b.position && a.kind == b.kind && text(a) == text(b);
}

inline bool is_same(const std::vector<raft::Entry>& a, const std::vector<raft::Entry>& b) {
  if (a.size() != b.size()) return false;
  for (size_t index = 0; index < a.size(); ++index) {
    if (!is_same(a[index], b[index])) return false;
  }
  return true;
}

// The content of a log after a record.
struct Chapter {
  raft::HardState hard_state;
  std::vector<raft::Entry> entries;
};

class LogStory {
 public:
  LogStory() : chapters_(1) {}

  void on(const Batch& batch) {
    if (batch.hard_state) {
      chapters_.push_back(chapters_.back());
      chapters_.back().hard_state = *batch.hard_state;
    }
    for (const raft::Entry& entry : batch.entries) {
      chapters_.push_back(chapters_.back());
      chapters_.back().entries.resize(entry.position.index - 1);
      chapters_.back().entries.push_back(entry);
    }
  }
  // All that was told so far is durable.
  void acknowledge() { acknowledged_ = chapters_.size() - 1; }

  // The newest chapter the log may be at; none if it is at no chapter, or at one before the acknowledged.
  std::optional<size_t> find(const raft::HardState& hard_state, const std::vector<raft::Entry>& entries) const {
    for (size_t index = chapters_.size(); index-- > acknowledged_;) {
      const Chapter& chapter = chapters_[index];
      if (chapter.hard_state == hard_state && is_same(chapter.entries, entries)) return index;
    }
    return std::nullopt;
  }
  // The same, whatever was acknowledged.
  std::optional<size_t> find_any(const raft::HardState& hard_state, const std::vector<raft::Entry>& entries) const {
    LogStory unheard = *this;
    unheard.acknowledged_ = 0;
    return unheard.find(hard_state, entries);
  }
  // The log turned out to be at that chapter: what came after never happened.
  void go_back_to(size_t chapter) { chapters_.resize(chapter + 1), acknowledged_ = chapter; }

  const Chapter& now() const { return chapters_.back(); }
  size_t chapters() const { return chapters_.size(); }

 private:
  std::vector<Chapter> chapters_;
  size_t acknowledged_ = 0;
};

// A lawful next batch: sometimes a new term or a vote, some entries, sometimes in place of earlier ones.
inline Batch random_batch(const Chapter& now, raft::Random& random, uint64_t payload_bytes_max) {
  Batch batch;
  raft::HardState hard_state = now.hard_state;
  if (hard_state.term == 0 || random.below(4) == 0) {
    hard_state = {hard_state.term + 1 + random.below(3), random.below(4)};
    batch.hard_state = hard_state;
  }
  raft::Index last = now.entries.size();
  if (last > 0 && random.below(5) == 0 && now.entries.back().position.term < hard_state.term)
    last -= random.below(last);
  uint64_t count = random.below(5) + (batch.hard_state ? 0 : 1);
  for (uint64_t made = 0; made < count; ++made) {
    std::string text(random.below(payload_bytes_max), '\0');
    bool is_zero = random.below(6) == 0;  // payloads of zeros look most like what was never written
    for (char& byte : text) byte = is_zero ? '\0' : static_cast<char>(random.next());
    batch.entries.push_back(entry(hard_state.term, ++last, std::move(text)));
  }
  return batch;
}

}  // namespace skiff::store::log_story

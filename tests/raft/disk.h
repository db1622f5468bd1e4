// Disk: the disk of a node in the test cluster. It keeps the entries that a snapshot stands for, too, so that a checker
// can look at whole logs. Saves are finished in order; a crash forgets those that are not finished.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "raft/check.h"
#include "raft/message.h"
#include "raft/types.h"

namespace skiff::raft_cluster {

using namespace skiff::raft;  // tests of the core speak its language

struct Disk {
  struct Save {
    uint64_t number = 0;
    std::optional<HardState> hard_state;
    std::optional<std::vector<Entry>> restart;  // the log begins anew behind these
    bool is_intact = false;
    std::vector<Entry> entries;
    std::vector<Message> messages;  // leave once it is finished
  };

  HardState hard_state;
  SnapshotMark snapshot;
  std::vector<Entry> entries;  // entries[0] has index 1
  std::deque<Save> under_way;  // oldest first
  bool is_damaged = false;     // it has lost something, and knows that it has
  std::vector<Entry> before;   // the entries that its node may have acknowledged before the damage

  // Whether a leader may count this entry, even if the disk has lost it since.
  bool has_acknowledged(LogPosition position) const {
    if (!is_damaged) return has(position);
    return position.index == 0 || (position.index <= before.size() && before[position.index - 1].position == position);
  }

  bool has(LogPosition position) const {
    if (position.index == 0) return true;
    return position.index <= entries.size() && entries[position.index - 1].position == position;
  }
  LogPosition last() const { return entries.empty() ? LogPosition{} : entries.back().position; }

  // The oldest save reaches the disk: all of it, or, when the machine fails in the middle, its first entries alone.
  Save finish_oldest(size_t entries_max = ~size_t{0}) {
    CHECK(!under_way.empty());
    Save save = std::move(under_way.front());
    under_way.pop_front();
    if (save.hard_state) hard_state = *save.hard_state;
    if (save.restart) entries = *save.restart;
    if (save.is_intact) is_damaged = false;
    for (size_t at = 0; at < save.entries.size() && at < entries_max; ++at) {
      Index index = save.entries[at].position.index;
      CHECK(index <= entries.size() + 1);
      entries.resize(index - 1);
      entries.push_back(save.entries[at]);
    }
    return save;
  }
};

}  // namespace skiff::raft_cluster

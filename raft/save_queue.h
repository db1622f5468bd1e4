// SaveQueue: what was handed to the disk and is not confirmed yet, and what goes with the next save.
//
// Every save has a number, one higher than the one before; the disk confirms them in this order. A changed hard state
// or a restart of the log waits here until the next save takes it along. (Entries wait in the Log.)
//
// A slow disk makes the queue long; `is_older()` tells how long its oldest save has been waiting.
//
// Always: the durable hard state is that of the last confirmed save.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "raft/effects.h"
#include "raft/types.h"

namespace skiff::raft {

class SaveQueue {
 public:
  struct Save {
    uint64_t number = 0;
    HardState hard_state;  // as of this save
    Time handed_at;
    uint64_t bytes = 0;  // that it uses at most
  };

  // `durable` is what the disk held at the start.
  explicit SaveQueue(HardState durable) : durable_hard_state_(durable) {}

  // To be part of the next save.
  void add_hard_state() { is_hard_state_unsaved_ = true; }
  void add_restart(LogPosition position) { restart_ = position; }
  bool has_unsaved() const { return is_hard_state_unsaved_ || restart_.has_value(); }

  uint64_t next_number() const { return last_number_ + 1; }
  // Hands over the next save: gives it its number, and fills in everything of it but the entries.
  void hand_over(Save save, Effects& effects);
  // Everything up to this save is on disk. Requires: it was handed over.
  void confirmed(uint64_t number);

  // Whether everything that was handed over is on disk.
  bool is_empty() const { return under_way_.empty(); }
  // Whether a save under way was handed over `longest` ago or earlier.
  bool is_older(Time longest, Time now) const;
  uint64_t bytes_under_way() const;
  HardState durable_hard_state() const { return durable_hard_state_; }

 private:
  uint64_t last_number_ = 0;
  std::vector<Save> under_way_;  // oldest first
  bool is_hard_state_unsaved_ = false;
  std::optional<LogPosition> restart_;
  HardState durable_hard_state_;
};

}  // namespace skiff::raft

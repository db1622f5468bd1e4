// ReplicaBackups: the map as it was when a backup was asked for, given out block by block while the map goes on.
//
// Each backup is a store::SnapshotMaker at a revision of its own. Its owner asks for the next block, and says when it
// wants none any more. Nothing is copied but the block. A backup that does not move costs one of the few places.
//
// It can go wrong when the map becomes another one, because a snapshot has arrived that reaches beyond it. Every backup
// is broken off before that happens, and its owner gets no next block.
//
// Always: every version up to the revision of a backup stays in the map until the backup has ended. A cut of the
// history leaves what a SnapshotMaker at work has still to read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "raft/raft.h"
#include "src/base/metrics.h"
#include "src/base/result.h"
#include "store/snapshot/snapshot.h"
#include "store/state/kv.h"

namespace skiff {

class ReplicaBackups {
 public:
  struct Counters {
    uint64_t running = 0;

    template <class Visitor>
    void visit_metrics(Visitor&& visitor) const {
      visitor(Metric::gauge("backups", "Backups that are being taken."), running);
    }
  };

  ReplicaBackups(const store::Kv& kv, uint64_t cluster, size_t at_most)
      : kv_(kv), cluster_(cluster), at_most_(at_most) {}

  // Returns its number. An error if nothing has been applied yet, or if there are as many as there may be.
  Result<uint64_t> begin(const raft::Raft& raft);
  struct Block {
    std::string bytes;
    bool is_last = false;
  };
  // Nothing: it was broken off. Requires: begin() gave the number, and its last block has not been given out.
  std::optional<Block> next(uint64_t number, uint64_t bytes);
  // Also of one that was broken off.
  void end(uint64_t number) { makers_.erase(number); }
  void break_off_all() { makers_.clear(); }
  size_t running() const { return makers_.size(); }
  Counters counters() const { return {.running = makers_.size()}; }

 private:
  const store::Kv& kv_;
  const uint64_t cluster_;
  const size_t at_most_;
  uint64_t last_number_ = 0;
  std::map<uint64_t, store::SnapshotMaker> makers_;
};

}  // namespace skiff

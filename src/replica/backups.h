// ReplicaBackups: the map as it was when somebody asked for a backup, given out block by block while it goes on.
//
// Each backup is a store::SnapshotMaker at a revision of its own; who takes the blocks says when the next one is
// wanted, and when none is wanted any more. Nothing is copied but the block, and a backup that nobody moves costs
// nothing but its place: there are only so many.
//
// What can go wrong: the map becomes another one (a snapshot has arrived that reaches beyond it). Then every backup
// breaks off, before that happens, and whoever asks for its next block gets none.
//
// What must hold meanwhile: every version up to the revision of a backup stays in the map until the backup has ended.
// Whoever cuts history must leave what a SnapshotMaker at work has still to read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "raft/raft.h"
#include "src/base/result.h"
#include "store/snapshot/snapshot.h"
#include "store/state/kv.h"

namespace skiff {

class ReplicaBackups {
 public:
  ReplicaBackups(const store::Kv& kv, uint64_t cluster, size_t at_most)
      : kv_(kv), cluster_(cluster), at_most_(at_most) {}

  // Its number. An error if there is nothing yet, or there are as many as there may be.
  Result<uint64_t> begin(const raft::Raft& raft);
  struct Block {
    std::string bytes;
    bool is_last = false;
  };
  // Nothing: it has broken off. Requires: its last block has not been given out.
  std::optional<Block> next(uint64_t number, uint64_t bytes);
  // Also of one that has broken off.
  void end(uint64_t number) { makers_.erase(number); }
  void break_off_all() { makers_.clear(); }
  size_t running() const { return makers_.size(); }

 private:
  const store::Kv& kv_;
  const uint64_t cluster_;
  const size_t at_most_;
  uint64_t last_number_ = 0;
  std::map<uint64_t, store::SnapshotMaker> makers_;
};

}  // namespace skiff

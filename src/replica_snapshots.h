// ReplicaSnapshots: the part of a replica that keeps its log short and brings a node up that is too far behind for it.
//
// Making: when enough has been applied since the last snapshot, the map as it is now is given out block by block, the
// next one when the disk has taken the one before. The map goes on meanwhile; nothing waits, and nothing is copied but
// the block.
//
// Fetching: the core says which snapshot it lacks, and says so again with every heartbeat until it is there. One piece
// is asked for at a time, the next once the one before has been written. What gets lost is asked for again; a snapshot
// that nobody holds any more is given up for the newest.
//
// Serving: pieces of what is on our disk, for whoever asks, one at a time for each.
//
// What goes wrong: the disk has no room, or a fetched snapshot is not what was announced. Then it is given up, what was
// there stays as it was, and another attempt follows when the next one is due, or offered.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "raft/raft.h"
#include "src/outside.h"
#include "store/kv.h"
#include "store/snapshot.h"

namespace skiff {

struct SnapshotConfig {
  uint64_t cluster = 0;
  // A snapshot is made when either has been applied since the last. 0: never.
  uint64_t every_entries = 0;
  uint64_t every_bytes = 0;
  // But not before the log has grown by so much of the last snapshot's size: what is written stays in proportion.
  uint64_t size_percent = 0;
  // Of the entries since the last, these stay in the log behind it, for those who are only a little late.
  uint64_t trailing_percent = 0;
  uint64_t block_bytes = 32 * 1024;
  raft::Time patience = 0;  // after which a piece that was asked for is taken for lost
};

class ReplicaSnapshots {
 public:
  struct Counts {
    uint64_t made = 0;
    uint64_t fetched = 0;
    uint64_t given_up = 0;
  };

  ReplicaSnapshots(SnapshotConfig config, const store::Kv& kv, Outside& outside);

  // Another entry has been applied.
  void note_applied(uint64_t bytes);
  // Begins one if it is due.
  void make_if_due(const raft::Raft& raft);
  // The map is about to become another one.
  void stop_making() { maker_.reset(); }

  // The core wants it.
  void want(raft::Time now, const raft::Fetch& fetch, const raft::Raft& raft);
  void received(raft::Time now, const raft::Message& from, const raft::SnapshotPiece& piece);
  // What comes of it for the core, if anything; then the snapshot is on our disk.
  std::optional<raft::Event> written(raft::Time now, const SnapshotWritten& written, const raft::Raft& raft);

  void asked(raft::NodeId by, const raft::SnapshotAsk& ask);
  void read(const raft::Raft& raft, raft::NodeId for_node, raft::SnapshotPiece piece);

  const Counts& counts() const { return counts_; }

 private:
  struct Fetching {
    raft::NodeId from = 0;
    raft::SnapshotMark mark;
    uint64_t offset = 0;
    raft::Time asked_at = 0;
    bool is_writing = false;
  };
  void make_next();
  void fetched(raft::Time now, const SnapshotWritten& written, bool has_ended, const raft::Raft& raft);
  void ask(raft::Time now, const raft::Raft& raft);
  bool is_due() const;
  raft::Event taken(const raft::Raft& raft, raft::Index index) const;

  const SnapshotConfig config_;
  const store::Kv& kv_;
  Outside& outside_;
  std::optional<store::SnapshotMaker> maker_;
  uint64_t made_bytes_ = 0;  // so far, or by the last
  uint64_t trailing_ = 0;    // entries, behind the one that is being made
  uint64_t entries_since_ = 0;
  uint64_t bytes_since_ = 0;
  std::optional<Fetching> fetching_;
  std::set<raft::NodeId> reading_for_;
  Counts counts_;
};

}  // namespace skiff

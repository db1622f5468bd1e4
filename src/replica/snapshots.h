// ReplicaSnapshots: the part of a replica that keeps its log short and brings a node up that is too far behind for it.
//
// Making: when enough has been applied since the last snapshot, the map as it is now is given out block by block, the
// next one when the disk has taken the one before. The map goes on meanwhile; nothing waits, and nothing is copied but
// the block.
//
// A node that rests makes one as well if its log takes up much memory, and keeps less of the log behind it.
//
// Fetching: the core says which snapshot it lacks, and says so again with every heartbeat until it is there. One piece
// is asked for at a time, the next once the one before has been written. What gets lost is asked for again; a snapshot
// that nobody holds any more is given up for the newest. What was there already when the node started is not fetched
// again.
//
// Both go no faster than so many bytes a second, so that the log, the loop and the links have time for what clients
// wait for.
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
#include "src/replica/environment.h"
#include "store/snapshot/snapshot.h"
#include "store/state/kv.h"

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
  // At rest: when the log takes up so much memory, and then so much of it stays. 0: never.
  uint64_t rest_bytes = 0;
  uint64_t rest_trailing_bytes = 0;
  uint64_t entry_overhead_bytes = 0;  // in memory
  uint64_t block_bytes = 32 * 1024;
  raft::Time patience = 0;                    // after which a piece that was asked for is taken for lost
  uint64_t bytes_per_s = 0;                   // made or fetched; 0: as fast as can be
  std::optional<store::BegunSnapshot> begun;  // what the disk holds of one that was being fetched
};

// How much of something may be done now, at so much a second. What could not be used is lost but for a moment's worth.
class Pace {
 public:
  explicit Pace(uint64_t per_s) : per_s_(per_s) {}
  raft::Time ready_at() const { return ready_at_; }
  void spend(raft::Time now, uint64_t amount);

 private:
  uint64_t per_s_;  // 0: no limit
  raft::Time ready_at_ = 0;
};

// What a snapshot of the map as it is now stands for. Requires: something has been applied.
raft::SnapshotMark mark_of(const store::Kv& kv, const raft::Raft& raft);

class ReplicaSnapshots {
 public:
  struct Counts {
    uint64_t made = 0;
    uint64_t fetched = 0;
    uint64_t resumed = 0;  // of those, or given up: not from the beginning
    uint64_t given_up = 0;
  };

  ReplicaSnapshots(SnapshotConfig config, const store::Kv& kv, Environment& environment);

  // Another entry has been applied.
  void note_applied(uint64_t bytes);
  // Begins one if it is due.
  void make_if_due(raft::Time now, const raft::Raft& raft);
  // The node rests: begins one if that is worth it. Whether one is being made, or fetched.
  bool make_at_rest(raft::Time now, const raft::Raft& raft);
  // Something on our disk is damaged, and a snapshot as of this index or later takes its place. To be said again while
  // it is so: what is begun may fail, or be overtaken by one that is fetched.
  void replace_damaged(raft::Index at);
  // The map is about to become another one.
  void stop_making() { maker_.reset(); }

  // The core wants it.
  void want(raft::Time now, const raft::Fetch& fetch, const raft::Raft& raft);
  void received(raft::Time now, raft::NodeId from, const SnapshotPiece& piece);
  // What comes of it for the core, if anything; then the snapshot is on our disk.
  std::optional<raft::Event> written(raft::Time now, const SnapshotWritten& written, const raft::Raft& raft);

  // What waits for its turn, and when that is.
  void tick(raft::Time now, const raft::Raft& raft);
  raft::Time next_deadline() const;

  void asked(raft::NodeId by, const SnapshotAsk& ask);
  void read(const raft::Raft& raft, raft::NodeId for_node, SnapshotPiece piece);

  const Counts& counts() const { return counts_; }

 private:
  struct Fetching {
    raft::NodeId from = 0;
    raft::SnapshotMark mark;
    uint64_t offset = 0;
    raft::Time asked_at = 0;
    bool is_writing = false;
    bool waits = false;  // to ask for the next piece
  };
  void begin_to_fetch(const raft::Fetch& fetch, const raft::Raft& raft);
  void make_next(raft::Time now);
  void fetched(const SnapshotWritten& written, bool has_ended);
  void ask(raft::Time now, const raft::Raft& raft);
  bool is_due() const;
  uint64_t log_memory_bytes(const raft::Raft& raft) const;
  void begin(raft::Time now, const raft::Raft& raft);
  raft::Event taken(const raft::Raft& raft, raft::Index index) const;

  SnapshotConfig config_;
  const store::Kv& kv_;
  Environment& environment_;
  std::optional<store::SnapshotMaker> maker_;
  bool maker_waits_ = false;  // to give out the next block
  Pace pace_;
  uint64_t made_bytes_ = 0;  // so far, or by the last
  // Another, as of this index or later, whatever has been applied since the last: that one cannot be read, or a part of
  // the log behind it.
  std::optional<raft::Index> must_make_at_;
  uint64_t trailing_ = 0;        // entries, behind the one that is being made; out of turn, no fewer than before
  uint64_t trailing_bytes_ = 0;  // about
  uint64_t entries_since_ = 0;
  uint64_t bytes_since_ = 0;
  std::optional<Fetching> fetching_;
  std::set<raft::NodeId> reading_for_;
  Counts counts_;
};

}  // namespace skiff

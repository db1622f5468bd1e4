// ReplicaSnapshots: the part of a replica that keeps its log short, and that brings a node up to date for which the log
// does not reach back far enough.
//
// Making: when enough has been applied since the last snapshot, the map as it is now is given out block by block, each
// when the disk has taken the one before. The map goes on meanwhile; nothing waits, and nothing is copied but the
// block. A node that rests also makes one if its log takes up much memory, and keeps less of the log behind it.
//
// Fetching: the core says which snapshot this node lacks, and repeats it with every heartbeat until the snapshot is
// there. The node asks for one piece at a time, the next once the one before has been written. A piece that gets lost
// is asked for again; a snapshot that the other node has no more is given up for the newest. Pieces that were on the
// disk when the node started are not fetched again.
//
// Both go no faster than so many bytes a second, so that the log, the loop and the links have time for clients.
//
// Serving: pieces of the snapshots on this disk, one at a time for each node that asks.
//
// If the disk is full, or if a fetched snapshot is not what was announced, it is given up. Nothing else changes, and
// another attempt follows when the next snapshot is due, or offered.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "raft/raft.h"
#include "src/base/metrics.h"
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
  // Of the entries since the last, these stay in the log behind it, for members that are only a little late.
  uint64_t trailing_percent = 0;
  // At rest: when the log takes up so much memory, and then so much of it stays. 0: never.
  uint64_t rest_bytes = 0;
  uint64_t rest_trailing_bytes = 0;
  uint64_t entry_overhead_bytes = 0;  // in memory
  uint64_t block_bytes = 32 * 1024;
  raft::Time retry_after;                     // then a piece that was asked for is taken for lost
  uint64_t bytes_per_s = 0;                   // made or fetched; 0: as fast as can be
  std::optional<store::BegunSnapshot> begun;  // what the disk holds of one that was being fetched
};

// A token bucket: how much of something may be done now, at so much a second. It holds a moment's worth at most.
class Pace {
 public:
  explicit Pace(uint64_t per_s) : per_s_(per_s) {}
  raft::Time ready_at() const { return ready_at_; }
  void spend(raft::Time now, uint64_t amount);

 private:
  uint64_t per_s_;  // 0: no limit
  raft::Time ready_at_;
};

// The mark of a snapshot of the map as it is now. Requires: something has been applied.
raft::SnapshotMark mark_of(const store::Kv& kv, const raft::Raft& raft);

class ReplicaSnapshots {
 public:
  struct Counts {
    uint64_t made = 0;
    uint64_t fetched = 0;
    uint64_t resumed = 0;  // of those, or given up: not from the beginning
    uint64_t given_up = 0;

    template <class Visitor>
    void visit_metrics(Visitor&& visitor) const {
      visitor(Metric::counter("made", "Snapshots that this node made."), made);
      visitor(Metric::counter("fetched", "Snapshots that were fetched from other nodes."), fetched);
      visitor(Metric::counter("resumed", "Fetches that did not begin with the first piece."), resumed);
    }
  };

  ReplicaSnapshots(SnapshotConfig config, const store::Kv& kv, Environment& environment);

  // Another entry has been applied.
  void note_applied(uint64_t bytes);
  // Begins one if it is due.
  void make_if_due(raft::Time now, const raft::Raft& raft);
  // The node rests: begins one if that is worth it. Returns whether one is being made or fetched.
  bool make_at_rest(raft::Time now, const raft::Raft& raft);
  // Something on the disk is damaged, and a snapshot as of this index or later takes its place. To be repeated while it
  // is so: a snapshot that was begun may fail, or be overtaken by one that is fetched.
  void replace_damaged(raft::Index at);
  // The map is about to become another one.
  void stop_making() { maker_.reset(); }

  // The core wants it.
  void want(raft::Time now, const raft::Fetch& fetch, const raft::Raft& raft);
  void received(raft::Time now, raft::NodeId from, const SnapshotPiece& piece);
  // Returns an event for the core if the snapshot is complete, and then it is on the disk.
  std::optional<raft::Event> written(raft::Time now, const SnapshotWritten& written, const raft::Raft& raft);

  // Goes on with what waits for its pace, and says when that is.
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
    raft::Time asked_at;
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
  // Another must be made, as of this index or later, however little has been applied: the last snapshot, or a part of
  // the log behind it, cannot be read.
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

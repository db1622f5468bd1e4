// Wal: the writing end of the log on disk.
//
// The log is a row of segments (store/wal/format.h describes their content). append() encodes all waiting batches into
// one buffer, and makes one write and one sync: group commit without a timer. When a record does not fit into the rest
// of the segment, the records encoded so far are written and synced, and the remaining ones go into the next segment as
// a batch of their own: no record and no batch ever lies in two files. A record bigger than a segment gets a segment of
// its size.
//
// A new segment is made under another name: zeros to its end, really written, so that later syncs change no metadata
// (usually long before it is needed: store/wal/spare.h). When it is needed it gets its header; then it is synced and
// renamed, and the directory is synced. A segment under its final name is therefore complete.
//
// Failures: any write or sync. Afterwards the content of the disk is unknown, and the Wal refuses everything
// from then on with the same error; recovery, at the next start of the node, finds out what is there. Making a new
// segment may fail as well (no room, no descriptor); that touches nothing in the log, and the error says so. If the
// cause is that there is no room (Error::Code::no_space), append() may be called again, and goes on where it stopped.
//
// Always: all batches of an append() that succeeded are durable. Nothing is written behind bytes that were not synced.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "raft/types.h"
#include "src/base/metrics.h"
#include "src/base/result.h"
#include "store/files/files.h"
#include "store/wal/data_dir.h"
#include "store/wal/data_dir_ids.h"
#include "store/wal/format.h"
#include "store/wal/spare.h"

namespace skiff::store {

// The state that one step of the raft core wants durable. The hard state comes first; then a restart, which makes all
// entries void, because the log begins anew behind a snapshot that is on disk already; then the entries. An entry
// replaces the entry at its index and all behind that.
struct Batch {
  std::optional<raft::HardState> hard_state;
  std::vector<raft::Entry> entries;
  std::optional<raft::LogPosition> restart;
  // Not part of the log; a Wal ignores these:
  bool is_intact = false;           // it has been repaired (store/wal/repair.h)
  std::optional<DataDirIds> peers;  // data directories of the other members (store/wal/data_dir_ids.h)
};

struct WalOptions {
  // A multiple of kBlockBytes. Must never grow in a later version: recovery takes a shorter segment for a damaged one.
  uint64_t segment_bytes = 8 * 1024 * 1024;
};

struct WalCounters {
  uint64_t room = 0;      // bytes that are left in the segment in use
  uint64_t batches = 0;   // written: one write and one sync each
  uint64_t entries = 0;   // in them
  uint64_t bytes = 0;     // of them
  uint64_t segments = 0;  // made
  uint64_t syncs = 0;     // of files, both

  template <class Visitor>
  void visit_metrics(Visitor&& visitor) const {
    visitor(Metric::counter("entries", "Entries that were written to the log."), entries);
    visitor(Metric::counter("bytes", "Bytes that were written to the log.", Metric::Unit::bytes), bytes);
    visitor(Metric::counter("syncs", "Syncs of files of the log."), syncs);
  }
  template <class Visitor>
  void visit_space(Visitor&& visitor) const {
    visitor(Metric::gauge("segment_bytes_left", "Room in the segment in use.", Metric::Unit::bytes), room);
  }
};

// Whether Raft allows this change: a node never goes back to an older term, and votes once in a term (3.4).
bool may_follow(const raft::HardState& before, const raft::HardState& after);

class Wal {
 public:
  // Makes the first segment of a new log.
  static Result<std::unique_ptr<Wal>> create(DataDir dir, WalOptions options);
  // Makes the first segment of a log that replaces a lost one, with this sequence number and state
  // (store/wal/repair.h).
  static Result<std::unique_ptr<Wal>> begin_anew(DataDir dir, WalOptions options, uint64_t sequence,
                                                 const WalState& state);
  // Opens the log at its end. Requires: `end` and `state` are the result of recovery (store/wal/recover.h), and nothing
  // was written since.
  static Result<std::unique_ptr<Wal>> resume(DataDir dir, WalOptions options, WalPosition end, WalState state);

  Wal(const Wal&) = delete;
  Wal& operator=(const Wal&) = delete;

  // Makes all batches durable, in order. Requires: terms and votes as Raft makes them, entries without gaps; after
  // Error::Code::no_space, the same batches again, and perhaps others behind them.
  Result<> append(std::span<const Batch> batches);
  // Makes durable that the node started for the `incarnation`th time. Requires: one more than before.
  Result<> start(uint64_t incarnation);

  WalPosition end() const { return end_; }
  const WalState& state() const { return state_; }
  const WalCounters& counters() const { return counters_; }
  // The next segment. Another thread makes it when it is not there.
  Spare& spare() { return spare_; }

 private:
  Wal(DataDir dir, WalOptions options);

  Result<> add(std::span<const Batch> batches);
  Result<> add(const raft::HardState& hard_state);
  Result<> add(const Restart& restart);
  Result<> add(const raft::Entry& entry);
  Result<> add_record(std::string_view head, std::string_view body);
  Result<> flush();
  Result<> roll(uint64_t bytes_min);
  Result<> preallocate(const std::string& aside, uint64_t bytes);
  Result<std::unique_ptr<File>> make_segment(const SegmentHeader& header, uint64_t bytes);
  void note_room() { counters_.room = file_bytes_ - end_.offset; }

  const DataDir dir_;
  const WalOptions options_;
  Spare spare_;

  std::unique_ptr<File> file_;  // the last segment
  uint64_t file_bytes_ = 0;
  uint32_t salt_ = 0;
  WalPosition end_;              // of what is durable
  WalState state_;               // after all records in the buffer
  std::string buffer_;           // to be written at end_: a mark and records
  uint64_t added_ = 0;           // records of a refused append() that are in the log or the buffer already
  std::optional<Error> failed_;  // for good
  WalCounters counters_;
};

}  // namespace skiff::store

// Wal: the log on disk, at its writing end.
//
// A row of segments (store/wal/format.h says how they look inside). append() encodes everything that waits into one
// buffer, makes one write and one sync: group commit without a timer. When a record does not fit into what is left of
// the segment, what was encoded so far is written and synced, and the rest goes into the next segment as a batch of
// its own: no record and no batch ever lies in two files. A record bigger than a segment gets a segment of its size.
//
// A new segment is made aside: zeros to its end, really written so that later syncs change no metadata (mostly long
// before it is needed: store/wal/spare.h). When its turn comes it gets its header; then it is synced, renamed, and the
// directory synced. A segment that can be seen is therefore whole.
//
// What can go wrong: any write or sync. Then nobody knows what is on disk; except where a new segment could not be made
// (no room, no descriptor), which touches nothing that is in the log. The error says which, and the Wal refuses
// everything from then on with the same one; recovery, by another start of the node, finds out what is there.
// Except for one: if there is no room for a new segment (Error::Code::no_space), append() may be called again, and goes
// on where it stopped.
//
// Always: what append() said yes to is durable. Nothing is written behind what was not yet synced.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "raft/types.h"
#include "src/base/result.h"
#include "store/files/files.h"
#include "store/wal/data_dir.h"
#include "store/wal/data_dir_ids.h"
#include "store/wal/format.h"
#include "store/wal/spare.h"

namespace skiff::store {

// What one step of the raft core wants durable. The hard state comes first; then a restart, which makes all entries
// void: the log begins anew behind a snapshot that is on disk already; then the entries. An entry replaces what the log
// holds at its index and everything behind that.
struct Batch {
  std::optional<raft::HardState> hard_state;
  std::vector<raft::Entry> entries;
  std::optional<raft::LogPosition> restart;
  // Nothing to a Wal, and no part of the log:
  bool is_intact = false;           // it has been repaired (store/wal/repair.h)
  std::optional<DataDirIds> peers;  // the data directories of the others (store/wal/data_dir_ids.h)
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
};

// A node never goes back to an older term, and votes once in a term.
bool may_follow(const raft::HardState& before, const raft::HardState& after);

class Wal {
 public:
  // Makes the first segment of a new log.
  static Result<std::unique_ptr<Wal>> create(DataDir dir, WalOptions options);
  // The same with this sequence number and state, where a log was lost (store/wal/repair.h).
  static Result<std::unique_ptr<Wal>> begin_anew(DataDir dir, WalOptions options, uint64_t sequence,
                                                 const WalState& state);
  // Goes on where recovery (store/wal/recover.h) found the end. Requires: `end` is what recovery gave, and nothing was
  // written since.
  static Result<std::unique_ptr<Wal>> resume(DataDir dir, WalOptions options, WalPosition end, WalState state);

  Wal(const Wal&) = delete;
  Wal& operator=(const Wal&) = delete;

  // Makes all of it durable, in order. Requires: terms and votes as Raft makes them, entries without gaps; after
  // Error::Code::no_space, the same batches again, and perhaps more behind them.
  Result<> append(std::span<const Batch> batches);
  // Makes durable that the node started for the `incarnation`th time. Requires: one more than before.
  Result<> start(uint64_t incarnation);

  WalPosition end() const { return end_; }
  const WalState& state() const { return state_; }
  const WalCounters& counters() const { return counters_; }
  // The next segment. To be made when it is not there, by whoever has the time.
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
  WalState state_;               // after all that was added
  std::string buffer_;           // to be written at end_: a mark and records
  uint64_t added_ = 0;           // records of the batches that found no space behind these
  std::optional<Error> failed_;  // for good
  WalCounters counters_;
};

}  // namespace skiff::store

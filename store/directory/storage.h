// Storage: the data directory as a whole. Open it, save batches, close it by destroying it.
//
//   lock               held while the node runs
//   identity           the owner of the directory; see store/directory/identity.h
//   wal-<sequence>     the log; see store/wal/wal.h
//   snapshot-<index>   the map as of an index; see store/snapshot/snapshots.h
//   instance, peers    the number of this directory, and those of the other members; see store/wal/data_dir_ids.h
//   repair             says that the log was damaged, and how far it is repaired; see store/wal/repair.h
//   wal-<...>.damaged  the segments that were set aside then
//   *.new              not finished when the node stopped; removed at the next open, except for a snapshot
//
// A directory is founded in this order: the first segment, then the identity. So a directory with an identity has a
// log. A directory without one, whose log has nothing but a header, was not finished, and is founded again.
//
// A start takes the newest intact snapshot and the log behind it. The two are written side by side, so a power failure
// may leave a log that ends before the snapshot, or that holds entries there which a majority has replaced since. Such
// a log is void, and begins anew behind the snapshot.
//
// A log that is damaged where it may have been acknowledged is refused. If other members can give back its content, it
// is set aside and repaired, and the node starts as recovering (raft/recovering.cc).
//
// Failures: see Wal, recover_wal and Snapshots. After save() failed, nothing is saved any more and the node
// must stop. The exception: if there was no room for a new segment or for a small file beside the log, the same batches
// are to be saved again when there is room.
//
// One thread at a time may use it, one other the Snapshots, and one other the Spare.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "raft/types.h"
#include "src/base/result.h"
#include "store/directory/identity.h"
#include "store/files/files.h"
#include "store/snapshot/snapshots.h"
#include "store/state/kv.h"
#include "store/wal/data_dir.h"
#include "store/wal/repair.h"
#include "store/wal/wal.h"

namespace skiff::store {

// The state of a node when it starts.
struct Recovered {
  Identity identity;
  bool fresh = false;        // nothing was ever saved here: no vote, no entry
  uint64_t incarnation = 0;  // how often the node has started, this time included: from 1
  raft::HardState hard_state;
  raft::SnapshotMark snapshot;         // index 0: none
  Kv kv;                               // as of the snapshot
  std::vector<raft::Entry> entries;    // behind it, without gaps
  std::optional<BegunSnapshot> begun;  // one that was being fetched
  // Set if the log is not intact: the damage. The node may have made promises that it does not know any more.
  std::optional<std::string> damage;
  std::vector<std::string> notes;  // repairs, for the operator
};

// Whether other members can give back a damaged log. It gets the owner of the directory, and the last configuration
// that can still be read, or null if none can.
using CanRepair = std::function<bool(const Identity& identity, const raft::Payload& configuration)>;

struct Opened;

class Storage {
 public:
  // Opens the directory; makes it and founds it as `wanted` if it is empty or missing. Refuses the directory of another
  // node than wanted.node; the caller judges another cluster or other founders, by Recovered::identity. Everything it
  // returns is durable, the count of this start included. Without `can_repair`, a damaged log is refused, and nothing
  // is changed. `files` must outlive the Storage.
  static Result<Opened> open(Files& files, const std::string& directory, const Identity& wanted,
                             WalOptions options = {}, const CanRepair& can_repair = {});

  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  // Makes all batches durable, by one write and one sync. Requires: see Wal::append.
  Result<> save(std::span<const Batch> batches);

  // The next segment of the log. Another thread makes it.
  Spare& spare() { return wal_->spare(); }

  const WalCounters& counters() const { return wal_->counters(); }

 private:
  Storage(DataDir dir, std::unique_ptr<Lock> lock, std::unique_ptr<Wal> wal)
      : dir_(std::move(dir)), lock_(std::move(lock)), wal_(std::move(wal)) {}

  static Result<std::unique_ptr<Wal>> open_wal(const DataDir& dir, WalOptions options, const CanRepair& can_repair,
                                               Recovered& recovered);

  Result<> keep_beside(std::span<const Batch> batches);

  const DataDir dir_;
  std::unique_ptr<Lock> lock_;  // released after everything else
  std::unique_ptr<Wal> wal_;
  size_t appended_ = 0;  // batches in the log, of those that will be passed to save() again
};

// Returns the state that a start would find in this directory, with the count of starts so far. Changes nothing. An
// Error says why the node would not start. A repair that is under way is no Error (see Recovered::damage). Damage that
// the next start would begin to repair is one.
Result<Recovered> open_read_only(Files& files, const std::string& directory, WalOptions options = {});

struct Opened {
  std::unique_ptr<Storage> storage;      // to be destroyed after
  std::unique_ptr<Snapshots> snapshots;  // this: it holds the lock
  Recovered recovered;
};

}  // namespace skiff::store

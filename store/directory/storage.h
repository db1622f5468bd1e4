// Storage: the data directory as one thing. Open it, save batches, close it by destroying it.
//
//   lock               held while the node runs
//   identity           whose directory this is; see store/directory/identity.h
//   wal-<sequence>     the log; see store/wal/wal.h
//   snapshot-<index>   the map as of an index; see store/snapshot/snapshots.h
//   instance, peers    which directory this is, and which the others have; see store/wal/data_dir_ids.h
//   repair             that the log was damaged, and how far it has been repaired; see store/wal/repair.h
//   wal-<...>.damaged  what was set aside then
//   *.new              not yet finished when the node stopped; removed at the next open, but for a snapshot
//
// A directory is founded in this order: the first segment, then the identity. So a directory with an identity has a
// log, and one with a log of nothing but its header, and no identity, was not finished and is founded again.
//
// A start finds the newest snapshot that is whole, and the log behind it. The two are written side by side, so a power
// failure may leave a log that ends before the snapshot, or that holds something else there, which a majority has
// replaced since: such a log is void, and begins anew behind the snapshot.
//
// A log that is damaged where it may have been acknowledged is not believed. If there are others who can give back what
// it held, it is set aside, and the node starts without it, as one whose log must be mended first (raft/recovering.cc).
//
// What can go wrong: see Wal, recover_wal and Snapshots. After save() failed, the node must stop: nothing is saved any
// more. Except where there was no room for a new segment, or for a small file beside the log: then the same is to be
// saved again, when there is.
//
// Any thread may use it, one at a time; another one the Snapshots, and the Spare.
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

// What a node remembers when it starts.
struct Recovered {
  Identity identity;
  bool fresh = false;        // nothing was ever saved here: no vote, no entry
  uint64_t incarnation = 0;  // how often the node has started, this time included: from 1
  raft::HardState hard_state;
  raft::SnapshotMark snapshot;         // index 0: none
  Kv kv;                               // as of the snapshot
  std::vector<raft::Entry> entries;    // behind it, without gaps
  std::optional<BegunSnapshot> begun;  // one that was being fetched
  // The log is not whole: what was found. The node may have promised what it does not know any more.
  std::optional<std::string> damage;
  std::vector<std::string> notes;  // for the operator: what was put right
};

// Whether there are others to repair a damaged log from; given whose directory it is, and the last configuration that
// can still be read, null if none can.
using CanRepair = std::function<bool(const Identity& identity, const raft::Payload& configuration)>;

struct Opened;

class Storage {
 public:
  // Opens the directory; makes it and founds it as `wanted` if there is nothing in it. Refuses the directory of another
  // node than wanted.node; a differing cluster or other founders are for the caller to judge, by Recovered::identity.
  // When it returns, all it returns is durable, the count of this start too. `files` must outlive the Storage.
  // Without `can_repair`, a damaged log is refused, and nothing is changed.
  static Result<Opened> open(Files& files, const std::string& directory, const Identity& wanted,
                             WalOptions options = {}, const CanRepair& can_repair = {});

  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  // One write and one sync for all of it; then it is durable. Requires: see Wal::append.
  Result<> save(std::span<const Batch> batches);

  // The next segment of the log, made ahead by another thread.
  Spare& spare() { return wal_->spare(); }

  const WalCounters& counters() const { return wal_->counters(); }

 private:
  Storage(DataDir dir, std::unique_ptr<Lock> lock, std::unique_ptr<Wal> wal)
      : dir_(std::move(dir)), lock_(std::move(lock)), wal_(std::move(wal)) {}

  static Result<std::unique_ptr<Wal>> open_wal(const DataDir& dir, WalOptions options, const CanRepair& can_repair,
                                               Recovered& recovered);

  Result<> keep_beside(std::span<const Batch> batches);

  const DataDir dir_;
  std::unique_ptr<Lock> lock_;  // given up after everything else
  std::unique_ptr<Wal> wal_;
  size_t appended_ = 0;  // batches that are in the log, of those that will be given again
};

// What a start would find in this directory, and would go on from; the count of starts is that so far. Changes nothing.
// An Error is why the node would not start, unless the others can repair that: a repair that is under way is no Error,
// and tells Recovered::damage; one that would only begin is.
Result<Recovered> open_read_only(Files& files, const std::string& directory, WalOptions options = {});

struct Opened {
  std::unique_ptr<Storage> storage;      // to be destroyed after
  std::unique_ptr<Snapshots> snapshots;  // this: it holds the lock
  Recovered recovered;
};

}  // namespace skiff::store

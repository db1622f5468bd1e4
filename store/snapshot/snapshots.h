// Snapshots: those of one data directory, beside the log.
//
//   snapshot-<index>        whole, and synced before it got that name; the two newest are kept
//   snapshot.new            one that is being made, or fetched from another node
//
// What is there of one that was fetched when the node stopped is not fetched again: its whole blocks count. So that
// writing one holds up no flush of the log for long, it is synced piece by piece.
//
// The older of the two is there in case the newest turns out damaged, so the log is kept from there on. Segments are
// removed oldest first, and a power failure in between may leave any of them; recovery (store/wal/recover.h) knows.
//
// They are read again while the node runs, with the log (store/snapshot/scrub.h). A damaged one counts no more, and
// goes with the next that is made. A damaged segment goes when the newest snapshot, read back, holds all that was in
// it: then the log is kept from that one on, and the older snapshot is there in vain, as it was with that segment
// behind it. A start that comes in between finds the same damage, and does the same, or has the log repaired
// (store/wal/repair.h).
//
// What can go wrong: writing one fails, for want of space or otherwise. Nothing that was there has been touched then,
// and the half snapshot is dropped. After a sync that failed the node must stop, as ever.
//
// Any thread may use it, one at a time, also while another writes the log.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "raft/types.h"
#include "src/base/result.h"
#include "store/files/files.h"
#include "store/snapshot/scrub.h"
#include "store/snapshot/snapshot.h"
#include "store/wal/data_dir.h"
#include "store/wal/format.h"

namespace skiff::store {

constexpr char kSnapshotPrefix[] = "snapshot-";
constexpr char kSnapshotAside[] = "snapshot.new";

std::string snapshot_name(raft::Index index);
std::optional<raft::Index> snapshot_index(std::string_view name);

class Snapshots {
 public:
  // No segment of the log is shorter than `segment_bytes`.
  explicit Snapshots(DataDir dir, uint64_t segment_bytes = kBlockBytes);
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  // The newest that is whole; nothing if there is none. Damaged ones before it are noted, and go when the
  // next one is made.
  struct Found {
    std::optional<LoadedSnapshot> snapshot;
    std::vector<std::string> notes;
  };
  Result<Found> load_newest();
  // What there is of one that was being fetched. The next bytes taken may follow it, or begin anew. Requires: called
  // before anything is taken. Whatever goes wrong, it was only half of one: it is given up.
  std::optional<BegunSnapshot> resume();

  // Bytes of one that is being made, or fetched from another node.
  struct Bytes {
    const raft::SnapshotMark& mark;
    uint64_t offset = 0;  // 0 begins anew, whatever was begun before. Requires: else, where the last ended
    std::string_view bytes;
    bool is_last = false;
    bool is_fetched = false;
  };
  // Writes them. With the last, a fetched one is read back, and given back as a map; then the snapshot is durable, and
  // what is older than the last two is removed, and the log before them. Error::Code::unavailable: there was no room;
  // corrupt: it is not what it should be. Both give it up, and no harm is done. After any other the node must stop.
  Result<std::optional<Kv>> write(const Bytes& bytes);

  struct Piece {
    std::string bytes;
    bool is_last = false;
  };
  // Error::Code::unavailable if there is no such snapshot (any more). One that turns out damaged, before its first
  // piece or its last, is not there any more from now on: no other node is given all of it.
  Result<Piece> read(raft::Index index, uint64_t offset, uint64_t bytes);

  // What has come to light of the files that rest, since it was last asked for.
  struct Scrubbed {
    uint64_t pass_bytes = 0;  // of the pass that began
    uint64_t bytes = 0;       // read
    uint64_t files = 0;       // read to their end
    bool is_under_way = false;
    bool has_ended = false;
    std::string error;                       // why no pass could begin
    std::vector<Damage> found;               // not known before
    std::vector<Damage> recovered;           // nothing depends on it any more, and it is gone
    bool is_damaged = false;                 // something that was found is there yet
    std::optional<raft::Index> replaced_at;  // a snapshot of this index, or a later one, would let some of it go
  };
  // Begins a pass if that is wanted, and goes on with one that is under way, by about so many bytes.
  Scrubbed scrub(bool begins, uint64_t bytes);
  Scrubbed news();
  bool has_news() const { return !news_.found.empty() || !news_.recovered.empty(); }

 private:
  std::string path_of(raft::Index index) const { return dir_.path_of(snapshot_name(index)); }
  Result<> write_aside(uint64_t offset, std::string_view bytes);
  Result<> sync_some();
  Result<> give_up_if_full(Result<> synced);
  Result<> finish(raft::Index index);
  Result<Kv> read_back(const raft::SnapshotMark& mark);
  void give_up();
  Result<> drop_old();
  Result<> open_to_read(raft::Index index);
  Result<> check(raft::Index index, File& file);
  Result<std::vector<raft::Index>> list();
  Result<> drop_log(raft::Index before);
  void note_damage(Damage damage);
  Result<> remove_damaged();
  std::optional<raft::Index> replaced_at();

  const DataDir dir_;
  std::vector<raft::Index> good_;  // rising; of older ones than the newest that was loaded, it is only hoped
  std::unique_ptr<File> aside_;
  uint64_t aside_end_ = 0;
  uint64_t aside_synced_ = 0;
  std::unique_ptr<File> reading_;  // that of `reading_index_`
  raft::Index reading_index_ = 0;
  std::set<raft::Index> checked_;  // read from the first block to the last by this process, and found whole
  Scrub scrub_;
  std::map<std::string, Damage> damaged_;  // by name; no other snapshot of them is in `good_`
  Scrubbed news_;
};

}  // namespace skiff::store

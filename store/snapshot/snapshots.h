// Snapshots: the snapshots of one data directory, beside the log.
//
//   snapshot-<index>        complete, and synced before it got that name; the two newest are kept
//   snapshot.new            one that is being made, or fetched from another node
//
// A snapshot is synced piece by piece, so that writing it holds up no sync of the log for long. When the node stops
// during a fetch, the intact blocks on disk are kept and not fetched again.
//
// The older of the two is kept in case the newest turns out damaged, so the log is kept from the older one on. Segments
// are removed oldest first, and a power failure in between may leave any of them; recovery (store/wal/recover.h) allows
// for it.
//
// The files are read again while the node runs (store/snapshot/scrub.h). A damaged snapshot does not count any more,
// and is removed with the next snapshot. A damaged segment is removed when the newest snapshot, read back, covers it.
// Log retention then starts at the newest snapshot; the older snapshot stays on disk but is useless, because the
// segment behind it is gone. A start in between finds the same damage, and does the same, or repairs the log
// (store/wal/repair.h).
//
// Failures: writing a snapshot fails, for want of space or otherwise. Then no earlier file has been touched,
// and the unfinished snapshot is dropped. After a failed sync the node must stop, as always.
//
// One thread at a time may use it, while another one writes the log.
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

  // Loads the newest intact snapshot; none if there is none. Newer damaged ones are noted, and removed when the next
  // one is made.
  struct Found {
    std::optional<LoadedSnapshot> snapshot;
    std::vector<std::string> notes;
  };
  Result<Found> load_newest();
  // Resumes a snapshot that was being fetched when the node stopped. The next write() may follow it, or begin anew. A
  // file that cannot be used is dropped: it is only a part of a snapshot. Requires: no write() yet.
  std::optional<BegunSnapshot> resume();

  // Bytes of a snapshot that is being made, or fetched from another node.
  struct Bytes {
    const raft::SnapshotMark& mark;
    uint64_t offset = 0;  // 0 drops an unfinished one and begins anew. Requires: else the end of the last bytes
    std::string_view bytes;
    bool is_last = false;
    bool is_fetched = false;
  };
  // Writes them. After the last bytes, a fetched snapshot is read back and returned as a map; then it is durable, and
  // snapshots older than the last two are removed, with the log before those. Error::Code::unavailable: there was no
  // room; corrupt: the fetched bytes are no such snapshot. In both cases the snapshot is dropped, and no harm is done.
  // After any other error the node must stop.
  Result<std::optional<Kv>> write(const Bytes& bytes);

  struct Piece {
    std::string bytes;
    bool is_last = false;
  };
  // Reads a piece for another node. Error::Code::unavailable if there is no such snapshot (any more). The snapshot is
  // checked before its first piece and before its last. If it is damaged it does not count any more, so no other node
  // gets all of it.
  Result<Piece> read(raft::Index index, uint64_t offset, uint64_t bytes);

  // The results of the scrub since the last report.
  struct Scrubbed {
    uint64_t pass_bytes = 0;  // of the pass that began
    uint64_t bytes = 0;       // read
    uint64_t files = 0;       // read to their end
    bool is_under_way = false;
    bool has_ended = false;
    std::string error;                       // the reason if no pass could begin
    std::vector<Damage> found;               // not known before
    std::vector<Damage> recovered;           // removed: nothing depends on the file any more
    bool is_damaged = false;                 // some damaged file is still there
    std::optional<raft::Index> replaced_at;  // a snapshot of this index or a later one replaces some of it
  };
  // Begins a pass if `begins`, and goes on with one that is under way by about so many bytes.
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
  std::vector<raft::Index> good_;  // rising; those older than the loaded one have not been checked
  std::unique_ptr<File> aside_;
  uint64_t aside_end_ = 0;
  uint64_t aside_synced_ = 0;
  std::unique_ptr<File> reading_;  // the snapshot of `reading_index_`
  raft::Index reading_index_ = 0;
  std::set<raft::Index> checked_;  // read completely by this process, and found intact
  Scrub scrub_;
  std::map<std::string, Damage> damaged_;  // by name; no other snapshot of them is in `good_`
  Scrubbed news_;
};

}  // namespace skiff::store

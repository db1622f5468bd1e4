// Snapshot: the map at one index, as a row of blocks. The format is the same on disk and on the way to another node.
//
// A SnapshotMaker gives out block after block while the map goes on: it walks the versions of the moment it was made.
// Every block has a checksum that covers its offset too. The first block describes the snapshot, the last one ends it.
//
//   block     checksum u32 (of its offset u64, its length u32, its data) | length u32 | data
//   data      kind u8 = 1 head | magic "skiffsnp" | version u32 | cluster | term | index | length u32, configuration |
//               compacted | revision | keys | digest
//             kind u8 = 2 part of a section | section u8 | version of that section's format u8 | records
//             kind u8 = 3 end | how many versions there were
//
// Sections come in the order of their numbers, each in as many blocks as it needs. Their numbers are varints:
//
//   1 origins   of each node that ever wrote: node, incarnation, number of its newest write
//   2 versions  of each, by key and revision: flags u8 (1 removed, 2 the key before, in this block, 4 has a lease, 8 is
//               not the first change of its revision) | key length, key (unless 2) | revision | create revision and
//               number (unless 1) | lease (if 4) | order (if 8) | value length, value (unless 1)
//
// A section that this program does not know, or one in a newer format, ends the reading: what it holds would be lost.
//
// Failures of a reader: damage, another cluster's snapshot, another format version. An Error says
// which file and where; nothing in such a file is used. The configuration (the members) is opaque here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "raft/types.h"
#include "src/base/result.h"
#include "store/files/files.h"
#include "store/state/kv.h"

namespace skiff::store {

constexpr uint32_t kSnapshotFormatVersion = 3;
constexpr uint64_t kSnapshotBlockHeadBytes = 8;
constexpr uint64_t kSnapshotBlockBytesMax = uint64_t{1} << 31;

class SnapshotMaker {
 public:
  // Makes a snapshot of the map as it is now. Requires: mark.position.index == kv.applied(); the map outlives the
  // maker, and is not replaced by another one meanwhile.
  SnapshotMaker(const Kv& kv, raft::SnapshotMark mark, uint64_t cluster);

  const raft::SnapshotMark& mark() const { return mark_; }
  // Returns the next block, of about `bytes` bytes, or less where much has changed since. Requires: not is_done().
  std::string next(uint64_t bytes);
  bool is_done() const { return step_ == Step::done; }

 private:
  enum class Step { head, origins, versions, end, done };
  std::string head() const;
  std::string origins() const;
  std::string versions(uint64_t bytes);
  std::string seal(const std::string& data);

  const Kv& kv_;
  const raft::SnapshotMark mark_;
  const uint64_t cluster_;
  const Summary summary_;
  const Kv::Pin pin_;
  Step step_ = Step::head;
  uint64_t offset_ = 0;
  VersionPlace cursor_;  // of the last version given out
  uint64_t count_ = 0;
};

struct LoadedSnapshot {
  raft::SnapshotMark mark;
  Kv kv;
};
// The description at the front of a snapshot, read alone.
struct SnapshotHead {
  uint64_t cluster = 0;
  raft::SnapshotMark mark;
  Summary summary;
};
Result<SnapshotHead> read_snapshot_head(File& file, const std::string& path);
// Reads all of a snapshot. An error unless it is intact. `path` is for error messages.
Result<LoadedSnapshot> load_snapshot(File& file, const std::string& path, uint64_t cluster);

// Checks that every block is intact and in its place, and that the last is the end.
Result<> check_snapshot(File& file, const std::string& path, uint64_t cluster);
// The same in pieces: checks the blocks from `from` on, where a block begins, for about `bytes` bytes.
struct CheckedBlocks {
  uint64_t end = 0;     // where the next block begins
  bool is_end = false;  // no block follows
};
Result<CheckedBlocks> check_blocks(File& file, const std::string& path, uint64_t cluster, uint64_t from,
                                   uint64_t bytes);

// A snapshot that was not finished: its blocks up to `end` are intact, and more follow.
struct BegunSnapshot {
  raft::SnapshotMark mark;
  uint64_t end = 0;
};
// Finds the intact blocks of such a file, and writes them again as they were read: a sync that failed may have left
// them in memory alone. Returns nothing if not even the head is intact.
Result<std::optional<BegunSnapshot>> resume_snapshot(File& file, const std::string& path, uint64_t cluster);

}  // namespace skiff::store

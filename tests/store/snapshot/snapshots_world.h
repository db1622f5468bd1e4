// The base of the tests of snapshots: a node that writes its log and its snapshots into files in memory.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/directory/storage.h"
#include "store/snapshot/snapshots.h"
#include "store/state/command.h"
#include "store/wal/recover.h"
#include "tests/store/wal/log_story.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::store::snapshots_test {

using testing::MemoryFiles;

inline const WalOptions kSmall{4 * kBlockBytes};
inline const Identity kNode{77, 2, {{1, "http://a:9021"}, {2, "http://b:9021"}, {3, "http://c:9021"}}};
inline const raft::Payload kMembers = raft::Payload::of("who the members are");

inline Opened must_open(MemoryFiles& files) {
  auto opened = Storage::open(files, "data", kNode, kSmall);
  if (!opened) FAIL(opened.error().what);
  return std::move(*opened);
}

inline raft::Entry write(raft::Term term, raft::Index index, const std::string& value) {
  Origin origin{.node = 1, .incarnation = 1, .number = index};
  return log_story::entry(term, index, encode({origin, PutView{"/k", value}}));
}

// A node: its directory, what it has applied, and where its log ends.
struct Node {
  explicit Node(MemoryFiles& of) : files(of) { start(); }

  void start() {
    opened = {};
    opened = must_open(files);
    kv = std::move(opened.recovered.kv);
    for (const raft::Entry& entry : opened.recovered.entries) kv.apply(entry.position.index, entry.payload);
  }
  // False if the machine stopped on the way.
  bool append(raft::Index to) {
    while (kv.applied() < to) {
      Batch batch;
      if (opened.recovered.hard_state.term == 0 && kv.applied() == 0) batch.hard_state = {1, 2};
      batch.entries.push_back(write(1, kv.applied() + 1, std::string(100, 'v')));
      if (!opened.storage->save({&batch, 1})) return false;
      kv.apply(kv.applied() + 1, batch.entries[0].payload);
    }
    return true;
  }
  // Writes a snapshot of what is applied, block by block.
  Result<std::optional<Kv>> make(uint64_t block_bytes = 200) {
    const raft::SnapshotMark mark{.position = {1, kv.applied()}, .configuration = kMembers};
    SnapshotMaker maker(kv, mark, kNode.cluster);
    for (uint64_t offset = 0;;) {
      const std::string block = maker.next(block_bytes);
      auto taken = opened.snapshots->write(
          {.mark = mark, .offset = offset, .bytes = block, .is_last = maker.is_done(), .is_fetched = false});
      if (!taken || maker.is_done()) return taken;
      offset += block.size();
    }
  }
  raft::Index snapshot() const { return opened.recovered.snapshot.position.index; }
  std::vector<std::string> files_called(std::string_view prefix) const {
    std::vector<std::string> found;
    auto names = files.list("data");
    for (const std::string& name : *names) {
      if (name.starts_with(prefix)) found.push_back(name);
    }
    return found;
  }

  MemoryFiles& files;
  Opened opened;
  Kv kv;
};

}  // namespace skiff::store::snapshots_test

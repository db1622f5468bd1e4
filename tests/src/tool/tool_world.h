// ToolWorld: a disk in memory with data directories on it, and the tools to be run there.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "raft/membership.h"
#include "src/tool/tool.h"
#include "store/directory/storage.h"
#include "store/snapshot/snapshot.h"
#include "store/state/command.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::tool_world {

using testing::MemoryFiles;

constexpr uint64_t kCluster = 0xc1;
constexpr store::WalOptions kSmall{32 * store::kBlockBytes};
inline const std::vector<store::Founder> kFounders = {{1, "http://a:9021"}, {2, "http://b:9021"}, {3, "http://c:9021"}};

inline raft::Entry put(raft::Term term, raft::Index index, const std::string& key, const std::string& value) {
  store::Command command{{.node = 2, .incarnation = 5, .number = index}, store::PutView{key, value}};
  return {{term, index}, raft::EntryKind::command, raft::Payload::of(store::encode(command))};
}

inline raft::Payload members(const std::vector<store::Founder>& founders) {
  raft::Configuration configuration;
  for (const store::Founder& founder : founders) {
    configuration.members.push_back({founder.id, raft::MemberRole::voter, founder.address});
  }
  return raft::Payload::of(raft::encode(configuration));
}

struct World {
  explicit World(uint64_t seed = 1) : files(seed) {}

  // A directory in which a snapshot of the first ten of twenty puts is, and all twenty in the log.
  void write_directory(const std::string& directory, raft::NodeId node = 3) {
    auto opened = store::Storage::open(files, directory, {kCluster, node, kFounders}, kSmall);
    if (!opened) FAIL(opened.error().what);
    store::Batch batch{.hard_state = raft::HardState{2, node}, .entries = {}, .restart = {}};
    batch.entries.push_back({{2, 1}, raft::EntryKind::no_op, nullptr});
    for (raft::Index index = 2; index <= 21; ++index) {
      batch.entries.push_back(put(2, index, "/k" + std::to_string(index), std::string(300, 'v')));
    }
    REQUIRE(opened->storage->save({&batch, 1}).has_value());
    store::Kv kv;
    kv.skip(1);
    for (raft::Index index = 2; index <= 11; ++index) kv.apply(index, batch.entries[index - 1].payload);
    store::SnapshotMaker maker(kv, {{2, 11}, members(kFounders)}, kCluster);
    for (uint64_t offset = 0; !maker.is_done();) {
      const std::string block = maker.next(1'000);
      auto taken = opened->snapshots->write(
          {.mark = maker.mark(), .offset = offset, .bytes = block, .is_last = maker.is_done()});
      REQUIRE(taken.has_value());
      offset += block.size();
    }
    store::Batch last{.hard_state = {}, .entries = {put(2, 22, "/last", "one")}, .restart = {}};
    REQUIRE(opened->storage->save({&last, 1}).has_value());
  }

  // A backup of `keys` puts.
  void write_backup(const std::string& path, raft::Index keys = 50) {
    store::Kv kv;
    for (raft::Index index = 1; index <= keys; ++index) {
      kv.apply(index, put(3, index, "/k" + std::to_string(index), "v" + std::to_string(index)).payload);
    }
    store::SnapshotMaker maker(kv, {{3, keys}, members(kFounders)}, kCluster);
    std::string bytes;
    while (!maker.is_done()) bytes += maker.next(200);
    files.set_content(path, bytes);
  }

  int run(const std::vector<std::string>& words) { return run(words, files); }
  int run(const std::vector<std::string>& words, store::Files& through) {
    said.clear();
    std::vector<const char*> arguments;
    for (const std::string& word : words) arguments.push_back(word.c_str());
    const auto keep = [this](std::string_view line) { said += std::string(line) + "\n"; };
    return tool::run(arguments[0], std::span(arguments).subspan(1),
                     {.files = through,
                      .say = keep,
                      .complain = keep,
                      .ask =
                          [this](const std::string&) {
                            ++asked;
                            return typed;
                          },
                      .random = [this] { return ++random; },
                      .wal = kSmall});
  }

  store::Recovered look(const std::string& directory) {
    auto found = store::open_read_only(files, directory, kSmall);
    if (!found) FAIL(found.error().what);
    return std::move(*found);
  }

  // Every file in it, with its bytes.
  std::map<std::string, std::string> content(const std::string& directory) {
    std::map<std::string, std::string> all;
    const auto names = files.list(directory);
    for (const std::string& name : *names) all[name] = files.content(store::join(directory, name));
    return all;
  }

  MemoryFiles files;
  std::string said;  // by the last run
  std::optional<std::string> typed;
  int asked = 0;
  uint64_t random = 0;
};

// Of the directory "data".
inline const std::string kLog = "data/wal-0000000000000001";
inline const std::string kSnapshot = "data/snapshot-000000000000000b";

inline void flip(World& world, const std::string& path, size_t offset) {
  std::string bytes = world.files.content(path);
  bytes[offset] = static_cast<char>(bytes[offset] ^ 0x10);
  world.files.set_content(path, bytes);
}

}  // namespace skiff::tool_world

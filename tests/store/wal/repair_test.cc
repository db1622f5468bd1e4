// A log that is damaged where it may have been acknowledged: never believed, never forgotten.
#include "store/wal/repair.h"

#include <string>
#include <vector>

#include "store/directory/storage.h"
#include "tests/store/wal/log_story.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::store::repair_test {

using testing::MemoryFiles;

const WalOptions kSmall{4 * kBlockBytes};
const Identity kNode{77, 2, {{1, "http://a:9021"}, {2, "http://b:9021"}, {3, "http://c:9021"}}};

bool always(const Identity&, const raft::Payload&) { return true; }

Result<Opened> open(MemoryFiles& files) { return Storage::open(files, "data", kNode, kSmall, always); }

Opened must_open(MemoryFiles& files) {
  auto opened = open(files);
  if (!opened) FAIL(opened.error().what);
  return std::move(*opened);
}

Result<> save(Storage& storage, Batch batch) { return storage.save(std::vector<Batch>{std::move(batch)}); }

std::string path_of(uint64_t sequence) { return "data/" + segment_name(sequence); }

// A node that has started twice, voted in term 3, and saved entries over three segments.
void write_directory(MemoryFiles& files) {
  must_open(files);
  Opened opened = must_open(files);
  REQUIRE(save(*opened.storage, {raft::HardState{3, 1}, {}}).has_value());
  for (raft::Index index = 1; index <= 24; ++index) {
    REQUIRE(save(*opened.storage, {{}, {log_story::entry(3, index, std::string(150, 'x'))}}).has_value());
  }
  REQUIRE(*files.exists(path_of(3)));
}

void flip(MemoryFiles& files, const std::string& path, size_t offset) {
  std::string bytes = files.content(path);
  bytes[offset] = static_cast<char>(bytes[offset] ^ 0x10);
  files.set_content(path, bytes);
}

size_t count_of(MemoryFiles& files, std::string_view suffix) {
  size_t count = 0;
  const auto names = files.list("data");
  for (const std::string& name : *names) count += name.ends_with(suffix) ? 1 : 0;
  return count;
}

// D1: a damaged log is set aside, and its node is intact again when it has fetched the lost entries
TEST_CASE("that the log is whole, and who the others are, is kept once there is room for it") {  // [D1]
  MemoryFiles files;
  write_directory(files);
  flip(files, path_of(2), 700);
  Opened opened = must_open(files);
  std::vector<Batch> batches;
  batches.push_back({.hard_state = raft::HardState{3, 1}});
  batches.push_back({.hard_state = raft::HardState{7, 0}, .peers = DataDirIds{{1, 10}}});
  batches.push_back({.hard_state = raft::HardState{8, 1}, .is_intact = true});
  size_t failed = 0;
  for (uint64_t operation = 3; operation < 20; ++operation) {  // the log itself takes two
    files.fail_at(files.operations() + operation, MemoryFiles::Fault::no_space);
    auto saved = opened.storage->save(batches);
    if (saved) break;
    REQUIRE(saved.error().code == Error::Code::no_space);
    ++failed;
    batches.push_back({.entries = {log_story::entry(8, failed, "more")}});
  }
  REQUIRE(failed > 3);
  REQUIRE(opened.storage->save({}).has_value());
  REQUIRE(known_data_dir_ids(files, "data")->data_dir_ids == DataDirIds{{1, 10}});
  opened = Opened{};
  files.crash(MemoryFiles::Loss::keep_none);
  Opened again = must_open(files);
  REQUIRE_FALSE(again.recovered.damage.has_value());
  REQUIRE(again.recovered.hard_state == raft::HardState{8, 1});
  REQUIRE(again.recovered.entries.size() == failed);
}

// D1: a damaged log is set aside, and its node is intact again when it has fetched the lost entries
TEST_CASE("a look into a directory under repair finds what a start would, at every stage of it") {  // [D1]
  bool is_done = false;
  for (uint64_t stop = 1; !is_done; ++stop) {
    MemoryFiles files;
    write_directory(files);
    flip(files, path_of(2), 700);
    files.stop_at(files.operations() + stop);
    is_done = open(files).has_value();
    if (is_done) break;
    files.crash();
    if (!read_repair(files, "data")->has_value()) {
      REQUIRE_FALSE(open_read_only(files, "data", kSmall).has_value());
      continue;
    }
    CAPTURE(stop);
    auto seen = open_read_only(files, "data", kSmall);
    REQUIRE(seen.has_value());
    const Opened started = must_open(files);
    REQUIRE(seen->damage == started.recovered.damage);
    REQUIRE_FALSE(seen->fresh);
    REQUIRE(seen->hard_state == started.recovered.hard_state);
    REQUIRE(seen->incarnation + 1 == started.recovered.incarnation);
    REQUIRE(seen->entries.empty());
  }
}

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
// D1: a damaged log is set aside, and its node is intact again when it has fetched the lost entries
TEST_CASE("a damaged log is set aside, and the node knows until it is told otherwise") {  // [W6] [D1]
  MemoryFiles files;
  write_directory(files);
  flip(files, path_of(2), 700);
  std::string damaged = files.content(path_of(2));

  // When it starts, then nothing of the log is believed, nothing is lost that an operator may need, and it says so.
  {
    Opened opened = must_open(files);
    REQUIRE_THAT(opened.recovered.damage.value(),
                 Catch::StartsWith("recover " + path_of(2) + ": at offset") && !Catch::Contains(";"));
    REQUIRE_FALSE(opened.recovered.fresh);
    REQUIRE(opened.recovered.entries.empty());
    REQUIRE(opened.recovered.hard_state == raft::HardState{3, 1});
    REQUIRE(files.content(path_of(2) + kSetAsideSuffix) == damaged);
    REQUIRE(save(*opened.storage, {raft::HardState{4, 1}, {log_story::entry(4, 1, "fetched")}}).has_value());
  }

  // It keeps what it has fetched, and still knows, however often it starts.
  uint64_t incarnation = 0;
  for (int start = 0; start < 3; ++start) {
    Opened opened = must_open(files);
    REQUIRE(opened.recovered.damage.has_value());
    REQUIRE(opened.recovered.entries.size() == 1);
    REQUIRE(opened.recovered.incarnation > std::max<uint64_t>(incarnation, 1000));
    incarnation = opened.recovered.incarnation;
    files.crash(MemoryFiles::Loss::keep_none);
  }

  // When it is told that it is whole, that is over, and what was set aside is gone.
  {
    Opened opened = must_open(files);
    Batch whole;
    whole.is_intact = true;
    REQUIRE(save(*opened.storage, whole).has_value());
  }
  Opened opened = must_open(files);
  REQUIRE_FALSE(opened.recovered.damage.has_value());
  REQUIRE(opened.recovered.entries.size() == 1);
  REQUIRE(opened.recovered.hard_state == raft::HardState{4, 1});
  REQUIRE(count_of(files, kSetAsideSuffix) == 0);
}

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
// D1: a damaged log is set aside, and its node is intact again when it has fetched the lost entries
TEST_CASE("a bit that turns over anywhere in the log is never served, and never taken for nothing") {  // [W6] [D1]
  MemoryFiles whole;
  write_directory(whole);
  for (uint64_t sequence : {1, 2, 3}) {
    const std::string bytes = whole.content(path_of(sequence));
    for (size_t offset = 0; offset <= bytes.find_last_not_of('\0'); offset += 7) {
      CAPTURE(sequence, offset);
      MemoryFiles files;
      write_directory(files);
      flip(files, path_of(sequence), offset);
      auto opened = open(files);
      if (!opened) {  // of another format version, as far as can be seen
        REQUIRE(opened.error().code == Error::Code::invalid);
        continue;
      }
      REQUIRE(opened->recovered.damage.has_value());
      REQUIRE(opened->recovered.entries.empty());
    }
  }
}

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
// D1: a damaged log is set aside, and its node is intact again when it has fetched the lost entries
TEST_CASE("segments that are missing, cut short or swapped are damage") {  // [W6] [D1]
  MemoryFiles files;
  write_directory(files);
  SECTION("the first is missing") { REQUIRE(files.remove(path_of(1)).has_value()); }
  SECTION("the middle one is missing") { REQUIRE(files.remove(path_of(2)).has_value()); }
  SECTION("the last is cut short by whole blocks") {
    files.set_content(path_of(3), files.content(path_of(3)).substr(0, kBlockBytes));
  }
  SECTION("two are swapped") {
    std::string second = files.content(path_of(2));
    files.set_content(path_of(2), files.content(path_of(3)));
    files.set_content(path_of(3), second);
  }
  SECTION("all are garbage") {
    for (uint64_t sequence : {1, 2, 3}) files.set_content(path_of(sequence), std::string(4 * kBlockBytes, '\x55'));
  }
  REQUIRE(must_open(files).recovered.damage.has_value());
  REQUIRE(must_open(files).recovered.damage.has_value());
}

// W3: power fails, or an operation, between any two operations on files
// D5: a node is stopped, or damaged again, before its recovery is complete
TEST_CASE("damage is not forgotten wherever the machine stops, and no start counts twice") {  // [W3] [D5]
  const uint64_t draw = GENERATE(range(uint64_t{0}, uint64_t{6}));
  bool has_stopped = true;
  for (uint64_t operation = 1; has_stopped; ++operation) {
    CAPTURE(operation, draw);
    MemoryFiles files(operation * 100 + draw);
    write_directory(files);
    flip(files, path_of(2), 700);
    const auto loss = draw == 0   ? MemoryFiles::Loss::keep_all
                      : draw == 1 ? MemoryFiles::Loss::keep_none
                                  : MemoryFiles::Loss::random;

    files.stop_at(files.operations() + operation);
    {
      auto opened = open(files);
      has_stopped = !opened;
      if (!opened) REQUIRE(opened.error().code == Error::Code::io);
    }
    files.crash(loss);
    uint64_t incarnation = 2;
    for (int start = 0; start < 2; ++start) {
      Opened opened = must_open(files);
      REQUIRE(opened.recovered.damage.has_value());
      REQUIRE(opened.recovered.entries.empty());
      REQUIRE(opened.recovered.incarnation > incarnation);
      incarnation = opened.recovered.incarnation;
      files.crash(loss);
    }
  }
}

// W3: power fails, or an operation, between any two operations on files
// D5: a node is stopped, or damaged again, before its recovery is complete
TEST_CASE("the end of a repair is all or nothing, wherever the machine stops") {  // [W3] [D5]
  bool has_stopped = true;
  for (uint64_t operation = 1; has_stopped; ++operation) {
    CAPTURE(operation);
    MemoryFiles files(operation);
    write_directory(files);
    flip(files, path_of(2), 700);
    {
      Opened opened = must_open(files);
      REQUIRE(save(*opened.storage, {raft::HardState{4, 1}, {log_story::entry(4, 1, "fetched")}}).has_value());
      files.stop_at(files.operations() + operation);
      Batch whole;
      whole.is_intact = true;
      has_stopped = !save(*opened.storage, whole).has_value();
    }
    files.crash();
    Opened opened = must_open(files);
    REQUIRE(opened.recovered.entries.size() == 1);
    if (!has_stopped) REQUIRE_FALSE(opened.recovered.damage.has_value());
    if (!opened.recovered.damage) REQUIRE(count_of(files, kSetAsideSuffix) == 0);
  }
}

// D5: a node is stopped, or damaged again, before its recovery is complete
TEST_CASE("a second damage in the middle of a repair begins it anew, and keeps no more than one log aside") {  // [D5]
  MemoryFiles files;
  write_directory(files);
  flip(files, path_of(2), 700);
  uint64_t incarnation = must_open(files).recovered.incarnation;
  const size_t aside = count_of(files, kSetAsideSuffix);
  REQUIRE(aside == 3);
  for (uint64_t sequence = 4; sequence < 8; ++sequence) {
    files.set_content(path_of(sequence), std::string(4 * kBlockBytes, '\x55'));
    Opened opened = must_open(files);
    REQUIRE(opened.recovered.damage.has_value());
    REQUIRE(opened.recovered.incarnation > incarnation);
    REQUIRE(opened.recovered.hard_state == raft::HardState{3, 1});
    incarnation = opened.recovered.incarnation;
    REQUIRE(count_of(files, kSetAsideSuffix) == aside);
  }
}

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
// D8: no other node can repair the damage
TEST_CASE("the only member refuses a damaged log, and changes nothing") {  // [W6] [D8]
  MemoryFiles files;
  write_directory(files);
  flip(files, path_of(2), 700);
  const std::string damaged = files.content(path_of(2));
  auto opened = Storage::open(files, "data", kNode, kSmall, [](const Identity& identity, const raft::Payload&) {
    REQUIRE(identity == kNode);
    return false;
  });
  REQUIRE(opened.error().code == Error::Code::corrupt);
  REQUIRE_THAT(to_text(opened.error()),
               Catch::Contains(path_of(2)) && Catch::Contains("; nothing was changed. Do not") &&
                   Catch::EndsWith(". This node knows of no other member: there is none to fetch the log from"));
  REQUIRE(files.content(path_of(2)) == damaged);
  REQUIRE(count_of(files, kRepairName) == 0);
}

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
// D8: no other node can repair the damage
TEST_CASE("a log that is gone altogether is refused, and not taken for damage") {  // [W6] [D8]
  MemoryFiles files;
  write_directory(files);
  for (uint64_t sequence : {1, 2, 3}) REQUIRE(files.remove(path_of(sequence)).has_value());
  auto opened = open(files);
  REQUIRE(opened.error().code == Error::Code::corrupt);
  REQUIRE_THAT(opened.error().what, Catch::Contains("there is no log"));
}

// D8: no other node can repair the damage
TEST_CASE("the last configuration that can still be read says whether there are others") {  // [D8]
  MemoryFiles files;
  {
    Opened opened = must_open(files);
    raft::Entry members = log_story::entry(1, 1, std::string(2000, 'm'));  // over many blocks
    members.kind = raft::EntryKind::configuration;
    REQUIRE(save(*opened.storage, {raft::HardState{1, 1}, {members}}).has_value());
    REQUIRE(save(*opened.storage, {{}, {log_story::entry(1, 2, std::string(300, 'x'))}}).has_value());
    REQUIRE(save(*opened.storage, {{}, {log_story::entry(1, 3, std::string(300, 'x'))}}).has_value());
  }
  std::string last = files.content(path_of(3)).find_last_not_of('\0') > kHeaderEnd ? path_of(3) : path_of(2);
  flip(files, last, files.content(last).find_last_not_of('\0') - 100);
  std::string seen;
  REQUIRE_FALSE(Storage::open(files, "data", kNode, kSmall, [&](const Identity&, const raft::Payload& configuration) {
                  REQUIRE(configuration != nullptr);
                  seen = *configuration;
                  return false;
                }).has_value());
  REQUIRE(seen == std::string(2000, 'm'));
}

// The map of that directory, put down as a snapshot of the first `index` entries.
void take_snapshot(Snapshots& snapshots, raft::Index index) {
  Kv kv;
  for (raft::Index at = 1; at <= index; ++at) kv.skip(at);
  raft::SnapshotMark mark{.position = {3, index}, .configuration = raft::Payload::of("members")};
  SnapshotMaker maker(kv, mark, kNode.cluster);
  uint64_t offset = 0;
  while (!maker.is_done()) {
    std::string block = maker.next(1000);
    REQUIRE(snapshots.write({.mark = mark, .offset = offset, .bytes = block, .is_last = maker.is_done()}).has_value());
    offset += block.size();
  }
}

// S19: a node starts from a snapshot and a log that is shorter, longer, or overlaps it
// D9: the damage is in entries that a snapshot holds, or in the snapshot
TEST_CASE("damage to what a snapshot holds is no loss") {  // [S19] [D9]
  MemoryFiles files;
  write_directory(files);
  take_snapshot(*must_open(files).snapshots, 20);
  const uint64_t sequence = GENERATE(1, 2);
  flip(files, path_of(sequence), 700);
  Opened opened = must_open(files);
  REQUIRE_FALSE(opened.recovered.damage.has_value());
  REQUIRE(opened.recovered.snapshot.position.index == 20);
  REQUIRE(opened.recovered.entries.size() == 4);
  REQUIRE(opened.recovered.hard_state == raft::HardState{3, 1});
  REQUIRE(opened.recovered.incarnation == 4);
  REQUIRE(opened.recovered.notes.size() == 1);
  REQUIRE_THAT(opened.recovered.notes[0],
               Catch::StartsWith("recover ") && Catch::EndsWith("may be lost; a snapshot holds all that was in it"));
}

// S19: a node starts from a snapshot and a log that is shorter, longer, or overlaps it
// D9: the damage is in entries that a snapshot holds, or in the snapshot
TEST_CASE("damage behind a snapshot leaves the snapshot") {  // [S19] [D9]
  MemoryFiles files;
  write_directory(files);
  take_snapshot(*must_open(files).snapshots, 5);
  flip(files, path_of(3), 700);
  for (int start = 0; start < 2; ++start) {
    Opened opened = must_open(files);
    REQUIRE(opened.recovered.damage.has_value());
    REQUIRE(opened.recovered.snapshot.position.index == 5);
    REQUIRE(opened.recovered.entries.empty());
    if (start == 1) continue;
    REQUIRE(save(*opened.storage, {raft::HardState{4, 0}, {}}).has_value());
  }

  // When the snapshot is damaged, too, then there is nothing left but what must be fetched.
  flip(files, "data/" + snapshot_name(5), 30);
  Opened opened = must_open(files);
  REQUIRE(opened.recovered.damage.has_value());
  REQUIRE(opened.recovered.snapshot.position.index == 0);
  REQUIRE(opened.recovered.hard_state == raft::HardState{4, 0});
  REQUIRE(save(*opened.storage, {{}, {log_story::entry(4, 1, "fetched")}}).has_value());
}

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
// W11: files have another format version
// D8: no other node can repair the damage
TEST_CASE("a note of a repair that is damaged itself is refused at every byte") {  // [W6] [W11] [D8]
  const Repair repair{.stage = Repair::Stage::fetching,
                      .sequence = 5,
                      .incarnation = uint64_t{1} << 33,
                      .hard_state = {3, 1},
                      .damage = "recover data/wal-2: at offset 700"};
  const std::string whole = encode(repair);
  REQUIRE(decode_repair(whole).value() == repair);
  for (size_t offset = 0; offset < whole.size(); ++offset) {
    CAPTURE(offset);
    std::string bytes = whole;
    bytes[offset] = static_cast<char>(bytes[offset] ^ 0x20);
    REQUIRE_FALSE(decode_repair(bytes).has_value());
    REQUIRE_FALSE(decode_repair(whole.substr(0, offset)).has_value());
  }
  REQUIRE_FALSE(decode_repair(whole + "x").has_value());
  for (const uint64_t none : {uint64_t{0}, ~uint64_t{0}}) {
    REQUIRE_FALSE(decode_repair(encode(Repair{.stage = repair.stage, .sequence = none})).has_value());
  }

  MemoryFiles files;
  write_directory(files);
  files.set_content("data/repair", whole.substr(0, 20));
  auto opened = open(files);
  REQUIRE_FALSE(opened.has_value());
  REQUIRE_THAT(opened.error().what, Catch::StartsWith("read data/repair: "));
  REQUIRE_THAT(to_text(opened.error()),
               Catch::Contains("; nothing was changed. Without it") && Catch::Contains("do not remove it"));
}

}  // namespace skiff::store::repair_test

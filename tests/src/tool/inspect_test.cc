#include "store/wal/data_dir_ids.h"
#include "tests/src/tool/tool_world.h"
#include "tests/support/catch.h"

namespace skiff::inspect_test {

using tool_world::flip;
using tool_world::kLog;
using tool_world::kSnapshot;
using tool_world::World;

size_t end_of_log(World& world) { return world.files.content(kLog).find_last_not_of('\0') + 1; }

// The number that stands behind "path: at offset ".
uint64_t offset_said(const World& world, const std::string& path) {
  const std::string before = path + ": at offset ";
  const size_t at = world.said.find(before);
  INFO(world.said);
  REQUIRE(at != std::string::npos);
  return std::stoull(world.said.substr(at + before.size()));
}

TEST_CASE("a whole directory is whole, is told about, and is not touched") {
  World world;
  world.write_directory("data");
  const auto before = world.content("data");
  const uint64_t operations = world.files.operations();
  REQUIRE(world.run({"inspect", "data"}) == 0);
  REQUIRE_THAT(world.said, Catch::Contains("data: node 3 of cluster 00000000000000c1") &&
                               Catch::Contains("up to index 11 of term 2; 10 keys") &&
                               Catch::Contains("22 entries of index 1 to 22, term 2 to 2") &&
                               Catch::Contains("term 2, vote for 3, started 1 times") &&
                               Catch::Contains("11 entries behind it; the last entry is index 22 of term 2") &&
                               Catch::Contains("2 voter http://b:9021") && Catch::EndsWith("\nwhole\n"));
  REQUIRE(world.files.operations() == operations);
  REQUIRE(world.content("data") == before);
}

TEST_CASE("entries are listed as they stand in the log") {
  World world;
  world.write_directory("data");
  REQUIRE(world.run({"inspect", "--entries", "data"}) == 0);
  REQUIRE_THAT(world.said, Catch::Contains("     2          1 no-op\n") &&
                               Catch::Contains("     2         22 put       /last 3 bytes, from node 2\n"));
  REQUIRE(world.run({"inspect", "data"}) == 0);
  REQUIRE_THAT(world.said, !Catch::Contains("/last"));
}

TEST_CASE("a bit that has turned over is told with its file and block, wherever it is in the log") {
  World world;
  world.write_directory("data");
  const size_t end = end_of_log(world);
  for (size_t offset = 0; offset < end; offset += 37) {
    CAPTURE(offset);
    World damaged;
    damaged.write_directory("data");
    const char byte = damaged.files.content(kLog)[offset];
    if (offset > store::kHeaderEnd && byte == '\0') continue;  // may be the rest of a block, which nobody reads
    flip(damaged, kLog, offset);
    REQUIRE(damaged.run({"inspect", "data"}) == 1);
    const uint64_t said = offset_said(damaged, kLog);
    REQUIRE(said <= offset);
    REQUIRE(said / store::kBlockBytes == offset / store::kBlockBytes);
    REQUIRE_THAT(damaged.said, Catch::Contains("\ndamage    "));
  }
}

TEST_CASE("a block of what was acknowledged that is zeros is told, and what lies behind it still read") {
  World world;
  world.write_directory("data");
  std::string bytes = world.files.content(kLog);
  bytes.replace(4 * store::kBlockBytes, store::kBlockBytes, store::kBlockBytes, '\0');
  world.files.set_content(kLog, bytes);
  REQUIRE(world.run({"inspect", "--entries", "data"}) == 1);
  REQUIRE(offset_said(world, kLog) == 4 * store::kBlockBytes);
  REQUIRE_THAT(world.said, Catch::Contains("a later batch says so") && Catch::Contains("/last") &&
                               Catch::Contains("damaged   in 1 place"));
}

TEST_CASE("a log that was cut is told") {
  World world;
  world.write_directory("data");
  SECTION("in the middle of a block") {
    world.files.set_content(kLog, world.files.content(kLog).substr(0, 1'000));
    REQUIRE(world.run({"inspect", "data"}) == 1);
    REQUIRE(offset_said(world, kLog) == 1'000);
  }
  SECTION("all of it") {
    REQUIRE(world.files.remove(kLog).has_value());
    REQUIRE(world.run({"inspect", "data"}) == 1);
    REQUIRE_THAT(world.said, Catch::Contains("there is no log"));
  }
  SECTION("its beginning") {
    std::string bytes = world.files.content(kLog);
    world.files.set_content(kLog, bytes.substr(store::kBlockBytes));
    REQUIRE(world.run({"inspect", "data"}) == 1);
    REQUIRE(offset_said(world, kLog) == 0);
  }
}

TEST_CASE("a batch that was being written is no damage, and stays where it is") {
  World world;
  world.write_directory("data");
  std::string bytes = world.files.content(kLog);
  bytes[end_of_log(world) - 1] = '\0';
  world.files.set_content(kLog, bytes);
  REQUIRE(world.run({"inspect", "data"}) == 0);
  REQUIRE_THAT(world.said, Catch::Contains("never acknowledged; the next start cuts it off"));
  REQUIRE(world.files.content(kLog) == bytes);
}

TEST_CASE("damage to a snapshot, an identity or a name is told") {
  World world;
  world.write_directory("data");
  std::string wanted;
  SECTION("a snapshot") {
    flip(world, kSnapshot, 700);
    wanted = "read " + kSnapshot + ": at offset ";
  }
  SECTION("a snapshot under a wrong name") {
    world.files.set_content("data/snapshot-000000000000000c", world.files.content(kSnapshot));
    wanted = "it is the snapshot of index 11";
  }
  SECTION("the identity") {
    flip(world, "data/identity", 30);
    wanted = "read data/identity: its checksum is wrong";
  }
  SECTION("no identity") {
    REQUIRE(world.files.remove("data/identity").has_value());
    wanted = "data/identity";
  }
  REQUIRE(world.run({"inspect", "data"}) == 1);
  REQUIRE_THAT(world.said, Catch::Contains("damage    ") && Catch::Contains(wanted));
}

TEST_CASE("what only recovery can know is damage, too") {
  World world;
  world.write_directory("data");
  const std::string bytes = world.files.content(kLog);
  world.files.set_content("data/wal-0000000000000002", bytes);
  REQUIRE(world.run({"inspect", "data"}) == 1);
  REQUIRE_THAT(world.said, Catch::Contains("it is wal-0000000000000001 by its header"));
}

TEST_CASE("a directory whose log is being repaired is not whole, and one that was repaired is") {
  World world;
  world.write_directory("data");
  flip(world, kLog, 500);
  REQUIRE(world.run({"inspect", "data"}) == 1);
  REQUIRE_THAT(world.said, Catch::Contains("sets the log aside, and the other members give back its content"));
  const auto always = [](const store::Identity&, const raft::Payload&) { return true; };
  {
    auto opened = store::Storage::open(world.files, "data", {tool_world::kCluster, 3, {}}, tool_world::kSmall, always);
    REQUIRE(store::own_data_dir_id(world.files, "data", 7).has_value());
    REQUIRE(store::remember_data_dir_ids(world.files, "data", {{1, 10}}).has_value());
    const auto before = world.content("data");
    REQUIRE(world.run({"inspect", "data"}) == 1);
    REQUIRE_THAT(world.said, Catch::Contains("damage    data/repair: the log is being repaired") &&
                                 Catch::Contains("data/wal-0000000000000001.damaged: was set aside") &&
                                 Catch::Contains("damaged   in 1 place"));
    REQUIRE_THAT(world.said, !Catch::Contains("none of the files of a node"));
    REQUIRE(world.content("data") == before);
    store::Batch whole{.is_intact = true};
    REQUIRE(opened->storage->save({&whole, 1}).has_value());
  }
  REQUIRE(world.run({"inspect", "data"}) == 0);
  REQUIRE_THAT(world.said, Catch::Contains("note      data/repair: the log was damaged once"));
  flip(world, "data/instance", 25);
  REQUIRE(world.run({"inspect", "data"}) == 1);
  REQUIRE_THAT(world.said, Catch::Contains("damage    read data/instance: its checksum is wrong"));
}

TEST_CASE("a node that runs on the directory is no hindrance, and is named") {
  World world;
  world.write_directory("data");
  auto opened = store::Storage::open(world.files, "data", {tool_world::kCluster, 3, {}}, tool_world::kSmall);
  REQUIRE(world.run({"inspect", "data"}) == 0);
  REQUIRE_THAT(world.said, Catch::Contains("a node runs on it"));
}

TEST_CASE("a backup is verified to its last byte") {
  World world;
  world.write_backup("backup");
  REQUIRE(world.run({"inspect", "backup"}) == 0);
  REQUIRE_THAT(world.said, Catch::Contains("of cluster 00000000000000c1, up to index 50 of term 3; 50 keys"));
  const std::string whole = world.files.content("backup");
  for (size_t offset = 0; offset < whole.size(); ++offset) {
    CAPTURE(offset);
    world.files.set_content("backup", whole.substr(0, offset));
    REQUIRE(world.run({"inspect", "backup"}) == 1);
    world.files.set_content("backup", whole);
    flip(world, "backup", offset);
    REQUIRE(world.run({"inspect", "backup"}) == 1);
    REQUIRE_THAT(world.said, Catch::Contains("backup: at offset ") || Catch::Contains("its format version is"));
  }
}

TEST_CASE("inspect says how it is used, and what is not there") {
  World world;
  REQUIRE(world.run({"inspect", "--help"}) == 0);
  REQUIRE_THAT(world.said, Catch::Contains("Usage: skiff inspect"));
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"inspect"}, {"inspect", "none"}, {"inspect", "a", "b"}, {"inspect", "--verbose", "a"}, {"inspect", ""}}) {
    REQUIRE(world.run(words) == 2);
  }
}

}  // namespace skiff::inspect_test

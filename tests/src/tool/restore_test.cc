#include <set>

#include "src/tool/new_cluster.h"
#include "tests/src/tool/tool_world.h"
#include "tests/support/catch.h"

namespace skiff::restore_test {

using testing::MemoryFiles;
using tool_world::World;

const std::string kMembers = "http://x:1,http://y:2,http://z:3";

std::vector<std::string> restore(const std::string& directory, int id = 1, const std::string& members = kMembers) {
  return {"restore", "--from", "backup", "--data-dir", directory, "--id", std::to_string(id), "--cluster", members};
}

TEST_CASE("a new directory that does not read back as it was written is an error, and says what was passed over") {
  World world;
  world.write_backup("backup");
  REQUIRE(world.run(restore("node-1")) == 0);
  store::Recovered found = world.look("node-1");
  const tool::NewCluster made{.identity = found.identity, .mark = found.snapshot};
  REQUIRE(tool::check_read_back(found, made, found.kv).has_value());
  REQUIRE_FALSE(tool::check_read_back(found, made, store::Kv()).has_value());
  store::Recovered lost{.identity = found.identity};
  lost.notes = {"read node-1/snapshot: Input/output error"};
  const auto refused = tool::check_read_back(lost, made, found.kv);
  REQUIRE_FALSE(refused.has_value());
  REQUIRE_THAT(refused.error().what, Catch::Contains("Input/output error"));
}

TEST_CASE("each node of a restored cluster holds what the backup holds, under one new name") {
  World world;
  world.write_backup("backup");
  uint64_t cluster = 0, digest = 0;
  for (int id = 1; id <= 3; ++id) {
    const std::string directory = "node-" + std::to_string(id);
    INFO(world.said);
    REQUIRE(world.run(restore(directory, id)) == 0);
    const store::Recovered found = world.look(directory);
    REQUIRE(found.identity.node == static_cast<raft::NodeId>(id));
    REQUIRE(found.identity.founders ==
            std::vector<store::Founder>{{1, "http://x:1"}, {2, "http://y:2"}, {3, "http://z:3"}});
    REQUIRE(found.snapshot.position == raft::LogPosition{3, 50});
    REQUIRE(*found.snapshot.configuration == *tool_world::members(found.identity.founders));
    REQUIRE(found.entries.empty());
    REQUIRE(found.kv.keys() == 50);
    REQUIRE(found.kv.get("/k17")->bytes == "v17");
    if (id == 1) {
      cluster = found.identity.cluster;
      digest = found.kv.digest();
    }
    REQUIRE(found.identity.cluster == cluster);
    REQUIRE(found.kv.digest() == digest);
    REQUIRE(world.run({"inspect", directory}) == 0);
  }
  REQUIRE(cluster != tool_world::kCluster);
}

TEST_CASE("the new name depends on the backup, the members and the token") {
  World world;
  world.write_backup("backup");
  std::set<uint64_t> names = {tool_world::kCluster};
  const auto name_of = [&](std::vector<std::string> words, const std::string& token = "") {
    words[4] = "node-" + std::to_string(names.size());
    if (!token.empty()) words.insert(words.end(), {"--token", token});
    REQUIRE(world.run(words) == 0);
    return world.look(words[4]).identity.cluster;
  };
  REQUIRE(names.insert(name_of(restore(""))).second);
  REQUIRE(names.insert(name_of(restore(""), "second")).second);
  REQUIRE(names.insert(name_of(restore("", 1, "http://x:1"))).second);
  world.write_backup("backup", 51);
  REQUIRE(names.insert(name_of(restore(""))).second);
}

TEST_CASE("a restored node can write, though its namesake had written more before it") {
  World world;
  world.write_backup("backup");
  REQUIRE(world.run(restore("node", 2)) == 0);
  store::Recovered found = world.look("node");
  REQUIRE(found.incarnation == 0);
  store::Command command{{.node = 2, .incarnation = 1, .number = 1}, store::PutView{"/new", "v"}};
  const auto outcome = found.kv.apply(51, raft::Payload::of(store::encode(command)));
  REQUIRE(outcome.kind == store::Outcome::Kind::done);
  REQUIRE(found.kv.get("/new").has_value());
}

TEST_CASE("nothing is restored over anything") {
  World world;
  world.write_backup("backup");
  SECTION("a data directory") { world.write_directory("data"); }
  SECTION("a stranger's file") {
    REQUIRE(world.files.make_directory("data").has_value());
    world.files.set_content("data/thesis", "dear to somebody");
  }
  SECTION("what was restored before") { REQUIRE(world.run(restore("data")) == 0); }
  const auto before = world.content("data");
  REQUIRE(world.run(restore("data")) == 1);
  REQUIRE_THAT(world.said, Catch::Contains("in it already"));
  REQUIRE(world.content("data") == before);
}

TEST_CASE("an empty directory may be there, and one that a file system has just been made in") {
  World world;
  world.write_backup("backup");
  REQUIRE(world.files.make_directory("data").has_value());
  REQUIRE(world.files.make_directory("data/lost+found").has_value());
  REQUIRE(world.run(restore("data/")) == 0);
  REQUIRE(world.run({"inspect", "data"}) == 0);
}

TEST_CASE("a backup that is not whole is refused, and nothing is made") {
  World world;
  world.write_backup("backup");
  std::string bytes = world.files.content("backup");
  SECTION("cut") { bytes.resize(bytes.size() - 1); }
  SECTION("rotten") { bytes[200] ^= 1; }
  SECTION("something else") { bytes = "hello"; }
  world.files.set_content("backup", bytes);
  REQUIRE(world.run(restore("data")) == 1);
  REQUIRE_THAT(world.said, Catch::Contains("read backup: at offset"));
  REQUIRE_FALSE(*world.files.exists("data"));
}

TEST_CASE("restore says how it is used") {
  World world;
  world.write_backup("backup");
  REQUIRE(world.run({"restore", "--help"}) == 0);
  REQUIRE_THAT(world.said, Catch::Contains("Usage: skiff restore") && Catch::Contains("--token TEXT"));
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"restore"},
                                             {"restore", "--from", "backup", "--data-dir", "data", "--id", "1"},
                                             restore("data", 4),
                                             restore("data", 1, "nonsense"),
                                             restore("data", 1, "a:1,a:1"),
                                             {"restore", "data"}}) {
    REQUIRE(world.run(words) == 2);
    REQUIRE_FALSE(*world.files.exists("data"));
  }
}

TEST_CASE("a restore that is cut short anywhere leaves no data directory, or a whole one, and can be repeated") {
  const auto loss = GENERATE(MemoryFiles::Loss::keep_all, MemoryFiles::Loss::keep_none, MemoryFiles::Loss::random);
  bool was_cut_short = true;
  for (uint64_t operation = 1; was_cut_short; ++operation) {
    CAPTURE(operation);
    World world(operation);
    world.write_backup("backup");
    world.files.stop_at(world.files.operations() + operation);
    was_cut_short = world.run(restore("data", 2)) != 0;
    world.files.crash(loss);
    const bool is_founded = *world.files.exists("data/identity");
    if (is_founded) {
      REQUIRE(world.run({"inspect", "data"}) == 0);
    } else {
      REQUIRE(was_cut_short);
      REQUIRE(world.run(restore("data", 2)) == 0);
    }
    REQUIRE(world.look("data").kv.keys() == 50);
    auto opened = store::Storage::open(world.files, "data", {1, 2, {}}, tool_world::kSmall);
    REQUIRE(opened.has_value());
    REQUIRE(opened->recovered.snapshot.position == raft::LogPosition{3, 50});
  }
}

TEST_CASE("a restore that finds no room says so, and can be repeated when there is some") {
  bool had_no_room = true;
  for (uint64_t operation = 1; had_no_room; ++operation) {
    CAPTURE(operation);
    World world(operation);
    world.write_backup("backup");
    world.files.fail_at(world.files.operations() + operation, MemoryFiles::Fault::no_space);
    had_no_room = world.run(restore("data", 2)) != 0;
    if (!had_no_room) continue;
    REQUIRE_THAT(world.said, Catch::Contains("No space left on device"));
    if (!*world.files.exists("data/identity")) REQUIRE(world.run(restore("data", 2)) == 0);
    REQUIRE(world.look("data").kv.keys() == 50);
  }
}

}  // namespace skiff::restore_test

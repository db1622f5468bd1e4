#include "tests/src/tool/tool_world.h"
#include "tests/support/catch.h"

namespace skiff::recover_test {

using testing::MemoryFiles;
using tool_world::World;

const std::vector<std::string> kRecover = {"recover", "--data-dir", "data", "--id", "3", "--yes-i-may-lose-writes"};

void check_recovered(World& world, const std::string& directory) {
  const store::Recovered found = world.look(directory);
  const std::vector<store::Founder> alone = {{3, "http://c:9021"}};
  REQUIRE(found.identity.cluster != tool_world::kCluster);
  REQUIRE(found.identity.node == 3);
  REQUIRE(found.identity.founders == alone);
  REQUIRE(found.snapshot.position == raft::LogPosition{2, 22});
  REQUIRE(*found.snapshot.configuration == *tool_world::members(alone));
  REQUIRE(found.kv.keys() == 21);
  REQUIRE(found.kv.get("/last")->bytes == "one");
}

void check_is_old(World& world, const std::string& directory) {
  const store::Recovered found = world.look(directory);
  REQUIRE(found.identity == store::Identity{tool_world::kCluster, 3, tool_world::kFounders});
  REQUIRE(found.hard_state == raft::HardState{2, 3});
  REQUIRE(found.entries.size() == 11);
}

// bug-49: old members come back after a recovery from the survivors
TEST_CASE("the survivor becomes a cluster of its own, with all of its log, and the old directory is kept", "[bug-49]") {
  World world;
  world.write_directory("data");
  INFO(world.said);
  REQUIRE(world.run(kRecover) == 0);
  REQUIRE_THAT(world.said, Catch::Contains("21 keys, up to index 22 of term 2; of that, 11 entries behind its snapshot "
                                           "of index 11") &&
                               Catch::Contains("every write that others acknowledged and this node never received") &&
                               Catch::Contains("data.before-recovery"));
  check_recovered(world, "data");
  check_is_old(world, "data.before-recovery");
  REQUIRE(world.run({"inspect", "data"}) == 0);
  REQUIRE_FALSE(*world.files.exists("data.recovering"));
  auto opened = store::Storage::open(world.files, "data", {1, 3, {}}, tool_world::kSmall);
  REQUIRE(opened->recovered.notes.empty());
  REQUIRE(opened->recovered.incarnation == 1);
}

TEST_CASE("a cluster that is recovered twice has two names") {
  World first, second;
  second.random = 7;
  for (World* world : {&first, &second}) {
    world->write_directory("data");
    REQUIRE(world->run(kRecover) == 0);
  }
  REQUIRE(first.look("data").identity.cluster != second.look("data").identity.cluster);
}

TEST_CASE("the members are those of the last configuration in the log") {
  World world;
  world.write_directory("data");
  store::Batch batch;
  SECTION("the survivor has another address by now") {
    batch.entries = {
        {{2, 23}, raft::EntryKind::configuration, tool_world::members({{1, "http://a:9021"}, {3, "http://moved:1"}})}};
    REQUIRE(store::Storage::open(world.files, "data", {1, 3, {}}, tool_world::kSmall)
                ->storage->save({&batch, 1})
                .has_value());
    REQUIRE(world.run(kRecover) == 0);
    REQUIRE(world.look("data").identity.founders == std::vector<store::Founder>{{3, "http://moved:1"}});
  }
  SECTION("the survivor was removed") {
    batch.entries = {
        {{2, 23}, raft::EntryKind::configuration, tool_world::members({{1, "http://a:9021"}, {2, "http://b:9021"}})}};
    REQUIRE(store::Storage::open(world.files, "data", {1, 3, {}}, tool_world::kSmall)
                ->storage->save({&batch, 1})
                .has_value());
    REQUIRE(world.run(kRecover) == 1);
    REQUIRE_THAT(world.said,
                 Catch::Contains("no member of its cluster any more") && Catch::Contains("2 http://b:9021"));
  }
}

TEST_CASE("a survivor that is being repaired is none: what it had acknowledged is gone until the others give it back") {
  World world;
  world.write_directory("data");
  std::string bytes = world.files.content("data/wal-0000000000000001");
  bytes[500] = static_cast<char>(bytes[500] ^ 1);
  world.files.set_content("data/wal-0000000000000001", bytes);
  const auto always = [](const store::Identity&, const raft::Payload&) { return true; };
  REQUIRE(store::Storage::open(world.files, "data", {1, 3, {}}, tool_world::kSmall, always).has_value());
  const auto before = world.content("data");
  REQUIRE(world.run(kRecover) == 1);
  REQUIRE_THAT(world.said, Catch::Contains("data is being repaired") && Catch::Contains("another survivor"));
  REQUIRE(world.content("data") == before);
}

TEST_CASE("nothing is done without consent in words") {
  World world;
  world.write_directory("data");
  const auto before = world.content("data");
  std::vector<std::string> words = kRecover;
  words.pop_back();
  for (const char* typed : {"", "yes", "y", "i may lose writes"}) {
    world.typed = typed;
    REQUIRE(world.run(words) == 1);
  }
  world.typed.reset();  // nobody sits there
  REQUIRE(world.run(words) == 1);
  REQUIRE_THAT(world.said,
               Catch::Contains("every write that others acknowledged") && Catch::Contains("nothing was changed"));
  REQUIRE(world.asked == 5);
  REQUIRE(world.content("data") == before);
  REQUIRE_FALSE(*world.files.exists("data.recovering"));

  world.typed = "I may lose writes";
  REQUIRE(world.run(words) == 0);
  check_recovered(world, "data");
}

TEST_CASE("what cannot be recovered is left as it was") {
  World world;
  world.write_directory("data");
  std::vector<std::string> words = kRecover;
  std::unique_ptr<store::Lock> lock;
  std::string wanted;
  SECTION("a node runs on it") {
    lock = std::move(*world.files.lock("data/lock"));
    wanted = "a node runs on data; stop it first";
  }
  SECTION("it is another node's") {
    words[4] = "2";
    wanted = "data belongs to node 3, not to node 2";
  }
  SECTION("its log is damaged") {
    std::string bytes = world.files.content("data/wal-0000000000000001");
    bytes[3 * 512 + 100] ^= 1;
    world.files.set_content("data/wal-0000000000000001", bytes);
    wanted = "wal-0000000000000001: at offset 1608";
  }
  SECTION("an earlier recovery left its old directory there") {
    REQUIRE(world.files.make_directory("data.before-recovery").has_value());
    wanted = "data.before-recovery is there already";
  }
  SECTION("somebody's files are in the way") {
    REQUIRE(world.files.make_directory("data.recovering").has_value());
    world.files.set_content("data.recovering/thesis", "dear to somebody");
    wanted = "there is thesis in it already";
  }
  const auto before = world.content("data");
  REQUIRE(world.run(words) == 1);
  REQUIRE_THAT(world.said, Catch::Contains(wanted));
  REQUIRE(world.content("data") == before);
}

TEST_CASE("a directory in which nothing ever was is not recovered") {
  World world;
  REQUIRE(
      store::Storage::open(world.files, "data", {tool_world::kCluster, 3, tool_world::kFounders}, tool_world::kSmall)
          .has_value());
  REQUIRE(world.run(kRecover) == 1);
  REQUIRE_THAT(world.said, Catch::Contains("holds nothing that could be recovered"));
}

TEST_CASE("with --to the new directory is made elsewhere, and the old one stays where it is") {
  World world;
  world.write_directory("data");
  std::vector<std::string> words = kRecover;
  words.insert(words.end(), {"--to", "elsewhere"});
  REQUIRE(world.run(words) == 0);
  check_recovered(world, "elsewhere");
  check_is_old(world, "data");
  REQUIRE(world.run(words) == 1);
  REQUIRE_THAT(world.said, Catch::Contains("in it already"));
}

TEST_CASE("recover says how it is used") {
  World world;
  REQUIRE(world.run({"recover", "--help"}) == 0);
  REQUIRE_THAT(world.said, Catch::Contains("Usage: skiff recover") && Catch::Contains("last resort"));
  REQUIRE(world.run({"recover", "--data-dir", "data"}) == 2);
  REQUIRE(world.run({"recover", "--data-dir", "data", "--id", "none"}) == 2);
  REQUIRE(world.run({"recover", "--data-dir", ".", "--id", "3"}) == 2);
  REQUIRE(world.run(kRecover) == 1);
}

TEST_CASE("a recovery that is cut short anywhere leaves the old directory or the new one, and can be repeated") {
  const auto loss = GENERATE(MemoryFiles::Loss::keep_all, MemoryFiles::Loss::keep_none, MemoryFiles::Loss::random);
  bool was_cut_short = true;
  size_t old = 0, recovered = 0;
  for (uint64_t operation = 1; was_cut_short; ++operation) {
    CAPTURE(operation);
    World world(operation);
    world.write_directory("data");
    world.files.stop_at(world.files.operations() + operation);
    was_cut_short = world.run(kRecover) != 0;
    world.files.crash(loss);
    const bool is_old = world.look("data").identity.cluster == tool_world::kCluster;
    ++(is_old ? old : recovered);
    is_old ? check_is_old(world, "data") : check_recovered(world, "data");
    // Only when all was done, and not yet reported, is there nothing left to finish.
    if (was_cut_short && world.run(kRecover) != 0) {
      REQUIRE_FALSE(is_old);
      REQUIRE_THAT(world.said, Catch::Contains("data.before-recovery is there already"));
    }
    check_recovered(world, "data");
    check_is_old(world, "data.before-recovery");
    REQUIRE(store::Storage::open(world.files, "data", {1, 3, {}}, tool_world::kSmall).has_value());
  }
  REQUIRE(old > 10);
  REQUIRE(recovered > 1);
}

}  // namespace skiff::recover_test

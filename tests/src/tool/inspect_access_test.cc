// Inspection of what may not be written, and of what may not be read.
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/src/tool/tool_world.h"
#include "tests/support/catch.h"

namespace skiff::inspect_access_test {

using store::OpenMode;
using tool_world::kSnapshot;
using tool_world::World;

// The files of another file system, mounted for reading only, some of them for other users alone.
class ReadOnlyMount final : public store::Files {
 public:
  explicit ReadOnlyMount(store::Files& files) : files_(files) {}

  void forbid(const std::string& path) { forbidden_.insert(path); }

  Result<std::unique_ptr<store::File>> open(const std::string& path, OpenMode mode) override {
    if (forbidden_.contains(path)) return denied("open", path);
    const bool reads = mode == OpenMode::read || mode == OpenMode::from_disk;
    return reads ? files_.open(path, mode) : read_only("open", path);
  }
  Result<std::unique_ptr<store::Lock>> lock(const std::string& path) override { return read_only("lock", path); }
  Result<bool> is_locked(const std::string& path) override {
    if (forbidden_.contains(path)) return denied("look at", path);
    return files_.is_locked(path);
  }
  Result<bool> exists(const std::string& path) override {
    if (forbidden_.contains(store::parent_of(path))) return denied("look for", path);
    return files_.exists(path);
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    if (forbidden_.contains(directory)) return denied("list", directory);
    return files_.list(directory);
  }
  Result<> make_directory(const std::string& path) override { return read_only("make directory", path); }
  Result<> rename(const std::string&, const std::string& to) override { return read_only("rename to", to); }
  Result<> exchange(const std::string&, const std::string& to) override { return read_only("exchange with", to); }
  Result<> remove(const std::string& path) override { return read_only("remove", path); }
  Result<> sync_directory(const std::string& directory) override { return read_only("sync directory", directory); }

 private:
  static tl::unexpected<Error> denied(const std::string& act, const std::string& path) {
    return fail(Error::Code::denied, act + " " + path + ": Permission denied");
  }
  static tl::unexpected<Error> read_only(const std::string& act, const std::string& path) {
    return fail(Error::Code::denied, act + " " + path + ": Read-only file system");
  }

  store::Files& files_;
  std::set<std::string> forbidden_;
};

struct Looked {
  World world;
  ReadOnlyMount mount{world.files};

  Looked() {
    world.write_directory("data");
    world.write_backup("backup");
  }
  int inspect(const std::string& path) { return world.run({"inspect", path}, mount); }
};

TEST_CASE("a directory and a backup on a read-only mount are whole, or damaged, as they would be elsewhere") {
  Looked looked;
  REQUIRE(looked.inspect("data") == 0);
  REQUIRE_THAT(looked.world.said, Catch::Contains("\nwhole\n") && !Catch::Contains("Read-only"));
  REQUIRE(looked.inspect("backup") == 0);

  tool_world::flip(looked.world, kSnapshot, 700);
  REQUIRE(looked.inspect("data") == 1);
  REQUIRE_THAT(looked.world.said, Catch::Contains("damage    read " + kSnapshot) && !Catch::Contains("Read-only"));
}

TEST_CASE("what may not be read is not called damaged: whether it is whole is unknown") {
  Looked looked;
  std::string path = "data", unread;
  SECTION("the directory") { looked.mount.forbid(unread = "data"); }
  SECTION("the directory it lies in") {
    looked.world.write_directory("other");
    path = "closed/data";
    unread = "closed/data";
    looked.mount.forbid("closed");
  }
  SECTION("the identity") { looked.mount.forbid(unread = "data/identity"); }
  SECTION("a snapshot") { looked.mount.forbid(unread = kSnapshot); }
  SECTION("a segment of the log") { looked.mount.forbid(unread = "data/wal-0000000000000001"); }
  SECTION("a backup") { looked.mount.forbid(path = unread = "backup"); }

  REQUIRE(looked.inspect(path) == 3);
  REQUIRE_THAT(looked.world.said,
               Catch::Contains("unread    ") && Catch::Contains(unread) && Catch::Contains("Permission denied") &&
                   Catch::Contains("\nunknown   1 place could not be read\n") && !Catch::Contains("damage"));
}

TEST_CASE("damage counts for more than what may not be read") {
  Looked looked;
  looked.mount.forbid("data/identity");
  tool_world::flip(looked.world, kSnapshot, 700);
  REQUIRE(looked.inspect("data") == 1);
  REQUIRE_THAT(looked.world.said, Catch::Contains("\ndamaged   in 1 place; 1 place could not be read\n"));
}

TEST_CASE("what the disk does not give back is damage") {
  Looked looked;
  looked.world.files.fail_reads_of("data/wal-0000000000000001");
  REQUIRE(looked.inspect("data") == 1);
  REQUIRE_THAT(looked.world.said, Catch::Contains("damage    ") && Catch::Contains("Input/output error"));
}

TEST_CASE("a lock that may not be read is no finding") {
  Looked looked;
  looked.mount.forbid("data/lock");
  REQUIRE(looked.inspect("data") == 0);
  REQUIRE_THAT(looked.world.said, Catch::Contains("note      whether a node runs on it is not known"));
}

}  // namespace skiff::inspect_access_test

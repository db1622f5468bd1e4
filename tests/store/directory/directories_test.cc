#include "store/directory/directories.h"

#include "store/directory/storage.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::store::directories_test {

using testing::MemoryFiles;

TEST_CASE("a directory is made with those above it, and what is there is left as it is") {
  MemoryFiles files;
  REQUIRE(make_directories(files, "a").has_value());
  REQUIRE(files.open("a/mine", OpenMode::create).has_value());
  for (const char* directory : {"a/b/c", "a/b/c", "x/y/"}) REQUIRE(make_directories(files, directory).has_value());
  REQUIRE(files.exists("a/b/c").value());
  REQUIRE(files.exists("a/mine").value());
  REQUIRE(files.exists("x/y").value());
}

Result<> found(MemoryFiles& files) {
  auto opened = Storage::open(files, "a/b/c", {.cluster = 1, .node = 1, .founders = {{1, "http://a:1"}}});
  return opened ? Result<>() : Result<>(tl::unexpected(opened.error()));
}

TEST_CASE("a data directory below new ones is there after a power failure, wherever an earlier start had been killed") {
  for (uint64_t operation = 1; operation < 30; ++operation) {
    CAPTURE(operation);
    MemoryFiles files;
    files.stop_at(operation);
    static_cast<void>(found(files));
    files.restart();  // names that were not synced are still there
    REQUIRE(found(files).has_value());
    files.crash(MemoryFiles::Loss::keep_none);
    REQUIRE(files.exists("a/b/c/identity").value());
  }
}

}  // namespace skiff::store::directories_test

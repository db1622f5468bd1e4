// The file system of this machine on files that are there and that we may not read.
#include <stdlib.h>
#include <sys/fsuid.h>

#include <filesystem>
#include <string>

#include "store/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace skiff::store::denied_files_test {

// As a user who may not read what others keep to themselves, also if we are root. For this thread.
struct AsSomebodyElse {
  const int before = ::setfsuid(65'534);
  ~AsSomebodyElse() { ::setfsuid(static_cast<uid_t>(before)); }
};

TEST_CASE("what may not be read is told from what cannot be read") {
  testing::TemporaryDirectory directory;
  auto files = posix_files();
  REQUIRE(files->make_directory(directory.path("closed")).has_value());
  REQUIRE(files->open(directory.path("closed/a"), OpenMode::create).has_value());
  REQUIRE(files->open(directory.path("a"), OpenMode::create).has_value());
  std::filesystem::permissions(directory.path("a"), std::filesystem::perms::none);
  std::filesystem::permissions(directory.path("closed"), std::filesystem::perms::none);
  {
    AsSomebodyElse somebody;
    REQUIRE(files->open(directory.path("a"), OpenMode::read).error().code == Error::Code::denied);
    REQUIRE(files->list(directory.path("closed")).error().code == Error::Code::denied);
    REQUIRE(files->exists(directory.path("closed/a")).error().code == Error::Code::denied);
  }
  std::filesystem::permissions(directory.path("closed"), std::filesystem::perms::owner_all);
  REQUIRE(files->open(directory.path("none"), OpenMode::read).error().code == Error::Code::io);
  REQUIRE(files->open(directory.path("a/b"), OpenMode::read).error().code == Error::Code::io);
  REQUIRE_FALSE(*files->exists(directory.path("a/b")));
}

}  // namespace skiff::store::denied_files_test

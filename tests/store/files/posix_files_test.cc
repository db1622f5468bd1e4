// The promises of every Files, for the real one and the one in memory; then those of only one of them.
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "store/directory/storage.h"
#include "store/files/files.h"
#include "tests/store/wal/log_story.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"
#include "tests/support/temporary_directory.h"

namespace skiff::store::posix_files_test {

using testing::MemoryFiles;
using testing::TemporaryDirectory;

struct Both {
  TemporaryDirectory directory;
  std::unique_ptr<Files> files;
  std::string home;

  Both() {
    if (GENERATE(false, true)) {
      files = posix_files();
      home = directory.path();
    } else {
      files = std::make_unique<MemoryFiles>();
      home = "home";
      REQUIRE(files->make_directory(home).has_value());
    }
  }
  std::string path(const std::string& name) const { return join(home, name); }
  std::unique_ptr<File> create(const std::string& name) {
    auto file = files->open(path(name), OpenMode::create);
    REQUIRE(file.has_value());
    return std::move(*file);
  }
};

TEST_CASE("a file holds what was written where it was written") {
  Both both;
  auto file = both.create("a");
  REQUIRE(*file->size() == 0);
  REQUIRE(file->write_at(5, "world").has_value());
  REQUIRE(file->write_at(0, "hello").has_value());
  REQUIRE(file->write_at(3, "").has_value());
  REQUIRE(file->sync().has_value());
  REQUIRE(*file->read_at(0, 10) == "helloworld");
  REQUIRE(*file->read_at(8, 10) == "ld");
  REQUIRE(*file->read_at(10, 10) == "");
  REQUIRE(*file->read_at(99, 10) == "");
  REQUIRE(file->write_at(12, "!").has_value());
  REQUIRE(*file->read_at(9, 9) == std::string("d\0\0!", 4));
  REQUIRE(*file->size() == 13);

  auto again = both.files->open(both.path("a"), OpenMode::existing);
  REQUIRE(*(*again)->size() == 13);
}

TEST_CASE("past the memory of the kernel there is what was synced, and nobody can write") {
  Both both;
  auto file = both.create("a");
  REQUIRE(file->write_at(0, std::string(100'000, 'x')).has_value());
  REQUIRE(file->sync().has_value());
  auto rested = both.files->open(both.path("a"), OpenMode::from_disk);
  REQUIRE(*(*rested)->read_at(10, 60'000) == std::string(60'000, 'x'));
  REQUIRE(*(*rested)->read_at(60'010, 60'000) == std::string(39'990, 'x'));
  REQUIRE_FALSE((*rested)->write_at(0, "y").has_value());
  REQUIRE(file->write_at(0, "y").has_value());  // not on the disk yet, and not lost for that
  REQUIRE(*(*rested)->read_at(0, 2) == "yx");
  REQUIRE(*file->read_at(0, 2) == "yx");
}

TEST_CASE("large files come back whole") {
  Both both;
  auto file = both.create("a");
  std::string bytes(9'000'000, 'x');
  bytes[8'999'999] = 'y';
  REQUIRE(file->write_at(1, bytes).has_value());
  REQUIRE(file->read_at(1, bytes.size())->compare(bytes) == 0);
}

TEST_CASE("files are listed, renamed, replaced and removed by name") {
  Both both;
  REQUIRE(both.create("b")->write_at(0, "new").has_value());
  REQUIRE(both.create("a")->write_at(0, "old").has_value());
  REQUIRE(*both.files->list(both.home) == std::vector<std::string>{"a", "b"});
  REQUIRE(both.files->rename(both.path("b"), both.path("a")).has_value());
  REQUIRE(both.files->sync_directory(both.home).has_value());
  REQUIRE(*both.files->list(both.home) == std::vector<std::string>{"a"});
  REQUIRE(*(*both.files->open(both.path("a"), OpenMode::existing))->read_at(0, 9) == "new");
  REQUIRE(*both.files->exists(both.path("a")));
  REQUIRE_FALSE(*both.files->exists(both.path("b")));
  REQUIRE(both.files->remove(both.path("a")).has_value());
  REQUIRE(both.files->list(both.home)->empty());
}

TEST_CASE("what cannot be done is an error that says the act and the file") {
  Both both;
  both.create("taken");
  struct Row {
    std::string what;
    std::string act;
    std::string why;
  };
  auto what = [](auto result) { return result ? std::string("(no error)") : result.error().what; };
  std::string missing = both.path("missing"), inside = both.path("missing/file"), taken = both.path("taken");
  const Row rows[] = {
      {what(both.files->open(missing, OpenMode::existing)), "open " + missing, "No such file or directory"},
      {what(both.files->open(taken, OpenMode::create)), "create " + taken, "File exists"},
      {what(both.files->open(inside, OpenMode::create)), "create " + inside, "No such file or directory"},
      {what(both.files->lock(inside)), inside, "No such file or directory"},
      {what(both.files->rename(missing, taken)), "rename " + missing, "No such file or directory"},
      {what(both.files->remove(missing)), "remove " + missing, "No such file or directory"},
      {what(both.files->make_directory(inside)), "make directory " + inside, "No such file or directory"},
      {what(both.files->make_directory(taken)), "make directory " + taken, "File exists"},
      {what(both.files->sync_directory(missing)), "sync directory " + missing, "No such file or directory"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    REQUIRE_THAT(row.what, Catch::Contains(row.act) && Catch::Contains(row.why));
  }
}

// W9: a second process opens the same directory
TEST_CASE("a lock has one owner, and can be had again afterwards") {  // [W9]
  Both both;
  auto first = both.files->lock(both.path("lock"));
  REQUIRE(first.has_value());
  auto second = both.files->lock(both.path("lock"));
  REQUIRE(second.error().code == Error::Code::unavailable);
  REQUIRE(second.error().what == "lock " + both.path("lock") + ": another process holds it");
  first->reset();
  REQUIRE(both.files->lock(both.path("lock")).has_value());
}

TEST_CASE("whoever looks whether a lock is held changes nothing") {
  Both both;
  REQUIRE_FALSE(*both.files->is_locked(both.path("lock")));
  REQUIRE_FALSE(*both.files->exists(both.path("lock")));
  {
    auto lock = both.files->lock(both.path("lock"));
    REQUIRE(*both.files->is_locked(both.path("lock")));
  }
  REQUIRE_FALSE(*both.files->is_locked(both.path("lock")));
}

TEST_CASE("a file that is opened for reading is not written") {
  Both both;
  REQUIRE(both.create("a")->write_at(0, "hello").has_value());
  auto file = both.files->open(both.path("a"), OpenMode::read);
  REQUIRE(*(*file)->read_at(0, 10) == "hello");
  REQUIRE_FALSE((*file)->write_at(0, "j").has_value());
  REQUIRE(*(*file)->read_at(0, 10) == "hello");
  REQUIRE_FALSE(both.files->open(both.path("none"), OpenMode::read).has_value());
}

TEST_CASE("two directories exchange their names, with all that is in them") {
  Both both;
  for (const char* name : {"one", "two"}) {
    REQUIRE(both.files->make_directory(both.path(name)).has_value());
    REQUIRE(both.create(std::string(name) + "/file")->write_at(0, name).has_value());
    REQUIRE(both.files->sync_directory(both.path(name)).has_value());
  }
  REQUIRE(both.create("two/more") != nullptr);
  REQUIRE(both.files->sync_directory(both.path("two")).has_value());
  REQUIRE(both.files->exchange(both.path("one"), both.path("two")).has_value());
  const auto words_of = [&](const std::string& path) {
    return *(*both.files->open(both.path(path), OpenMode::read))->read_at(0, 10);
  };
  REQUIRE(words_of("one/file") == "two");
  REQUIRE(words_of("two/file") == "one");
  REQUIRE(*both.files->exists(both.path("one/more")));
  REQUIRE_FALSE(*both.files->exists(both.path("two/more")));
  REQUIRE_FALSE(both.files->exchange(both.path("one"), both.path("none")).has_value());
}

TEST_CASE("memory loses an exchange of names that was not synced, or keeps all of it") {
  for (const auto loss : {MemoryFiles::Loss::keep_none, MemoryFiles::Loss::keep_all}) {
    MemoryFiles files;
    for (const std::string name : {"one", "two"}) {
      REQUIRE(files.make_directory(name).has_value());
      files.set_content(name + "/file", name);
    }
    REQUIRE(files.sync_directory(".").has_value());
    REQUIRE(files.exchange("one", "two").has_value());
    REQUIRE(files.content("one/file") == "two");
    files.crash(loss);
    const bool is_kept = loss == MemoryFiles::Loss::keep_all;
    REQUIRE(files.content("one/file") == (is_kept ? "two" : "one"));
    REQUIRE(files.content("two/file") == (is_kept ? "one" : "two"));
  }
}

TEST_CASE("a path has a directory and a name") {
  REQUIRE(join("a", "b") == "a/b");
  REQUIRE(join("a/", "b") == "a/b");
  REQUIRE(join("", "b") == "b");
  REQUIRE(parent_of("a/b") == "a");
  REQUIRE(parent_of("a/b/") == "a");
  REQUIRE(parent_of("b") == ".");
  REQUIRE(parent_of("/b") == "/");
  REQUIRE(parent_of("/") == "/");
}

// ---- the real one

// W9: a second process opens the same directory
TEST_CASE("a lock is held against other processes, and falls with the one that held it") {  // [W9]
  TemporaryDirectory directory;
  auto files = posix_files();
  auto locked_by_child = [&] {
    pid_t child = ::fork();
    if (child == 0) ::_exit(files->lock(directory.path("lock")).has_value() ? 1 : 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WEXITSTATUS(status) == 1;
  };
  auto mine = files->lock(directory.path("lock"));
  REQUIRE(mine.has_value());
  REQUIRE_FALSE(locked_by_child());
  mine->reset();
  REQUIRE(locked_by_child());
  REQUIRE(files->lock(directory.path("lock")).has_value());
}

// W5: the disk is full, in any operation
TEST_CASE("a full disk is an error that says so") {  // [W5]
  auto file = posix_files()->open("/dev/full", OpenMode::existing);
  REQUIRE((*file)->write_at(0, "x").error().what == "write /dev/full: No space left on device");
  REQUIRE((*file)->write_at(0, "x").error().code == Error::Code::no_space);
}

// W4: a sync fails: nothing is acknowledged any more, and the same sync is not tried again
// bug-38: a failed sync is tried again, and then "succeeds" without anything on the disk
TEST_CASE("a file whose sync failed is of no more use") {            // [W4] [bug-38]
  auto file = posix_files()->open("/dev/full", OpenMode::existing);  // which cannot be synced at all
  REQUIRE((*file)->read_at(0, 1).has_value());
  auto failed = (*file)->sync();
  REQUIRE(failed.error().what == "sync /dev/full: Invalid argument");
  for (const Error& error : {(*file)->sync().error(), (*file)->write_at(0, "x").error(), (*file)->read_at(0, 1).error(),
                             (*file)->size().error()}) {
    REQUIRE(error.code == Error::Code::io);
    REQUIRE_THAT(error.what, Catch::Contains("a sync of it failed before"));
  }
}

// W10: the directory is missing, read-only, or on an unusual file system
TEST_CASE("a node lives in a real directory, on any file system") {  // [W10]
  const std::string place = GENERATE(as<std::string>(), std::filesystem::temp_directory_path().string(), "/dev/shm");
  if (!std::filesystem::is_directory(place)) return;
  TemporaryDirectory directory(place);
  auto files = posix_files();
  const Identity identity{77, 1, {{1, "http://a:9021"}}};
  std::string path = directory.path("node.data/");
  std::vector<raft::Entry> expected;
  for (uint64_t start = 1; start <= 3; ++start) {
    auto opened = Storage::open(*files, path, identity, {64 * kBlockBytes});
    if (!opened) FAIL(opened.error().what);
    REQUIRE(opened->recovered.incarnation == start);
    REQUIRE(log_story::is_same(opened->recovered.entries, expected));
    REQUIRE(Storage::open(*files, path, identity).error().code == Error::Code::unavailable);
    for (int count = 0; count < 20; ++count) {
      expected.push_back(log_story::entry(start, expected.size() + 1, std::string(1000, 'x')));
      REQUIRE(opened->storage->save(std::vector<Batch>{{raft::HardState{start, 1}, {expected.back()}}}).has_value());
    }
  }
  REQUIRE(files->list(path)->size() == 3 + 2);  // lock, identity, segments
}

// W10: the directory is missing, read-only, or on an unusual file system
TEST_CASE("a place where no directory can be made is refused with its name") {  // [W10]
  auto files = posix_files();
  const Identity identity{77, 1, {}};
  TemporaryDirectory directory;
  for (const char* path : {"/proc/skiff-test", "/dev/null/skiff-test", "/dev/null/skiff-test/inside"}) {
    auto opened = Storage::open(*files, path, identity);
    REQUIRE(opened.error().code == Error::Code::io);
    REQUIRE_THAT(opened.error().what, Catch::Contains(path));
  }
  REQUIRE(Storage::open(*files, directory.path("missing/inside"), identity).has_value());
}

// W10: the directory is missing, read-only, or on an unusual file system
TEST_CASE("a read-only directory is refused with its name") {  // [W10]
  TemporaryDirectory directory;
  REQUIRE(::chmod(directory.path().c_str(), 0555) == 0);
  auto files = posix_files();
  const uid_t me = ::geteuid(), nobody = 65534;
  if (me == 0) REQUIRE(::seteuid(nobody) == 0);  // root may write anyway
  auto opened = Storage::open(*files, directory.path(), {77, 1, {}});
  REQUIRE(::seteuid(me) == 0);
  REQUIRE_THAT(opened.error().what, Catch::Contains(directory.path()) && Catch::Contains("Permission denied"));
}

// ---- the one in memory

// bug-39: a file is created or renamed, and its directory is not synced
TEST_CASE("memory forgets what was not synced, and keeps what was") {  // [bug-39]
  MemoryFiles files;
  REQUIRE(files.make_directory("d").has_value());
  REQUIRE(files.sync_directory(".").has_value());
  auto file = std::move(*files.open("d/a", OpenMode::create));
  REQUIRE(file->write_at(0, "synced").has_value());
  REQUIRE(file->sync().has_value());

  SECTION("a name is lost without a sync of its directory") {
    files.crash(MemoryFiles::Loss::keep_none);
    REQUIRE_FALSE(*files.exists("d/a"));
  }
  SECTION("bytes are lost without a sync of their file") {
    REQUIRE(files.sync_directory("d").has_value());
    REQUIRE(file->write_at(0, "newer!").has_value());
    files.crash(MemoryFiles::Loss::keep_none);
    REQUIRE(files.content("d/a") == "synced");
  }
  SECTION("a rename is lost, the old name stays") {
    REQUIRE(files.sync_directory("d").has_value());
    REQUIRE(files.rename("d/a", "d/b").has_value());
    files.crash(MemoryFiles::Loss::keep_none);
    REQUIRE(*files.list("d") == std::vector<std::string>{"a"});
  }
  SECTION("a removed file comes back") {
    REQUIRE(files.sync_directory("d").has_value());
    REQUIRE(files.remove("d/a").has_value());
    files.crash(MemoryFiles::Loss::keep_none);
    REQUIRE(files.content("d/a") == "synced");
  }
}

TEST_CASE("memory tears writes between sectors") {
  bool has_torn = false;
  for (uint64_t seed = 1; seed < 20; ++seed) {
    MemoryFiles files(seed);
    auto file = std::move(*files.open("a", OpenMode::create));
    REQUIRE(file->write_at(0, std::string(1024, 'o')).has_value());
    REQUIRE(file->sync().has_value());
    REQUIRE(files.sync_directory(".").has_value());
    REQUIRE(file->write_at(0, std::string(1024, 'n')).has_value());
    files.crash();
    std::string left = files.content("a");
    for (size_t sector : {0, 512}) REQUIRE(left.substr(sector, 512) == std::string(512, left[sector]));
    has_torn = has_torn || left[0] != left[512];
  }
  REQUIRE(has_torn);
}

// bug-38: a failed sync is tried again, and then "succeeds" without anything on the disk
TEST_CASE("memory shows after a failed sync what is not on the disk, and never writes it again") {  // [bug-38]
  MemoryFiles files;
  auto file = std::move(*files.open("a", OpenMode::create));
  REQUIRE(files.sync_directory(".").has_value());
  std::string bytes(512 * 20, 'x');
  REQUIRE(file->write_at(0, bytes).has_value());
  files.fail_next_sync();
  REQUIRE_FALSE(file->sync().has_value());
  REQUIRE(file->sync().has_value());
  REQUIRE(files.uses_after_failed_sync() == 1);
  REQUIRE(files.content("a") == bytes);
  files.crash(MemoryFiles::Loss::keep_all);
  REQUIRE(files.content("a") != bytes);
}

}  // namespace skiff::store::posix_files_test

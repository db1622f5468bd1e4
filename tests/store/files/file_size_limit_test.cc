// A file that may not grow any more, by the limit of the process: an error like that of a full disk.
#include <stdlib.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "store/files/files.h"
#include "store/wal/wal.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace skiff::store::file_size_limit_test {

// While it lives, no file grows beyond that.
class SizeLimit {
 public:
  explicit SizeLimit(uint64_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  SizeLimit(const SizeLimit&) = delete;
  SizeLimit& operator=(const SizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_CASE("a write beyond the limit of a file's size fails as on a full disk, and names the limit") {
  const testing::TemporaryDirectory directory;
  const auto files = posix_files();
  auto file = files->open(join(directory.path(), "file"), OpenMode::create);
  Result<> crosses, beyond;
  {
    const SizeLimit limit(4096);
    crosses = (*file)->write_at(1000, std::string(8000, 'x'));  // the kernel writes the first part of it
    beyond = (*file)->write_at(4096, "x");
  }
  for (const Result<>& written : {crosses, beyond}) {
    REQUIRE(written.error().code == Error::Code::no_space);
    REQUIRE_THAT(written.error().what, Catch::EndsWith("File too large: over the limit of a file's size (ulimit -f)"));
  }
  REQUIRE((*file)->size().value() == 4096);
}

TEST_CASE(
    "a log that meets the limit in its segment has failed for good; at the next one it may go on when it is gone") {
  for (bool is_within : {true, false}) {
    const testing::TemporaryDirectory directory;
    const auto files = posix_files();
    auto wal = Wal::create({*files, directory.path(), {.cluster = 1, .node = 1}}, {.segment_bytes = kBlockBytes * 16});
    REQUIRE(wal.has_value());
    const auto value = raft::Payload::of(std::string(kBlockBytes * (is_within ? 12 : 24), 'x'));
    Batch batch{.hard_state = raft::HardState{.term = 1, .vote = 0}};
    batch.entries.push_back({.position = {.term = 1, .index = 1}, .payload = value});
    Result<> first, second;
    {
      const SizeLimit limit(kBlockBytes * (is_within ? 8 : 16));
      first = (*wal)->append({&batch, 1});
    }
    second = (*wal)->append({&batch, 1});
    REQUIRE(first.error().code == (is_within ? Error::Code::io : Error::Code::no_space));
    REQUIRE(second.has_value() == !is_within);
  }
}

}  // namespace skiff::store::file_size_limit_test

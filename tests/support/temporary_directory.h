// TemporaryDirectory: a directory of a test on the real file system; the destructor removes it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "raft/check.h"

namespace skiff::testing {

class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::string& place = std::filesystem::temp_directory_path().string())
      : path_(place + "/skiff-test-" + std::string(6, 'X')) {
    CHECK(::mkdtemp(path_.data()) != nullptr);
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace skiff::testing

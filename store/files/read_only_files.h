// ReadOnlyFiles: another file system that is read and never changed. It serves to find out what a node would make of a
// data directory without being that node.
//
// Every call that would change something succeeds and does nothing: a later read returns the old bytes. Files are
// opened for reading only, and nothing is synced.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/files/files.h"

namespace skiff::store {

class ReadOnlyFiles final : public Files {
 public:
  explicit ReadOnlyFiles(Files& files) : files_(files) {}

  // An error for a new file, because it could not be read back.
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<std::unique_ptr<Lock>> lock(const std::string&) override { return std::make_unique<Lock>(); }
  Result<bool> is_locked(const std::string& path) override { return files_.is_locked(path); }
  Result<bool> exists(const std::string& path) override { return files_.exists(path); }
  Result<std::vector<std::string>> list(const std::string& directory) override { return files_.list(directory); }
  Result<> make_directory(const std::string&) override { return {}; }
  Result<> rename(const std::string&, const std::string&) override { return {}; }
  Result<> exchange(const std::string&, const std::string&) override { return {}; }
  Result<> remove(const std::string&) override { return {}; }
  Result<> sync_directory(const std::string&) override { return {}; }

 private:
  Files& files_;
};

}  // namespace skiff::store

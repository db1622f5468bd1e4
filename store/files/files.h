// Files: the only door to the file system. The node uses posix_files(); tests use a file system that forgets everything
// that was not synced.
//
// Nothing is durable before it is synced: the bytes of a file by File::sync, its name by Files::sync_directory.
//
// Failures: any call may fail. Error::Code::denied says that the machine did not let us, and nothing about the file;
// Error::Code::io says that it could not. Errors name the act and the file ("sync data/wal-0000000000000001:
// Input/output error"). After a failed sync the content of the disk is unknown: the kernel may have marked the pages
// clean, so that a second sync would succeed without writing them. So a file must not be used after a failed sync; the
// file of posix_files() refuses further calls.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"

namespace skiff::store {

// The end of the names of files that are being made. A file with such a name is not finished.
constexpr char kAsideSuffix[] = ".new";

// An open file. Closes itself.
class File {
 public:
  virtual ~File() = default;

  // Returns fewer bytes than asked only at the end of the file.
  virtual Result<std::string> read_at(uint64_t offset, uint64_t bytes) = 0;
  // Writes all bytes; after an error, any part of them may be written. Writing behind the end makes the file longer.
  virtual Result<> write_at(uint64_t offset, std::string_view bytes) = 0;
  // Makes all written bytes durable, and the length of the file.
  virtual Result<> sync() = 0;
  virtual Result<uint64_t> size() = 0;
};

// At most one process (and one owner in it) holds it at a time. It is released when it is destroyed, and when the
// process is killed.
class Lock {
 public:
  virtual ~Lock() = default;
};

enum class OpenMode {
  existing,   // to read and write
  create,     // to read and write; an error if the name is taken
  read,       // to read only
  from_disk,  // the same, past the kernel's memory, for files that were synced long ago
};

class Files {
 public:
  virtual ~Files() = default;

  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // Makes the file if need be. Error::Code::unavailable if another owner holds the lock.
  virtual Result<std::unique_ptr<Lock>> lock(const std::string& path) = 0;
  // Whether a lock on it is held at this moment. Changes nothing; false if there is no such file.
  virtual Result<bool> is_locked(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  // The names in it, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  // An error if it exists.
  virtual Result<> make_directory(const std::string& path) = 0;
  // Replaces a file that has the new name.
  virtual Result<> rename(const std::string& from, const std::string& to) = 0;
  // Exchanges the names of two files or directories in one step: both exist at any time, even after a power failure. An
  // error where the file system cannot do that. Requires: both lie in the same directory.
  virtual Result<> exchange(const std::string& one, const std::string& other) = 0;
  virtual Result<> remove(const std::string& path) = 0;
  // Makes the names in it durable: those that were made, changed or removed.
  virtual Result<> sync_directory(const std::string& directory) = 0;
};

// The file system of this machine.
std::unique_ptr<Files> posix_files();

// "a/b", and just "b" in the directory "".
inline std::string join(const std::string& directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  return directory.back() == '/' ? directory + std::string(name) : directory + "/" + std::string(name);
}

// The directory in which a path lies: "a" for "a/b" and "a/b/", "." for "b", "/" for "/b".
inline std::string parent_of(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace skiff::store

// Files: the one door to the file system. The node walks through posix_files(), tests bring a file system that
// forgets what was not synced.
//
// Nothing is durable before it is synced: the bytes of a file by File::sync, its name by Files::sync_directory.
//
// What can go wrong: everything, at every call. Error::Code::denied says that the machine did not let us, and nothing
// of what is there; Error::Code::io that it could not. Errors say the act and the file ("sync
// data/wal-0000000000000001: Input/output error"). After a failed sync nobody knows what is on disk: the kernel may
// have marked the pages clean, so that a second sync would succeed without having written them. Nobody may therefore
// use the file again; the file of posix_files() refuses to.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"

namespace skiff::store {

// Names of files that are being made. Whatever ends so was not finished.
constexpr char kAsideSuffix[] = ".new";

// An open file. Closes itself.
class File {
 public:
  virtual ~File() = default;

  // Fewer bytes than asked only where the file ends.
  virtual Result<std::string> read_at(uint64_t offset, uint64_t bytes) = 0;
  // All of it or an error, and then nobody knows how much. Writing behind the end makes the file longer.
  virtual Result<> write_at(uint64_t offset, std::string_view bytes) = 0;
  // Afterwards all that was written is durable, and the file's length.
  virtual Result<> sync() = 0;
  virtual Result<uint64_t> size() = 0;
};

// Held by at most one process (and one owner in it) at a time. Gives itself up, also when the process is killed.
class Lock {
 public:
  virtual ~Lock() = default;
};

enum class OpenMode {
  existing,   // to read and write
  create,     // to read and write; an error if the name is taken
  read,       // to read only
  from_disk,  // the same, and past what memory still holds of it: what is read was synced long ago
};

class Files {
 public:
  virtual ~Files() = default;

  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // Makes the file if need be. Error::Code::unavailable if somebody else holds it.
  virtual Result<std::unique_ptr<Lock>> lock(const std::string& path) = 0;
  // Whether somebody holds it at this moment. Changes nothing; false if there is no such file.
  virtual Result<bool> is_locked(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  // The names in it, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  // An error if it exists.
  virtual Result<> make_directory(const std::string& path) = 0;
  // Replaces whatever had the new name.
  virtual Result<> rename(const std::string& from, const std::string& to) = 0;
  // Both are there before and after, also after a power failure, and each has the other's name. Of directories, all
  // that is in them goes along. An error where the file system cannot do that. Requires: both lie in the same
  // directory.
  virtual Result<> exchange(const std::string& one, const std::string& other) = 0;
  virtual Result<> remove(const std::string& path) = 0;
  // Afterwards the names in it, made, changed or removed, are durable.
  virtual Result<> sync_directory(const std::string& directory) = 0;
};

// The file system of this machine.
std::unique_ptr<Files> posix_files();

// "a/b", and just "b" in the directory "".
inline std::string join(const std::string& directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  return directory.back() == '/' ? directory + std::string(name) : directory + "/" + std::string(name);
}

// The directory a path lies in: "a" for "a/b" and "a/b/", "." for "b", "/" for "/b".
inline std::string parent_of(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace skiff::store

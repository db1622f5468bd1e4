// The file system of this machine, by plain system calls. The only file that makes any.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "raft/check.h"
#include "src/base/try.h"
#include "store/files/files.h"

namespace skiff::store {
namespace {

// Only the node's user may read the data.
constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;

Error::Code meaning_of(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT: return Error::Code::no_space;
    case EACCES:
    case EPERM:
    case EROFS:
    case EMFILE:
    case ENFILE:
    case ENOMEM: return Error::Code::denied;
    default: return Error::Code::io;
  }
}

tl::unexpected<Error> fail_with(int code, const std::string& act, const std::string& path) {
  // The limit of a file's size is no property of the disk, but the writer of a new file treats both alike: a later or
  // smaller file may fit, and ending the process would not help.
  const bool is_over_limit = code == EFBIG;
  return fail(is_over_limit ? Error::Code::no_space : meaning_of(code),
              act + " " + path + ": " + std::generic_category().message(code) +
                  (is_over_limit ? ": over the limit of a file's size (ulimit -f)" : ""));
}

template <class Call>
auto again_if_interrupted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

// A file descriptor and its end.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) { CHECK(number >= 0); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);  // the data was synced, and a failed close cannot be tried again
  }
  int number() const { return number_; }

 private:
  int number_;
};

Result<Descriptor> open_descriptor(const std::string& act, const std::string& path, int flags) {
  int number = again_if_interrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, kFileMode); });
  if (number < 0) return fail_with(errno, act, path);
  return Descriptor(number);
}

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::string path, bool forgets = false)
      : descriptor_(std::move(descriptor)), path_(std::move(path)), forgets_(forgets) {
    forget(0, 0);
  }

  Result<std::string> read_at(uint64_t offset, uint64_t bytes) override {
    if (is_poisoned_) return refuse("read");
    std::string out(bytes, '\0');
    uint64_t done = 0;
    while (done < bytes) {
      auto count = again_if_interrupted([&] {
        return ::pread(descriptor_.number(), out.data() + done, bytes - done, static_cast<off_t>(offset + done));
      });
      if (count < 0) return fail_with(errno, "read", path_);
      if (count == 0) break;
      done += static_cast<uint64_t>(count);
    }
    out.resize(done);
    forget(offset, done);
    return out;
  }

  Result<> write_at(uint64_t offset, std::string_view bytes) override {
    if (is_poisoned_) return refuse("write");
    while (!bytes.empty()) {
      auto count = again_if_interrupted(
          [&] { return ::pwrite(descriptor_.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
      if (count < 0) return fail_with(errno, "write", path_);
      if (count == 0) return fail_with(ENOSPC, "write", path_);
      offset += static_cast<uint64_t>(count);
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return {};
  }

  // Not tried again when interrupted either: the result of an interrupted sync is unknown.
  Result<> sync() override {
    if (is_poisoned_) return refuse("sync");
    if (::fdatasync(descriptor_.number()) == 0) return {};
    int code = errno;
    is_poisoned_ = true;
    return fail_with(code, "sync", path_);
  }

  Result<uint64_t> size() override {
    if (is_poisoned_) return refuse("measure");
    struct stat status;
    if (::fstat(descriptor_.number(), &status) != 0) return fail_with(errno, "measure", path_);
    return static_cast<uint64_t>(status.st_size);
  }

 private:
  // Has the kernel drop clean pages of the file from memory (0 bytes: up to its end). If it does not, the next read may
  // come from memory, and proves less.
  void forget(uint64_t offset, uint64_t bytes) const {
    if (!forgets_) return;
    static_cast<void>(::posix_fadvise(descriptor_.number(), static_cast<off_t>(offset), static_cast<off_t>(bytes),
                                      POSIX_FADV_DONTNEED));
  }

  tl::unexpected<Error> refuse(const std::string& act) const {
    return fail(Error::Code::io,
                act + " " + path_ + ": a sync of it failed before, so the content of the disk is unknown");
  }

  Descriptor descriptor_;
  std::string path_;
  const bool forgets_;
  bool is_poisoned_ = false;
};

class PosixLock final : public Lock {
 public:
  explicit PosixLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  Descriptor descriptor_;
};

class PosixFiles final : public Files {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    bool is_new = mode == OpenMode::create;
    const bool is_past_memory = mode == OpenMode::from_disk;
    const int access = mode == OpenMode::read || is_past_memory ? O_RDONLY : O_RDWR;
    TRY(auto descriptor, open_descriptor(is_new ? "create" : "open", path, access | (is_new ? O_CREAT | O_EXCL : 0)));
    return std::make_unique<PosixFile>(std::move(descriptor), path, is_past_memory);
  }

  // A lock of the open file, not of the process: a second owner in this process is refused, too.
  Result<std::unique_ptr<Lock>> lock(const std::string& path) override {
    TRY(auto descriptor, open_descriptor("lock", path, O_RDWR | O_CREAT));
    struct flock whole = {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (again_if_interrupted([&] { return ::fcntl(descriptor.number(), F_OFD_SETLK, &whole); }) == 0) {
      return std::make_unique<PosixLock>(std::move(descriptor));
    }
    if (errno == EAGAIN || errno == EACCES) {
      return fail(Error::Code::unavailable, "lock " + path + ": another process holds it");
    }
    return fail_with(errno, "lock", path);
  }

  Result<bool> is_locked(const std::string& path) override {
    auto is_there = exists(path);
    if (!is_there || !*is_there) return is_there;
    TRY(auto descriptor, open_descriptor("look at", path, O_RDONLY));
    struct flock whole = {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (::fcntl(descriptor.number(), F_OFD_GETLK, &whole) != 0) return fail_with(errno, "look at", path);
    return whole.l_type != F_UNLCK;
  }

  Result<bool> exists(const std::string& path) override {
    struct stat status;
    if (::stat(path.c_str(), &status) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return fail_with(errno, "look for", path);
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    DIR* stream = ::opendir(directory.c_str());
    if (stream == nullptr) return fail_with(errno, "list", directory);
    std::vector<std::string> names;
    errno = 0;
    while (dirent* entry = ::readdir(stream)) {
      std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(std::move(name));
      errno = 0;
    }
    int code = errno;
    ::closedir(stream);
    if (code != 0) return fail_with(code, "list", directory);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<> make_directory(const std::string& path) override {
    if (::mkdir(path.c_str(), kDirectoryMode) != 0) return fail_with(errno, "make directory", path);
    return {};
  }

  Result<> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return fail_with(errno, "rename " + from + " to", to);
    return {};
  }

  Result<> exchange(const std::string& one, const std::string& other) override {
    if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) return {};
    return fail_with(errno, "exchange " + one + " with", other);
  }

  Result<> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return fail_with(errno, "remove", path);
    return {};
  }

  Result<> sync_directory(const std::string& directory) override {
    TRY(auto descriptor, open_descriptor("sync directory", directory, O_RDONLY | O_DIRECTORY));
    if (::fsync(descriptor.number()) != 0) return fail_with(errno, "sync directory", directory);
    return {};
  }
};

}  // namespace

std::unique_ptr<Files> posix_files() { return std::make_unique<PosixFiles>(); }

}  // namespace skiff::store

// The disk's limit: pwrite and fdatasync into a file that has its full length already, as a log does that
// makes its segments in advance. A growing file, whose every flush changes metadata too, takes about twice as long.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "bench/limits.h"
#include "transport/loop/loop.h"

namespace skiff::bench {
namespace {

constexpr uint64_t kFileBytes = 8 << 20;

// A file of zeros, which the destructor removes.
class ProbeFile {
 public:
  ProbeFile(const std::string& directory, uint64_t number)
      : path_(directory + "/skiff-bench-" + std::to_string(::getpid()) + "-" + std::to_string(number)),
        descriptor_(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {}
  ~ProbeFile() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    ::unlink(path_.c_str());
  }
  ProbeFile(const ProbeFile&) = delete;
  ProbeFile& operator=(const ProbeFile&) = delete;

  bool fill() {
    const std::string zeros(1 << 20, '\0');
    for (uint64_t at = 0; at < kFileBytes; at += zeros.size()) {
      if (!write_at(at, zeros)) return false;
    }
    return ::fsync(descriptor_) == 0;
  }
  bool write_at(uint64_t offset, const std::string& bytes) {
    return descriptor_ >= 0 && ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset)) ==
                                   static_cast<ssize_t>(bytes.size());
  }
  bool sync() { return ::fdatasync(descriptor_) == 0; }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  const int descriptor_;
};

tl::unexpected<Error> error(const std::string& act, const ProbeFile& file) {
  return fail(Error::Code::io, act + " " + file.path() + ": " + std::strerror(errno));
}

Result<> write_and_flush(const DiskProbe& probe, ProbeFile& file, Histogram& took) {
  const std::string block(probe.bytes, 'x');
  raft::Time began = raft::Time::of_ns(uv_hrtime());
  const raft::Time end = began + probe.duration;
  for (uint64_t at = 0; began < end; at = (at + probe.bytes) % (kFileBytes - probe.bytes + 1)) {
    if (!file.write_at(at, block)) return error("write", file);
    if (!file.sync()) return error("sync", file);
    const raft::Time now = raft::Time::of_ns(uv_hrtime());
    took.record((now - began).ns());
    began = now;
  }
  return {};
}

}  // namespace

Result<Histogram> measure_disk(const DiskProbe& probe) {
  std::vector<std::unique_ptr<ProbeFile>> files;
  for (uint64_t i = 0; i < probe.writers; ++i) {
    files.push_back(std::make_unique<ProbeFile>(probe.directory, i));
    if (!files.back()->fill()) return error("make", *files.back());
  }
  std::vector<Histogram> took(probe.writers);
  std::vector<Result<>> results(probe.writers);
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < probe.writers; ++i) {
    threads.emplace_back([&, i] { results[i] = write_and_flush(probe, *files[i], took[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  Histogram all;
  for (uint64_t i = 0; i < probe.writers; ++i) {
    if (!results[i]) return tl::unexpected(results[i].error());
    all.merge(took[i]);
  }
  return all;
}

}  // namespace skiff::bench

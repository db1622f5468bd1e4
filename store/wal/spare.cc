#include "store/wal/spare.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "raft/check.h"
#include "src/base/try.h"
#include "store/wal/format.h"

namespace skiff::store {
namespace {

constexpr char kSpareName[] = "wal-spare.new";
// So many zeros are written and synced at a time. A save of the log that comes meanwhile waits for no more than that.
constexpr uint64_t kZerosBytes = 256 * 1024;

Result<> fill(File& file, uint64_t bytes) {
  const std::string zeros(std::min(kZerosBytes, bytes), '\0');
  for (uint64_t offset = 0; offset < bytes; offset += zeros.size()) {
    const uint64_t count = std::min<uint64_t>(zeros.size(), bytes - offset);
    TRY(file.write_at(offset, std::string_view(zeros).substr(0, count)));
    TRY(file.sync());
  }
  return {};
}

}  // namespace

Result<> make_zeros(Files& files, const std::string& path, uint64_t bytes) {
  TRY(const bool is_taken, files.exists(path));
  if (is_taken) TRY(files.remove(path));
  TRY(auto file, files.open(path, OpenMode::create));
  Result<> done = fill(*file, bytes);
  if (!done) static_cast<void>(files.remove(path));  // if this fails too, the next call removes it
  return done;
}

Spare::Spare(Files& files, std::string directory, uint64_t bytes)
    : files_(files), path_(join(directory, kSpareName)), bytes_(bytes) {
  CHECK(bytes_ > 0);
  CHECK(bytes_ % kBlockBytes == 0);
}

Result<> Spare::make() {
  if (is_there()) return {};
  TRY(make_zeros(files_, path_, bytes_));
  std::lock_guard lock(mutex_);
  is_there_ = true;
  return {};
}

bool Spare::is_there() const {
  std::lock_guard lock(mutex_);
  return is_there_;
}

Result<bool> Spare::move_to(const std::string& path) {
  CHECK(path != path_);
  std::lock_guard lock(mutex_);
  if (!is_there_) return false;
  TRY(files_.rename(path_, path));
  is_there_ = false;
  return true;
}

}  // namespace skiff::store

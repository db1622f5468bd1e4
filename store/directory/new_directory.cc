#include "store/directory/new_directory.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "raft/check.h"
#include "src/base/try.h"
#include "store/directory/directories.h"
#include "store/snapshot/snapshot.h"
#include "store/snapshot/snapshots.h"

namespace skiff::store {
namespace {

constexpr uint64_t kBlockBytesWritten = 1024 * 1024;

// A directory may hold this and still count as empty.
bool is_nothing(const std::string& name) { return name == kLockName || name == "lost+found"; }

// The files that an earlier attempt left behind; an error if the directory holds anything else.
Result<std::vector<std::string>> leftovers(Files& files, const std::string& directory, const std::string& sign) {
  TRY(auto names, files.list(directory));
  const auto has = [&](const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  const bool was_cut_short = has(sign) && !has(kIdentityName);
  std::erase_if(names, [&](const std::string& name) { return is_nothing(name) || name == sign; });
  if (names.empty() || was_cut_short) return names;
  return fail(Error::Code::invalid,
              "make a data directory of " + directory + ": there is " + names.front() + " in it already",
              "choose a directory that is empty or does not exist");
}

Result<> put_sign(Files& files, const std::string& directory, const std::string& sign) {
  TRY(const bool is_there, files.exists(join(directory, sign)));
  if (!is_there) {
    TRY(std::ignore, files.open(join(directory, sign), OpenMode::create));
  }
  return files.sync_directory(directory);
}

Result<> write_snapshot(Files& files, const std::string& directory, const Identity& identity,
                        const raft::SnapshotMark& mark, const Kv& kv) {
  SnapshotMaker maker(kv, mark, identity.cluster);
  Snapshots snapshots(files, directory, {identity.cluster, identity.node});
  for (uint64_t offset = 0; !maker.is_done();) {
    const std::string block = maker.next(kBlockBytesWritten);
    TRY(std::ignore, snapshots.write({.mark = mark, .offset = offset, .bytes = block, .is_last = maker.is_done()}));
    offset += block.size();
  }
  return {};
}

}  // namespace

Result<NewDirectory> NewDirectory::make(Files& files, const std::string& directory, const std::string& sign,
                                        const Identity& identity, const raft::SnapshotMark& mark, const Kv& kv,
                                        WalOptions options) {
  CHECK(mark.position.index == kv.applied());
  TRY(const bool exists, files.exists(directory));
  if (exists) {  // before the lock: nothing is put into a directory that is somebody's
    TRY(std::ignore, leftovers(files, directory, sign));
  }
  TRY(make_directories(files, directory));
  TRY(auto lock, files.lock(join(directory, kLockName)));
  TRY(const auto old, leftovers(files, directory, sign));

  TRY(put_sign(files, directory, sign));
  for (const std::string& name : old) TRY(files.remove(join(directory, name)));
  TRY(write_snapshot(files, directory, identity, mark, kv));
  TRY(std::ignore, Wal::found(files, directory, {identity.cluster, identity.node}, options));
  TRY(write_identity(files, directory, identity));
  return NewDirectory(std::move(lock));
}

Result<bool> NewDirectory::is_unfinished(Files& files, const std::string& directory, const std::string& sign) {
  auto has_sign = files.exists(join(directory, sign));
  if (!has_sign || !*has_sign) return has_sign;
  return files.exists(join(directory, kIdentityName));
}

Result<> NewDirectory::finish(Files& files, const std::string& directory, const std::string& sign) {
  TRY(files.remove(join(directory, sign)));
  return files.sync_directory(directory);
}

}  // namespace skiff::store

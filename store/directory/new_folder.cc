#include "store/directory/new_folder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "raft/check.h"
#include "src/base/try.h"
#include "store/directory/folders.h"
#include "store/snapshot/snapshot.h"
#include "store/snapshot/snapshots.h"

namespace skiff::store {
namespace {

constexpr char kLockName[] = "lock";
constexpr uint64_t kBlockBytesWritten = 1024 * 1024;

// A folder may hold this and still count as empty.
bool is_nothing(const std::string& name) { return name == kLockName || name == "lost+found"; }

// The files that an earlier attempt left behind; an error if the folder holds anything else.
Result<std::vector<std::string>> leftovers(Files& files, const std::string& folder, const std::string& sign) {
  TRY(auto names, files.list(folder));
  const auto has = [&](const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  const bool was_cut_short = has(sign) && !has(kIdentityName);
  std::erase_if(names, [&](const std::string& name) { return is_nothing(name) || name == sign; });
  if (names.empty() || was_cut_short) return names;
  return fail(Error::Code::invalid,
              "make a data folder of " + folder + ": there is " + names.front() + " in it already",
              "choose a folder that is empty or does not exist");
}

Result<> put_sign(Files& files, const std::string& folder, const std::string& sign) {
  TRY(const bool is_there, files.exists(join(folder, sign)));
  if (!is_there) {
    TRY(std::ignore, files.open(join(folder, sign), OpenMode::create));
  }
  return files.sync_folder(folder);
}

Result<> write_snapshot(Files& files, const std::string& folder, const Identity& identity,
                        const raft::SnapshotMark& mark, const Kv& kv) {
  SnapshotMaker maker(kv, mark, identity.cluster);
  Snapshots snapshots(files, folder, {identity.cluster, identity.node});
  for (uint64_t offset = 0; !maker.is_done();) {
    const std::string block = maker.next(kBlockBytesWritten);
    TRY(std::ignore, snapshots.take({.mark = mark, .offset = offset, .bytes = block, .is_last = maker.is_done()}));
    offset += block.size();
  }
  return {};
}

}  // namespace

Result<NewFolder> NewFolder::make(Files& files, const std::string& folder, const std::string& sign,
                                  const Identity& identity, const raft::SnapshotMark& mark, const Kv& kv,
                                  WalOptions options) {
  CHECK(mark.position.index == kv.applied());
  TRY(const bool exists, files.exists(folder));
  if (exists) {  // before the lock: nothing is put into a folder that is somebody's
    TRY(std::ignore, leftovers(files, folder, sign));
  }
  TRY(make_folders(files, folder));
  TRY(auto lock, files.lock(join(folder, kLockName)));
  TRY(const auto old, leftovers(files, folder, sign));

  TRY(put_sign(files, folder, sign));
  for (const std::string& name : old) TRY(files.remove(join(folder, name)));
  TRY(write_snapshot(files, folder, identity, mark, kv));
  TRY(std::ignore, Wal::found(files, folder, {identity.cluster, identity.node}, options));
  TRY(write_identity(files, folder, identity));
  return NewFolder(std::move(lock));
}

Result<bool> NewFolder::is_unfinished(Files& files, const std::string& folder, const std::string& sign) {
  auto has_sign = files.exists(join(folder, sign));
  if (!has_sign || !*has_sign) return has_sign;
  return files.exists(join(folder, kIdentityName));
}

Result<> NewFolder::finish(Files& files, const std::string& folder, const std::string& sign) {
  TRY(files.remove(join(folder, sign)));
  return files.sync_folder(folder);
}

}  // namespace skiff::store

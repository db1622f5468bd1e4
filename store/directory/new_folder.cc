#include "store/directory/new_folder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "raft/check.h"
#include "store/directory/folders.h"
#include "store/snapshot/snapshot.h"
#include "store/snapshot/snapshots.h"

namespace skiff::store {
namespace {

constexpr char kLockName[] = "lock";
constexpr uint64_t kBlockBytesWritten = 1024 * 1024;

// What may stand in an empty folder.
bool is_nothing(const std::string& name) { return name == kLockName || name == "lost+found"; }

// What was left of an earlier attempt; an error if that is not what it is.
Result<std::vector<std::string>> leftovers(Files& files, const std::string& folder, const std::string& sign) {
  auto names = files.list(folder);
  if (!names) return names;
  const auto has = [&](const std::string& name) {
    return std::find(names->begin(), names->end(), name) != names->end();
  };
  const bool was_cut_short = has(sign) && !has(kIdentityName);
  std::erase_if(*names, [&](const std::string& name) { return is_nothing(name) || name == sign; });
  if (names->empty() || was_cut_short) return names;
  return fail(Error::Code::invalid,
              "make a data folder of " + folder + ": there is " + names->front() + " in it already",
              "choose a folder that is empty or does not exist");
}

Result<> put_sign(Files& files, const std::string& folder, const std::string& sign) {
  auto is_there = files.exists(join(folder, sign));
  if (!is_there) return tl::unexpected(is_there.error());
  if (!*is_there) {
    if (auto made = files.open(join(folder, sign), OpenMode::create); !made) return tl::unexpected(made.error());
  }
  return files.sync_folder(folder);
}

Result<> write_snapshot(Files& files, const std::string& folder, const Identity& identity,
                        const raft::SnapshotMark& mark, const Kv& kv) {
  SnapshotMaker maker(kv, mark, identity.cluster);
  Snapshots snapshots(files, folder, {identity.cluster, identity.node});
  for (uint64_t offset = 0; !maker.is_done();) {
    const std::string block = maker.next(kBlockBytesWritten);
    auto taken = snapshots.take({.mark = mark, .offset = offset, .bytes = block, .is_last = maker.is_done()});
    if (!taken) return tl::unexpected(taken.error());
    offset += block.size();
  }
  return {};
}

}  // namespace

Result<NewFolder> NewFolder::make(Files& files, const std::string& folder, const std::string& sign,
                                  const Identity& identity, const raft::SnapshotMark& mark, const Kv& kv,
                                  WalOptions options) {
  CHECK(mark.position.index == kv.applied());
  auto exists = files.exists(folder);
  if (!exists) return tl::unexpected(exists.error());
  if (*exists) {  // before the lock: nothing is put into a folder that is somebody's
    if (auto old = leftovers(files, folder, sign); !old) return tl::unexpected(old.error());
  }
  Result<> done = make_folders(files, folder);
  if (!done) return tl::unexpected(done.error());
  auto lock = files.lock(join(folder, kLockName));
  if (!lock) return tl::unexpected(lock.error());
  auto old = leftovers(files, folder, sign);
  if (!old) return tl::unexpected(old.error());

  done = put_sign(files, folder, sign);
  for (const std::string& name : *old) {
    if (done) done = files.remove(join(folder, name));
  }
  if (done) done = write_snapshot(files, folder, identity, mark, kv);
  if (done) {
    auto wal = Wal::found(files, folder, {identity.cluster, identity.node}, options);
    if (!wal) done = tl::unexpected(wal.error());
  }
  if (done) done = write_identity(files, folder, identity);
  if (!done) return tl::unexpected(done.error());
  return NewFolder(std::move(*lock));
}

Result<bool> NewFolder::is_unfinished(Files& files, const std::string& folder, const std::string& sign) {
  auto has_sign = files.exists(join(folder, sign));
  if (!has_sign || !*has_sign) return has_sign;
  return files.exists(join(folder, kIdentityName));
}

Result<> NewFolder::finish(Files& files, const std::string& folder, const std::string& sign) {
  if (auto removed = files.remove(join(folder, sign)); !removed) return removed;
  return files.sync_folder(folder);
}

}  // namespace skiff::store

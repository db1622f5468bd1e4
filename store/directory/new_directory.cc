#include "store/directory/new_directory.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "raft/check.h"
#include "src/base/try.h"
#include "store/directory/directories.h"
#include "store/snapshot/snapshot.h"
#include "store/snapshot/snapshots.h"
#include "store/wal/data_dir.h"

namespace skiff::store {
namespace {

constexpr uint64_t kBlockBytesWritten = 1024 * 1024;

// A directory with only these in it counts as empty.
bool is_nothing(const std::string& name) { return name == kLockName || name == "lost+found"; }

// Lists the files that an earlier attempt left behind. An error if the directory has anything else in it.
Result<std::vector<std::string>> leftovers(const NewDirectory::Site& site) {
  TRY(auto names, site.files.list(site.path));
  const auto has = [&](const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  const bool was_cut_short = has(site.sign) && !has(kIdentityName);
  std::erase_if(names, [&](const std::string& name) { return is_nothing(name) || name == site.sign; });
  if (names.empty() || was_cut_short) return names;
  return fail(Error::Code::invalid,
              "make a data directory of " + site.path + ": there is " + names.front() + " in it already",
              "choose a directory that is empty or does not exist");
}

Result<> put_sign(const NewDirectory::Site& site) {
  CHECK(!site.sign.empty());
  TRY(const bool is_there, site.files.exists(site.path_of(site.sign)));
  if (!is_there) {
    TRY(std::ignore, site.files.open(site.path_of(site.sign), OpenMode::create));
  }
  return site.files.sync_directory(site.path);
}

Result<> write_snapshot(const DataDir& dir, const raft::SnapshotMark& mark, const Kv& kv) {
  SnapshotMaker maker(kv, mark, dir.owner.cluster);
  Snapshots snapshots(dir);
  for (uint64_t offset = 0; !maker.is_done();) {
    const std::string block = maker.next(kBlockBytesWritten);
    TRY(std::ignore, snapshots.write({.mark = mark, .offset = offset, .bytes = block, .is_last = maker.is_done()}));
    offset += block.size();
  }
  return {};
}

}  // namespace

Result<NewDirectory> NewDirectory::make(const Site& site, const Content& content, WalOptions options) {
  CHECK(content.mark.position.index == content.kv.applied());
  CHECK(content.identity.node != 0);
  CHECK(site.sign.ends_with(kAsideSuffix));  // so that a start of the node may remove it
  const DataDir dir{site.files, site.path, {content.identity.cluster, content.identity.node}};
  TRY(const bool exists, dir.files.exists(dir.path));
  if (exists) {  // before the lock is made: nothing is put into a directory of somebody else
    TRY(std::ignore, leftovers(site));
  }
  TRY(make_directories(dir.files, dir.path));
  TRY(auto lock, dir.files.lock(dir.path_of(kLockName)));
  TRY(const auto old, leftovers(site));

  TRY(put_sign(site));
  for (const std::string& name : old) TRY(dir.files.remove(dir.path_of(name)));
  TRY(write_snapshot(dir, content.mark, content.kv));
  TRY(std::ignore, Wal::create(dir, options));
  TRY(write_identity(dir.files, dir.path, content.identity));
  return NewDirectory(std::move(lock));
}

Result<bool> NewDirectory::is_unfinished(const Site& site) {
  auto has_sign = site.files.exists(site.path_of(site.sign));
  if (!has_sign || !*has_sign) return has_sign;
  return site.files.exists(site.path_of(kIdentityName));
}

Result<> NewDirectory::finish(const Site& site) {
  TRY(site.files.remove(site.path_of(site.sign)));
  return site.files.sync_directory(site.path);
}

}  // namespace skiff::store

#include "store/storage.h"

#include <utility>

#include "raft/check.h"
#include "store/wal_recover.h"

namespace skiff::store {
namespace {

constexpr char kLockName[] = "lock";

Result<> make_folder_if_missing(Files& files, const std::string& folder) {
  auto exists = files.exists(folder);
  if (!exists) return tl::unexpected(exists.error());
  if (!*exists) {
    if (auto made = files.make_folder(folder); !made) return made;
  }
  return files.sync_folder(parent_of(folder));  // also when a start before this one made it, and stopped here
}

Result<> remove_unfinished(Files& files, const std::string& folder) {
  auto names = files.list(folder);
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names) {
    if (!name.ends_with(kAsideSuffix)) continue;
    if (!name.starts_with("wal-") && !name.starts_with(kIdentityName)) continue;
    if (auto removed = files.remove(join(folder, name)); !removed) return removed;
  }
  return {};
}

// Whether a segment holds nothing but its header: all that founding writes.
Result<bool> is_unused(Files& files, const std::string& path) {
  auto file = files.open(path, OpenMode::existing);
  if (!file) return tl::unexpected(file.error());
  auto size = (*file)->size();
  if (!size) return tl::unexpected(size.error());
  auto bytes = (*file)->read_at(0, *size);
  if (!bytes) return tl::unexpected(bytes.error());
  return bytes->size() <= kHeaderEnd || is_zero(std::string_view(*bytes).substr(kHeaderEnd));
}

// Takes away what a founding left behind that was never finished. Everything else is not ours to touch.
Result<> clear_for_founding(Files& files, const std::string& folder) {
  auto names = files.list(folder);
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names) {
    if (name == kLockName || name == "lost+found") continue;
    std::string path = join(folder, name);
    if (segment_sequence(name) != 1) {
      return fail(Error::Code::invalid, "found a data folder in " + folder + ": there is " + name +
                                            " in it, but no identity; choose an empty folder, or give it back its "
                                            "identity from a copy");
    }
    auto unused = is_unused(files, path);
    if (!unused) return tl::unexpected(unused.error());
    if (!*unused) {
      return fail(Error::Code::corrupt, "open data folder " + folder +
                                            ": there is a log in it, but no identity; "
                                            "nothing was changed: give it back its identity from a copy");
    }
    if (auto removed = files.remove(path); !removed) return removed;
  }
  return {};
}

// The identity comes last: once it is there, the folder is founded.
Result<> found_folder(Files& files, const std::string& folder, const Identity& wanted, WalOptions options) {
  if (auto cleared = clear_for_founding(files, folder); !cleared) return cleared;
  auto wal = Wal::found(files, folder, {wanted.cluster, wanted.node}, options);
  if (!wal) return tl::unexpected(wal.error());
  return write_identity(files, folder, wanted);
}

Result<Identity> find_identity(Files& files, const std::string& folder, const Identity& wanted, WalOptions options) {
  auto exists = files.exists(join(folder, kIdentityName));
  if (!exists) return tl::unexpected(exists.error());
  if (!*exists) {
    if (auto founded = found_folder(files, folder, wanted, options); !founded) return tl::unexpected(founded.error());
  }
  // Read back also when just written: what is used is what the next start will find.
  auto identity = read_identity(files, folder);
  if (identity && identity->node != wanted.node) {
    return fail(Error::Code::invalid, "open data folder " + folder + ": it belongs to node " +
                                          std::to_string(identity->node) + ", this is node " +
                                          std::to_string(wanted.node));
  }
  return identity;
}

Result<std::unique_ptr<Lock>> lock_folder(Files& files, const std::string& folder) {
  auto lock = files.lock(join(folder, kLockName));
  if (!lock && lock.error().code == Error::Code::unavailable) {
    return fail(Error::Code::unavailable,
                "open data folder " + folder + ": another process uses it (" + lock.error().what + ")");
  }
  return lock;
}

}  // namespace

Result<Opened> Storage::open(Files& files, const std::string& folder, const Identity& wanted, WalOptions options) {
  CHECK(wanted.node != 0);
  if (auto made = make_folder_if_missing(files, folder); !made) return tl::unexpected(made.error());
  auto lock = lock_folder(files, folder);
  if (!lock) return tl::unexpected(lock.error());
  if (auto removed = remove_unfinished(files, folder); !removed) return tl::unexpected(removed.error());
  auto identity = find_identity(files, folder, wanted, options);
  if (!identity) return tl::unexpected(identity.error());
  // Names first, as bytes: what is found now must be found again.
  if (auto synced = files.sync_folder(folder); !synced) return tl::unexpected(synced.error());

  WalOwner owner{identity->cluster, identity->node};
  auto found = recover_wal(files, folder, owner);
  if (!found) return tl::unexpected(found.error());
  auto wal = Wal::resume(files, folder, owner, options, found->end, found->state);
  if (!wal) return tl::unexpected(wal.error());
  if (auto started = (*wal)->start(found->state.incarnation + 1); !started) return tl::unexpected(started.error());

  Recovered recovered;
  recovered.identity = std::move(*identity);
  recovered.fresh = found->entries.empty() && found->state.hard_state == raft::HardState{};
  recovered.incarnation = (*wal)->state().incarnation;
  recovered.hard_state = found->state.hard_state;
  recovered.entries = std::move(found->entries);
  recovered.notes = std::move(found->notes);
  return Opened{std::unique_ptr<Storage>(new Storage(std::move(*lock), std::move(*wal))), std::move(recovered)};
}

}  // namespace skiff::store

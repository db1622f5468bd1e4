// NewDirectory: a data directory that is made from a map: one snapshot, and an empty log behind it. What a restored or
// recovered node starts from.
//
// It is made in this order: a sign that says so, the snapshot, the log, the identity; the sign goes last, when the
// owner says finish(). So a directory without an identity is no data directory, and no node starts from it; with the
// sign in it, it is one that was cut short, and is made anew. A directory without the sign that has anything in it is
// somebody's, and is never touched.
//
// What can go wrong: a write, for want of space or otherwise. Nothing that was there before has been touched then.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "raft/types.h"
#include "src/base/result.h"
#include "store/directory/identity.h"
#include "store/files/files.h"
#include "store/state/kv.h"
#include "store/wal/wal.h"

namespace skiff::store {

class NewDirectory {
 public:
  // Where it is made. `sign` is the name of the sign.
  struct Site {
    Files& files;
    std::string path;
    std::string sign;

    std::string path_of(std::string_view name) const { return join(path, name); }
  };
  // Requires: mark.position.index == kv.applied().
  struct Content {
    const Identity& identity;
    const raft::SnapshotMark& mark;
    const Kv& kv;
  };
  // Makes and syncs all of it but the end. Error::Code::invalid: there is something in the directory.
  static Result<NewDirectory> make(const Site& site, const Content& content, WalOptions options = {});
  // Whether the directory is one that was made so far as to have its identity, and has its sign still.
  static Result<bool> is_unfinished(const Site& site);
  // Takes the sign away, from the directory under its present name.
  static Result<> finish(const Site& site);

 private:
  explicit NewDirectory(std::unique_ptr<Lock> lock) : lock_(std::move(lock)) {}

  std::unique_ptr<Lock> lock_;  // held until it is destroyed
};

}  // namespace skiff::store

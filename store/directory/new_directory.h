// NewDirectory: a data directory made from a map: one snapshot, and an empty log behind it. A restored or recovered
// node starts from it.
//
// It is made in this order: a sign (a file that marks it as unfinished), the snapshot, the log, the identity. The sign
// is removed last, by finish(). So a directory without an identity is no data directory, and no node starts from it; if
// it has the sign, it was cut short and is made anew. A directory without the sign that has anything in it belongs to
// somebody else, and is never touched.
//
// Failures: a write, for want of space or otherwise. Then no earlier file has been touched.
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
  // The directory, and the file name of its sign.
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
  // Makes and syncs all of it, with its sign. Error::Code::invalid: the directory is not empty.
  static Result<NewDirectory> make(const Site& site, const Content& content, WalOptions options = {});
  // Whether make() has come to the identity, and finish() has not been called.
  static Result<bool> is_unfinished(const Site& site);
  // Removes the sign. The directory may have another name than when it was made.
  static Result<> finish(const Site& site);

 private:
  explicit NewDirectory(std::unique_ptr<Lock> lock) : lock_(std::move(lock)) {}

  std::unique_ptr<Lock> lock_;  // held until it is destroyed
};

}  // namespace skiff::store

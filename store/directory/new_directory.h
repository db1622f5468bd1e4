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

#include "raft/types.h"
#include "src/base/result.h"
#include "store/directory/identity.h"
#include "store/files/files.h"
#include "store/state/kv.h"
#include "store/wal/wal.h"

namespace skiff::store {

class NewDirectory {
 public:
  // Makes and syncs all of it but the end. `sign` is the name of the sign. Error::Code::invalid: there is something in
  // the directory. Requires: mark.position.index == kv.applied().
  static Result<NewDirectory> make(Files& files, const std::string& directory, const std::string& sign,
                                   const Identity& identity, const raft::SnapshotMark& mark, const Kv& kv,
                                   WalOptions options = {});
  // Whether the directory is one that was made so far as to have its identity, and has its sign still.
  static Result<bool> is_unfinished(Files& files, const std::string& directory, const std::string& sign);
  // Takes the sign away, from the directory under its present name.
  static Result<> finish(Files& files, const std::string& directory, const std::string& sign);

 private:
  explicit NewDirectory(std::unique_ptr<Lock> lock) : lock_(std::move(lock)) {}

  std::unique_ptr<Lock> lock_;  // held until it is destroyed
};

}  // namespace skiff::store

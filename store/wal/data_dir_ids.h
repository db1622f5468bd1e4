// DataDirIds: tells which data directory is behind a node's id.
//
// Every directory draws a random number when it is first opened, and keeps it for ever. A node sends its number in the
// handshake, and the other members remember the first number that they hear for an id (trust on first use). A node
// whose directory was lost, and that comes back under its old id with an empty one, has another number and is rejected:
// it could vote a second time, or acknowledge entries that it lacks.
//
//   instance    the number of this directory
//   peers       the numbers of the other members
//
// Failures: a damaged file. If it is `instance`, that is an error, because the other members know this node by
// it. If it is `peers`, nothing in it is believed, and the numbers are learned again.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "raft/types.h"
#include "src/base/result.h"
#include "store/files/files.h"

namespace skiff::store {

constexpr char kDataDirIdName[] = "instance";
constexpr char kPeersName[] = "peers";

using DataDirIds = std::map<raft::NodeId, uint64_t>;

// Returns the number of the directory. If it has none, it is `fresh` from now on. Requires: the directory is locked,
// and founded.
Result<uint64_t> own_data_dir_id(Files& files, const std::string& directory, uint64_t fresh);

struct KnownDataDirIds {
  DataDirIds data_dir_ids;
  std::string note;  // for the operator; mostly empty
};
Result<KnownDataDirIds> known_data_dir_ids(Files& files, const std::string& directory);
// Replaces the file `peers` durably.
Result<> remember_data_dir_ids(Files& files, const std::string& directory, const DataDirIds& data_dir_ids);

}  // namespace skiff::store

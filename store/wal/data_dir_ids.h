// DataDirIds: which data directory stands behind a node's id.
//
// Every directory draws a number when it is first opened, and keeps it for ever. A node says it when it meets another,
// and the other remembers the first that it hears for an id. A node whose directory was lost, and who comes back under
// its old id with an empty one, is known by that, and turned away: it could vote a second time, or acknowledge what it
// lacks.
//
//   instance    our own
//   peers       those of the others
//
// What can go wrong: a file that is damaged. Our own: an error, because the others know us by it. Those of the others:
// nothing of it is believed, and they are learned anew.
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

// That of the directory; `fresh` from now on if it has none. Requires: the directory is locked, and founded.
Result<uint64_t> own_data_dir_id(Files& files, const std::string& directory, uint64_t fresh);

struct KnownDataDirIds {
  DataDirIds data_dir_ids;
  std::string note;  // for the operator; mostly empty
};
Result<KnownDataDirIds> known_data_dir_ids(Files& files, const std::string& directory);
// Durably.
Result<> remember_data_dir_ids(Files& files, const std::string& directory, const DataDirIds& data_dir_ids);

}  // namespace skiff::store

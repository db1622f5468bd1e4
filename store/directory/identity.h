// Identity: the owner of a data directory. It is written once, when the directory is founded, and never changed.
//
// The file is written under another name, synced and renamed, and the directory is synced: it is there completely or
// not at all. A checksum covers all of it, and its version is the version of everything in the directory.
//
//   "skiff-id" | format version u32 = 1 | cluster u64 | node u64 | founders u32
//   | for each: id u64, address length u16, address | CRC32C of all before u32
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "raft/types.h"
#include "src/base/result.h"
#include "store/files/files.h"

namespace skiff::store {

constexpr char kIdentityName[] = "identity";
constexpr char kLockName[] = "lock";  // held by the process that uses the directory

// A member with which the cluster was founded. Later the configuration in the log decides.
struct Founder {
  raft::NodeId id = 0;
  std::string address;
  bool operator==(const Founder&) const = default;
};

struct Identity {
  uint64_t cluster = 0;
  raft::NodeId node = 0;
  std::vector<Founder> founders;
  bool operator==(const Identity&) const = default;
};

std::string encode(const Identity& identity);
Result<Identity> decode_identity(std::string_view bytes);

// Requires: there is none yet.
Result<> write_identity(Files& files, const std::string& directory, const Identity& identity);
Result<Identity> read_identity(Files& files, const std::string& directory);

}  // namespace skiff::store

// DataDir: where a data directory is and whose it is. The functions that read or write files in one take it.
#pragma once

#include <string>
#include <string_view>

#include "store/files/files.h"
#include "store/wal/format.h"

namespace skiff::store {

struct DataDir {
  Files& files;  // outlives everything that is given this
  std::string path;
  WalOwner owner;

  std::string path_of(std::string_view name) const { return join(path, name); }
};

}  // namespace skiff::store

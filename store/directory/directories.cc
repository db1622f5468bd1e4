#include "store/directory/directories.h"

#include <vector>

#include "src/base/try.h"

namespace skiff::store {
namespace {

// A directory that we made is readable. The name of any other was durable before.
Result<> sync_if_readable(Files& files, const std::string& directory) {
  if (!files.list(directory)) return {};
  return files.sync_directory(directory);
}

}  // namespace

// Each directory is durable before the next is made in it. So after a power failure only the deepest existing one may
// not be durable.
Result<> make_directories(Files& files, const std::string& directory) {
  std::vector<std::string> missing;
  std::string deepest = directory;
  for (; deepest != "." && deepest != "/"; deepest = parent_of(deepest)) {
    TRY(const bool exists, files.exists(deepest));
    if (exists) break;
    missing.push_back(deepest);
  }
  if (missing.empty()) return files.sync_directory(parent_of(directory));
  if (parent_of(deepest) != deepest) TRY(sync_if_readable(files, parent_of(deepest)));
  for (auto next = missing.rbegin(); next != missing.rend(); ++next) {
    if (auto made = files.make_directory(*next); !made) {
      return *next == directory ? made : fail("make " + directory, made.error());
    }
    TRY(files.sync_directory(parent_of(*next)));
  }
  return {};
}

}  // namespace skiff::store

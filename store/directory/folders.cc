#include "store/directory/folders.h"

#include <vector>

#include "src/base/try.h"

namespace skiff::store {
namespace {

// One that we had made we could read; another's name was durable before us.
Result<> sync_if_readable(Files& files, const std::string& folder) {
  if (!files.list(folder)) return {};
  return files.sync_folder(folder);
}

}  // namespace

// Each is durable before the next is made in it. So after a power failure only the deepest that is there may be in
// doubt.
Result<> make_folders(Files& files, const std::string& folder) {
  std::vector<std::string> missing;
  std::string deepest = folder;
  for (; deepest != "." && deepest != "/"; deepest = parent_of(deepest)) {
    TRY(const bool exists, files.exists(deepest));
    if (exists) break;
    missing.push_back(deepest);
  }
  if (missing.empty()) return files.sync_folder(parent_of(folder));
  if (parent_of(deepest) != deepest) TRY(sync_if_readable(files, parent_of(deepest)));
  for (auto next = missing.rbegin(); next != missing.rend(); ++next) {
    if (auto made = files.make_folder(*next); !made) {
      return *next == folder ? made : fail("make " + folder, made.error());
    }
    TRY(files.sync_folder(parent_of(*next)));
  }
  return {};
}

}  // namespace skiff::store

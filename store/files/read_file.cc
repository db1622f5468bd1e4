#include "store/files/read_file.h"

#include "src/base/try.h"

namespace skiff::store {

Result<std::string> read_all(File& file) {
  TRY(const uint64_t size, file.size());
  return file.read_at(0, size);
}

Result<std::string> read_file(Files& files, const std::string& path) {
  TRY(auto file, files.open(path, OpenMode::read));
  return read_all(*file);
}

}  // namespace skiff::store

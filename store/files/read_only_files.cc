#include "store/files/read_only_files.h"

#include <utility>

#include "src/base/try.h"

namespace skiff::store {
namespace {

class ReadOnlyFile final : public File {
 public:
  explicit ReadOnlyFile(std::unique_ptr<File> file) : file_(std::move(file)) {}

  Result<std::string> read_at(uint64_t offset, uint64_t bytes) override { return file_->read_at(offset, bytes); }
  Result<> write_at(uint64_t, std::string_view) override { return {}; }
  Result<> sync() override { return {}; }
  Result<uint64_t> size() override { return file_->size(); }

 private:
  std::unique_ptr<File> file_;
};

}  // namespace

Result<std::unique_ptr<File>> ReadOnlyFiles::open(const std::string& path, OpenMode mode) {
  if (mode == OpenMode::create)
    return fail(Error::Code::invalid, "create " + path + ": the directory is opened for reading only");
  TRY(auto file, files_.open(path, OpenMode::read));
  return std::make_unique<ReadOnlyFile>(std::move(file));
}

}  // namespace skiff::store

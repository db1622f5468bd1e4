#include "store/files/small_file.h"

#include "raft/check.h"
#include "src/base/bytes.h"
#include "src/base/crc32c.h"
#include "src/base/try.h"

namespace skiff::store {
namespace {

constexpr uint64_t kBytesMax = 1024 * 1024;  // a longer file is none of ours

std::string with_checksum(std::string_view letters, uint32_t version, std::string_view content) {
  CHECK(letters.size() == 8);
  std::string out(letters);
  put_number(out, version);
  out.append(content);
  put_number(out, crc32c(out));
  return out;
}

}  // namespace

std::string seal(std::string_view letters, uint32_t version, std::string_view content) {
  std::string out = with_checksum(letters, version, content);
  CHECK(out.size() <= kBytesMax);
  return out;
}

Result<std::string_view> unseal(std::string_view letters, uint32_t version, std::string_view bytes) {
  if (bytes.size() > kBytesMax) return fail(Error::Code::corrupt, "it is too long");
  ByteReader reader(bytes);
  if (reader.bytes(letters.size()) != letters) return fail(Error::Code::corrupt, "it does not begin as it should");
  const auto written_by = reader.number<uint32_t>();
  const std::string_view rest = reader.rest();
  if (!reader.ok() || rest.size() < sizeof(uint32_t)) return fail(Error::Code::corrupt, "it is cut short");
  const std::string_view content = rest.substr(0, rest.size() - sizeof(uint32_t));
  const bool is_intact = with_checksum(letters, version, content).ends_with(rest.substr(content.size()));
  if (written_by != version && !is_intact) {
    return fail(Error::Code::invalid, "its format version is " + std::to_string(written_by) + ", this program knows " +
                                          std::to_string(version) + ": start the program that wrote it");
  }
  if (written_by != version) return fail(Error::Code::corrupt, "its version is damaged");
  if (!is_intact) return fail(Error::Code::corrupt, "its checksum is wrong");
  return content;
}

Result<std::optional<std::string>> read_small_file(Files& files, const std::string& path) {
  TRY(const bool exists, files.exists(path));
  if (!exists) return std::nullopt;
  TRY(auto file, files.open(path, OpenMode::read));
  TRY(auto bytes, file->read_at(0, kBytesMax + 1));
  return bytes;
}

Result<> write_small_file(Files& files, const std::string& directory, const std::string& name, std::string_view bytes) {
  const std::string path = join(directory, name), aside = path + kAsideSuffix;
  TRY(const bool is_left_over, files.exists(aside));
  if (is_left_over) TRY(files.remove(aside));
  TRY(auto file, files.open(aside, OpenMode::create));
  TRY(file->write_at(0, bytes));
  TRY(file->sync());
  TRY(files.rename(aside, path));
  return files.sync_directory(directory);
}

}  // namespace skiff::store

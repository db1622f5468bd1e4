#include "store/wal/data_dir_ids.h"

#include <optional>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/narrow.h"
#include "src/base/try.h"
#include "store/files/small_file.h"

namespace skiff::store {
namespace {

constexpr std::string_view kDataDirIdsMagic = "skiffins";
constexpr uint32_t kDataDirIdsVersion = 1;

// Advice for a node whose own number is lost.
constexpr char kNumberLost[] =
    "nothing was changed. The other members know this node by this number: replace the node by one with a new id and "
    "an empty directory";

// A list of nodes and numbers. The number of this directory is under node 0.
std::string encode(const DataDirIds& data_dir_ids) {
  std::string out;
  put_number(out, narrow<uint32_t>(data_dir_ids.size()));
  for (const auto& [node, data_dir_id] : data_dir_ids) {
    put_number(out, node);
    put_number(out, data_dir_id);
  }
  return seal(kDataDirIdsMagic, kDataDirIdsVersion, out);
}

Result<DataDirIds> decode(std::string_view bytes) {
  TRY(const auto content, unseal(kDataDirIdsMagic, kDataDirIdsVersion, bytes));
  ByteReader reader(content);
  DataDirIds data_dir_ids;
  auto count = reader.number<uint32_t>();
  for (uint32_t at = 0; at < count && reader.ok(); ++at) {
    auto node = reader.number<uint64_t>();
    data_dir_ids[node] = reader.number<uint64_t>();
  }
  if (!reader.done()) return fail(Error::Code::corrupt, "its length is wrong");
  return data_dir_ids;
}

// Returns nothing if there is no such file.
Result<std::optional<DataDirIds>> read(Files& files, const std::string& path) {
  TRY(const auto bytes, read_small_file(files, path));
  if (!bytes) return std::nullopt;
  auto data_dir_ids = decode(*bytes);
  if (!data_dir_ids) return fail("read " + path, data_dir_ids.error());
  return std::move(*data_dir_ids);
}

Result<> write(Files& files, const std::string& directory, const char* name, const DataDirIds& data_dir_ids) {
  return write_small_file(files, directory, name, encode(data_dir_ids));
}

}  // namespace

Result<uint64_t> own_data_dir_id(Files& files, const std::string& directory, uint64_t fresh) {
  auto found = read(files, join(directory, kDataDirIdName));
  if (!found && found.error().code == Error::Code::corrupt) {
    return fail(Error::Code::corrupt, found.error().what, kNumberLost);
  }
  TRY(const auto known, std::move(found));
  if (known && known->size() == 1 && known->contains(0)) return known->at(0);
  TRY(write(files, directory, kDataDirIdName, {{0, fresh}}));
  return fresh;
}

Result<KnownDataDirIds> known_data_dir_ids(Files& files, const std::string& directory) {
  auto found = read(files, join(directory, kPeersName));
  if (!found && found.error().code == Error::Code::corrupt) {
    return KnownDataDirIds{.data_dir_ids = {}, .note = found.error().what + "; the other nodes are learned anew"};
  }
  TRY(auto known, std::move(found));
  return KnownDataDirIds{.data_dir_ids = std::move(known).value_or(DataDirIds{}), .note = {}};
}

Result<> remember_data_dir_ids(Files& files, const std::string& directory, const DataDirIds& data_dir_ids) {
  return write(files, directory, kPeersName, data_dir_ids);
}

}  // namespace skiff::store

#include "store/instances.h"

#include <optional>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/crc32c.h"
#include "store/wal.h"

namespace skiff::store {
namespace {

constexpr std::string_view kMagic = "skiffins";
constexpr uint32_t kVersion = 1;
constexpr uint64_t kBytesMax = 64 * 1024;

// A list of nodes and numbers; our own folder's is under node 0.
std::string encode(const Instances& instances) {
  std::string out(kMagic);
  put_number(out, kVersion);
  put_number(out, static_cast<uint32_t>(instances.size()));
  for (const auto& [node, instance] : instances) {
    put_number(out, node);
    put_number(out, instance);
  }
  put_number(out, crc32c(out));
  return out;
}

Result<Instances> decode(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.bytes(kMagic.size()) != kMagic) return fail(Error::Code::corrupt, "it does not begin as it should");
  auto version = reader.number<uint32_t>();
  if (reader.ok() && version != kVersion) {
    return fail(Error::Code::invalid, "its format version is " + std::to_string(version) + ", this program knows " +
                                          std::to_string(kVersion) + ": start the program that wrote it");
  }
  Instances instances;
  auto count = reader.number<uint32_t>();
  for (uint32_t at = 0; at < count && reader.ok(); ++at) {
    auto node = reader.number<uint64_t>();
    instances[node] = reader.number<uint64_t>();
  }
  auto checksum = reader.number<uint32_t>();
  if (!reader.done()) return fail(Error::Code::corrupt, "its length is wrong");
  if (checksum != crc32c(bytes.substr(0, bytes.size() - sizeof(uint32_t)))) {
    return fail(Error::Code::corrupt, "its checksum is wrong");
  }
  return instances;
}

// Nothing if there is no such file.
Result<std::optional<Instances>> read(Files& files, const std::string& path) {
  auto exists = files.exists(path);
  if (!exists) return tl::unexpected(exists.error());
  if (!*exists) return std::nullopt;
  auto file = files.open(path, OpenMode::existing);
  if (!file) return tl::unexpected(file.error());
  auto bytes = (*file)->read_at(0, kBytesMax);
  if (!bytes) return tl::unexpected(bytes.error());
  auto instances = decode(*bytes);
  if (!instances) return fail(instances.error().code, "read " + path + ": " + instances.error().what);
  return std::move(*instances);
}

Result<> write(Files& files, const std::string& folder, const char* name, const Instances& instances) {
  const std::string path = join(folder, name), aside = path + kAsideSuffix;
  auto is_left_over = files.exists(aside);
  if (!is_left_over) return tl::unexpected(is_left_over.error());
  if (*is_left_over) {
    if (auto removed = files.remove(aside); !removed) return removed;
  }
  auto file = files.open(aside, OpenMode::create);
  if (!file) return tl::unexpected(file.error());
  Result<> done = (*file)->write_at(0, encode(instances));
  if (done) done = (*file)->sync();
  if (done) done = files.rename(aside, path);
  if (done) done = files.sync_folder(folder);
  return done;
}

}  // namespace

Result<uint64_t> own_instance(Files& files, const std::string& folder, uint64_t fresh) {
  auto found = read(files, join(folder, kInstanceName));
  if (!found && found.error().code == Error::Code::corrupt) {
    return fail(Error::Code::corrupt, found.error().what +
                                          "; nothing was changed. The other members know this node by it: replace it "
                                          "by one with a new id and an empty folder");
  }
  if (!found) return tl::unexpected(found.error());
  if (*found && (*found)->size() == 1 && (*found)->contains(0)) return (*found)->at(0);
  if (auto written = write(files, folder, kInstanceName, {{0, fresh}}); !written) {
    return tl::unexpected(written.error());
  }
  return fresh;
}

Result<KnownInstances> known_instances(Files& files, const std::string& folder) {
  auto found = read(files, join(folder, kPeersName));
  if (!found && found.error().code == Error::Code::corrupt) {
    return KnownInstances{.instances = {}, .note = found.error().what + "; the other nodes are learned anew"};
  }
  if (!found) return tl::unexpected(found.error());
  return KnownInstances{.instances = found->value_or(Instances{}), .note = {}};
}

Result<> remember_instances(Files& files, const std::string& folder, const Instances& instances) {
  return write(files, folder, kPeersName, instances);
}

}  // namespace skiff::store

#include "store/wal/instances.h"

#include <optional>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/narrow.h"
#include "src/base/try.h"
#include "store/files/small_file.h"

namespace skiff::store {
namespace {

constexpr std::string_view kMagic = "skiffins";
constexpr uint32_t kVersion = 1;

// For a node that does not know its own number any more.
constexpr char kNumberLost[] =
    "nothing was changed. The other members know this node by it: replace it by one with a new id and an empty "
    "directory";

// A list of nodes and numbers; our own directory's is under node 0.
std::string encode(const Instances& instances) {
  std::string out;
  put_number(out, narrow<uint32_t>(instances.size()));
  for (const auto& [node, instance] : instances) {
    put_number(out, node);
    put_number(out, instance);
  }
  return seal(kMagic, kVersion, out);
}

Result<Instances> decode(std::string_view bytes) {
  TRY(const auto content, unseal(kMagic, kVersion, bytes));
  ByteReader reader(content);
  Instances instances;
  auto count = reader.number<uint32_t>();
  for (uint32_t at = 0; at < count && reader.ok(); ++at) {
    auto node = reader.number<uint64_t>();
    instances[node] = reader.number<uint64_t>();
  }
  if (!reader.done()) return fail(Error::Code::corrupt, "its length is wrong");
  return instances;
}

// Nothing if there is no such file.
Result<std::optional<Instances>> read(Files& files, const std::string& path) {
  TRY(const auto bytes, read_small_file(files, path));
  if (!bytes) return std::nullopt;
  auto instances = decode(*bytes);
  if (!instances) return fail("read " + path, instances.error());
  return std::move(*instances);
}

Result<> write(Files& files, const std::string& directory, const char* name, const Instances& instances) {
  return write_small_file(files, directory, name, encode(instances));
}

}  // namespace

Result<uint64_t> own_instance(Files& files, const std::string& directory, uint64_t fresh) {
  auto found = read(files, join(directory, kInstanceName));
  if (!found && found.error().code == Error::Code::corrupt) {
    return fail(Error::Code::corrupt, found.error().what, kNumberLost);
  }
  TRY(const auto known, std::move(found));
  if (known && known->size() == 1 && known->contains(0)) return known->at(0);
  TRY(write(files, directory, kInstanceName, {{0, fresh}}));
  return fresh;
}

Result<KnownInstances> known_instances(Files& files, const std::string& directory) {
  auto found = read(files, join(directory, kPeersName));
  if (!found && found.error().code == Error::Code::corrupt) {
    return KnownInstances{.instances = {}, .note = found.error().what + "; the other nodes are learned anew"};
  }
  TRY(auto known, std::move(found));
  return KnownInstances{.instances = std::move(known).value_or(Instances{}), .note = {}};
}

Result<> remember_instances(Files& files, const std::string& directory, const Instances& instances) {
  return write(files, directory, kPeersName, instances);
}

}  // namespace skiff::store

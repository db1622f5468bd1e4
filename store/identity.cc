#include "store/identity.h"

#include "raft/check.h"
#include "src/base/bytes.h"
#include "src/base/crc32c.h"
#include "store/wal.h"

namespace skiff::store {
namespace {

constexpr std::string_view kMagic = "skiff-id";
constexpr uint32_t kVersion = 1;
constexpr uint64_t kBytesMax = 1024 * 1024;  // a file longer than that is none of ours

tl::unexpected<Error> corrupt(const std::string& why) { return fail(Error::Code::corrupt, why); }

}  // namespace

std::string encode(const Identity& identity) {
  std::string out(kMagic);
  put_number(out, kVersion);
  put_number(out, identity.cluster);
  put_number(out, identity.node);
  put_number(out, static_cast<uint32_t>(identity.founders.size()));
  for (const Founder& founder : identity.founders) {
    CHECK(founder.address.size() <= UINT16_MAX);
    put_number(out, founder.id);
    put_number(out, static_cast<uint16_t>(founder.address.size()));
    out.append(founder.address);
  }
  put_number(out, crc32c(out));
  CHECK(out.size() <= kBytesMax);
  return out;
}

// The version is looked at before the checksum, which another version may keep elsewhere.
Result<Identity> decode_identity(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.bytes(kMagic.size()) != kMagic) return corrupt("it does not begin as an identity does");
  auto version = reader.number<uint32_t>();
  if (reader.ok() && version != kVersion) {
    return fail(Error::Code::invalid, "its format version is " + std::to_string(version) + ", this program knows " +
                                          std::to_string(kVersion) + ": start the program that wrote it");
  }
  if (reader.rest().size() < sizeof(uint32_t)) return corrupt("it is cut short");
  std::string_view before = bytes.substr(0, bytes.size() - sizeof(uint32_t));
  if (get_number<uint32_t>(before.data() + before.size()) != crc32c(before)) return corrupt("its checksum is wrong");

  Identity identity;
  identity.cluster = reader.number<uint64_t>();
  identity.node = reader.number<uint64_t>();
  auto founders = reader.number<uint32_t>();
  for (uint32_t count = 0; count < founders && reader.ok(); ++count) {
    auto id = reader.number<uint64_t>();
    auto length = reader.number<uint16_t>();
    identity.founders.push_back({id, std::string(reader.bytes(length))});
  }
  reader.number<uint32_t>();
  if (!reader.done()) return corrupt("its length is wrong");
  return identity;
}

Result<> write_identity(Files& files, const std::string& folder, const Identity& identity) {
  std::string path = join(folder, kIdentityName), aside = path + kAsideSuffix;
  auto file = files.open(aside, OpenMode::create);
  if (!file) return tl::unexpected(file.error());
  Result<> done = (*file)->write_at(0, encode(identity));
  if (done) done = (*file)->sync();
  if (done) done = files.rename(aside, path);
  if (done) done = files.sync_folder(folder);
  return done;
}

Result<Identity> read_identity(Files& files, const std::string& folder) {
  std::string path = join(folder, kIdentityName);
  auto file = files.open(path, OpenMode::existing);
  if (!file) return tl::unexpected(file.error());
  auto bytes = (*file)->read_at(0, kBytesMax);
  if (!bytes) return tl::unexpected(bytes.error());
  auto identity = decode_identity(*bytes);
  if (!identity) return fail(identity.error().code, "read " + path + ": " + identity.error().what);
  return identity;
}

}  // namespace skiff::store

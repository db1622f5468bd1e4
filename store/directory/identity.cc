#include "store/directory/identity.h"

#include "raft/check.h"
#include "src/base/bytes.h"
#include "src/base/narrow.h"
#include "src/base/try.h"
#include "store/files/small_file.h"

namespace skiff::store {
namespace {

constexpr std::string_view kMagic = "skiff-id";
constexpr uint32_t kVersion = 1;

}  // namespace

std::string encode(const Identity& identity) {
  std::string out;
  put_number(out, identity.cluster);
  put_number(out, identity.node);
  put_number(out, narrow<uint32_t>(identity.founders.size()));
  for (const Founder& founder : identity.founders) {
    put_number(out, founder.id);
    put_number(out, narrow<uint16_t>(founder.address.size()));
    out.append(founder.address);
  }
  return seal(kMagic, kVersion, out);
}

Result<Identity> decode_identity(std::string_view bytes) {
  TRY(const auto content, unseal(kMagic, kVersion, bytes));
  ByteReader reader(content);
  Identity identity;
  identity.cluster = reader.number<uint64_t>();
  identity.node = reader.number<uint64_t>();
  auto founders = reader.number<uint32_t>();
  for (uint32_t count = 0; count < founders && reader.ok(); ++count) {
    auto id = reader.number<uint64_t>();
    auto length = reader.number<uint16_t>();
    identity.founders.push_back({id, std::string(reader.bytes(length))});
  }
  if (!reader.done()) return fail(Error::Code::corrupt, "its length is wrong");
  return identity;
}

Result<> write_identity(Files& files, const std::string& directory, const Identity& identity) {
  return write_small_file(files, directory, kIdentityName, encode(identity));
}

Result<Identity> read_identity(Files& files, const std::string& directory) {
  const std::string path = join(directory, kIdentityName);
  TRY(const auto bytes, read_small_file(files, path));
  if (!bytes) return fail(Error::Code::io, "read " + path + ": there is none");
  auto identity = decode_identity(*bytes);
  if (!identity) return fail("read " + path, identity.error());
  return identity;
}

}  // namespace skiff::store

// Loading of snapshots and backups. The first byte of the input chooses how the rest becomes a file:
//   bytes    as they are
//   blocks   with good checksums, of whatever bytes: each is its length, of two bytes, and its bytes
// A loaded snapshot is written again as one that loads the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "raft/check.h"
#include "src/base/bytes.h"
#include "src/base/crc32c.h"
#include "src/base/try.h"
#include "store/snapshot/snapshot.h"
#include "tests/support/memory_files.h"

namespace skiff::store::snapshot_fuzz {

std::string blocks_of(ByteReader input) {
  std::string bytes;
  while (input.ok() && !input.rest().empty()) {
    const auto length = input.number<uint16_t>();
    const std::string_view data = input.bytes(length);
    std::string prefix;
    put_number(prefix, static_cast<uint64_t>(bytes.size()));
    put_number(prefix, static_cast<uint32_t>(data.size()));
    put_number(bytes, crc32c_extend(crc32c(prefix), data));
    put_number(bytes, static_cast<uint32_t>(data.size()));
    bytes.append(data);
  }
  return bytes;
}

Result<LoadedSnapshot> load(const std::string& bytes) {
  testing::MemoryFiles files;
  files.set_content("snapshot", bytes);
  auto file = files.open("snapshot", OpenMode::read);
  TRY(const auto head, read_snapshot_head(**file, "snapshot"));
  return load_snapshot(**file, "snapshot", head.cluster);
}

void look_at(std::string_view input) {
  if (input.empty()) return;
  const bool is_raw = input[0] % 2 == 0;
  auto loaded = load(is_raw ? std::string(input.substr(1)) : blocks_of(ByteReader(input.substr(1))));
  if (!loaded) return;
  std::string again;
  for (SnapshotMaker maker(loaded->kv, loaded->mark, 1); !maker.is_done();) again += maker.next(100);
  auto reloaded = load(again);
  CHECK(reloaded.has_value());
  CHECK(reloaded->kv.digest() == loaded->kv.digest());
  CHECK(reloaded->mark.position == loaded->mark.position);
}

}  // namespace skiff::store::snapshot_fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  skiff::store::snapshot_fuzz::look_at({reinterpret_cast<const char*>(data), size});
  return 0;
}

#include "store/state/kv_key.h"

#include <algorithm>
#include <new>
#include <utility>

#include "raft/check.h"
#include "src/base/narrow.h"

namespace skiff::store {
namespace {

// A row of versions may have so many empty elements at its front, or as many as it has versions.
constexpr size_t kGapMax = 64;

}  // namespace

Version Version::of(Revision revision, raft::Payload holder, uint64_t value_offset, uint64_t key_bytes,
                    uint64_t value_bytes, bool is_removed) {
  CHECK(revision > 0);
  CHECK(holder != nullptr);
  CHECK(key_bytes <= kKeyBytesMask);
  CHECK(key_bytes <= value_offset);
  CHECK(value_offset <= kValueOffsetMax);
  CHECK(value_offset + value_bytes <= holder->size());
  Version version{.revision = revision,
                  .holder = std::move(holder),
                  .value_bytes = narrow<uint32_t>(value_bytes),
                  .value_offset = narrow<uint16_t>(value_offset)};
  version.key_bytes = key_bytes & kKeyBytesMask;
  version.is_removed = is_removed;
  return version;
}

Key::Owned Key::make(std::string_view name, uint32_t hash) {
  CHECK(name.size() <= kKeyBytesMax);
  return Owned(::new (::operator new(sizeof(Key) + name.size())) Key(name, hash));
}

Key::Key(std::string_view name, uint32_t name_hash) : hash(name_hash), name_bytes(narrow<uint32_t>(name.size())) {
  name.copy(reinterpret_cast<char*>(this + 1), name.size());
}

void Key::Delete::operator()(Key* key) const {
  key->~Key();
  ::operator delete(key);
}

size_t Key::count_until(Revision revision) const {
  if (newest.revision <= revision) return size();
  if (!older) return 0;
  auto is_later = [](Revision at, const Version& version) { return at < version.revision; };
  auto first = older->versions.begin() + static_cast<std::ptrdiff_t>(older->first);
  return static_cast<size_t>(std::upper_bound(first, older->versions.end(), revision, is_later) - first);
}

void Key::drop_first() {
  CHECK(older != nullptr);
  auto& versions = older->versions;
  CHECK(older->first < versions.size());
  versions[older->first++] = {};
  if (older->first == versions.size()) {
    older.reset();
  } else if (older->first >= kGapMax && older->first * 2 >= versions.size()) {
    versions.erase(versions.begin(), versions.begin() + static_cast<std::ptrdiff_t>(older->first));
    older->first = 0;
  }
}

}  // namespace skiff::store

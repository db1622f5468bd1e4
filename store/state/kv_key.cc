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

Version Version::of(Revision revision, uint64_t order, VersionBytes bytes, const VersionFacts& facts) {
  CHECK(revision > 0);
  CHECK(bytes.holder != nullptr);
  CHECK(bytes.key_bytes <= kKeyBytesMask);
  CHECK(bytes.key_bytes <= bytes.value_offset);
  CHECK(bytes.value_offset + bytes.value_bytes <= bytes.holder->size());
  CHECK(facts.number <= kVersionNumberMax);
  if (bytes.is_removed) CHECK(facts == VersionFacts{});
  if (!bytes.is_removed) CHECK(facts.number > 0);
  CHECK((facts.create_revision == 0) == bytes.is_removed);
  CHECK(facts.create_revision <= revision);
  Version version{.revision = revision,
                  .create_revision = facts.create_revision,
                  .lease = facts.lease,
                  .holder = std::move(bytes.holder),
                  .value_offset = narrow<uint32_t>(bytes.value_offset),
                  .value_bytes = narrow<uint32_t>(bytes.value_bytes),
                  .order = narrow<uint32_t>(order),
                  .number_low = static_cast<uint32_t>(facts.number)};
  version.number_high = (facts.number >> 32) & 0xffff;
  version.key_bytes = bytes.key_bytes & kKeyBytesMask;
  version.is_removed = bytes.is_removed;
  CHECK(version.number() == facts.number);
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

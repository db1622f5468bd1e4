// Key: a key of the map and its versions, from old to new.
//
// The newest version is in the key itself, because most reads want it. The older ones are in a row of their own, whose
// front is cut off as the history is cut. A Key never moves: the index and the history point to it.
//
// Values are not copied: a version holds the payload of the entry that wrote it, which contains key and value.
//
// Always: revisions rise from old to new; `older`, if not null, holds at least one version.
#pragma once

#include <absl/container/inlined_vector.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "raft/types.h"
#include "store/state/operation.h"

namespace skiff::store {

// The numbers of a version, in etcd's words. All are 0 for a removal.
struct VersionFacts {
  Revision create_revision = 0;  // of the put that made the key, after which it was there without a break
  uint64_t number = 0;           // of the puts since then, that one included: etcd's `version`
  LeaseId lease = 0;             // that the key hangs on
  auto operator<=>(const VersionFacts&) const = default;
};

// The bytes of a version: a key right before `value_offset` in the holder, and a value right behind it.
struct VersionBytes {
  raft::Payload holder;
  uint64_t value_offset = 0;
  uint64_t key_bytes = 0;
  uint64_t value_bytes = 0;
  bool is_removed = false;
};

struct Version {
  Revision revision = 0;  // that made it: etcd's mod_revision
  Revision create_revision = 0;
  LeaseId lease = 0;
  raft::Payload holder;
  uint64_t digest = 0;  // kept, so that a cut does not read old bytes
  uint32_t value_offset = 0;
  uint32_t value_bytes = 0;
  uint32_t order = 0;  // among the changes of its revision, from 0
  uint32_t number_high : 16 = 0;
  uint32_t key_bytes : 15 = 0;
  uint32_t is_removed : 1 = 0;
  uint32_t number_low = 0;

  // Requires: all numbers fit. A number that was cut silently would make a version of other bytes.
  static Version of(Revision revision, uint64_t order, VersionBytes bytes, const VersionFacts& facts);

  std::string_view key() const { return (*holder).substr(value_offset - key_bytes, key_bytes); }
  std::string_view value() const { return (*holder).substr(value_offset, value_bytes); }
  uint64_t bytes() const { return uint64_t{key_bytes} + value_bytes; }
  uint64_t number() const { return uint64_t{number_high} << 32 | number_low; }
  VersionFacts facts() const { return {.create_revision = create_revision, .number = number(), .lease = lease}; }
};
static_assert(sizeof(Version) == 64);  // one line of the cache; there are many
constexpr uint64_t kVersionNumberMax = (uint64_t{1} << 48) - 1;
constexpr uint32_t kKeyBytesMask = 0x7fff;
static_assert(kKeyBytesMax <= kKeyBytesMask);

// The overwritten versions of a key, from `first` on.
struct OlderVersions {
  absl::InlinedVector<Version, 1> versions;
  size_t first = 0;
};

class Key {
 public:
  struct Delete {
    void operator()(Key* key) const;
  };
  using Owned = std::unique_ptr<Key, Delete>;
  // Puts the bytes of the name right behind the key, where a look-up compares them. Requires: at most kKeyBytesMax.
  static Owned make(std::string_view name, uint32_t hash);
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  std::string_view name() const { return {reinterpret_cast<const char*>(this + 1), name_bytes}; }
  size_t size() const { return older ? older->versions.size() - older->first + 1 : 1; }
  const Version& at(size_t index) const { return index + 1 == size() ? newest : older->versions[older->first + index]; }
  // Returns how many versions are not newer than `revision`.
  size_t count_until(Revision revision) const;
  void drop_first();  // Requires: size() > 1.

  Key* next = nullptr;  // in the same bucket of KeyIndex
  const uint32_t hash;  // of its name
  const uint32_t name_bytes;
  std::unique_ptr<OlderVersions> older;  // null if there are none
  Version newest;                        // its revision is 0 if there is none yet

 private:
  Key(std::string_view name, uint32_t hash);
  ~Key() = default;
};

}  // namespace skiff::store

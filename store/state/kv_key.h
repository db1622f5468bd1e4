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
#include "store/state/command.h"

namespace skiff::store {

using Revision = uint64_t;  // from 1; 0 is the empty map

struct Version {
  Revision revision = 0;
  raft::Payload holder;  // contains the key, and right behind it the value
  uint64_t digest = 0;   // kept, so that a cut does not read old bytes
  uint32_t value_bytes = 0;
  uint16_t value_offset = 0;
  uint16_t key_bytes : 15 = 0;
  uint16_t is_removed : 1 = 0;

  // Requires: a key right before `value_offset`, a value right behind it, and all numbers fit. A number that was cut
  // silently would make a version of other bytes.
  static Version of(Revision revision, raft::Payload holder, uint64_t value_offset, uint64_t key_bytes,
                    uint64_t value_bytes, bool is_removed);

  std::string_view key() const { return std::string_view(*holder).substr(value_offset - key_bytes, key_bytes); }
  std::string_view value() const { return std::string_view(*holder).substr(value_offset, value_bytes); }
  uint64_t bytes() const { return uint64_t{key_bytes} + value_bytes; }
};
static_assert(sizeof(Version) == 32);  // there are many
constexpr uint16_t kKeyBytesMask = 0x7fff;
static_assert(kKeyBytesMax <= kKeyBytesMask);
// A value begins near the front of its payload, behind the head of a command and one key. An operation of several keys
// needs a wider offset.
constexpr uint64_t kValueOffsetMax = UINT16_MAX;
static_assert(2 * kKeyBytesMax <= kValueOffsetMax);

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

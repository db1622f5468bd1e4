#include "store/state/key_index.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "raft/check.h"

namespace skiff::store {
namespace {

using HashKey = std::array<uint8_t, crypto_shorthash_KEYBYTES>;

HashKey random_key() {
  CHECK(sodium_init() >= 0);
  HashKey key;
  crypto_shorthash_keygen(key.data());
  return key;
}

uint32_t hash_of(std::string_view name) {
  static const HashKey key = random_key();
  std::array<uint8_t, crypto_shorthash_BYTES> hash;
  crypto_shorthash(hash.data(), reinterpret_cast<const uint8_t*>(name.data()), name.size(), key.data());
  uint32_t part = 0;
  std::memcpy(&part, hash.data(), sizeof part);
  return part;
}

// The bucket that this one was split from: its number without the highest bit. Requires: bucket > 0.
size_t split_from(size_t bucket) { return bucket ^ std::bit_floor(bucket); }

}  // namespace

Key* KeyIndex::find(std::string_view name) const { return find(name, hash_of(name)); }

Key* KeyIndex::find(std::string_view name, uint32_t hash) const {
  if (buckets_.empty()) return nullptr;
  for (Key* key = buckets_[bucket_of(hash)]; key != nullptr; key = key->next) {
    if (key->hash == hash && key->name() == name) return key;
  }
  return nullptr;
}

// In passes: each follows the pointers that the one before prefetched, so that the cache misses of one pass overlap.
void KeyIndex::prefetch(const std::vector<std::string_view>& names) const {
  if (buckets_.empty()) return;
  std::vector<Key* const*> buckets;
  buckets.reserve(names.size());
  for (const std::string_view name : names) {
    buckets.push_back(&buckets_[bucket_of(hash_of(name))]);
    __builtin_prefetch(buckets.back());
  }
  for (Key* const* bucket : buckets) {
    if (*bucket == nullptr) continue;
    __builtin_prefetch(*bucket);
    __builtin_prefetch(*bucket + 1);  // its name
  }
  for (Key* const* bucket : buckets) {
    if (*bucket != nullptr) __builtin_prefetch((*bucket)->older.get());
  }
}

// The keys of a bucket that is not there yet are in the bucket from which it will be split.
size_t KeyIndex::bucket_of(uint32_t hash) const {
  const size_t bucket = hash & (std::bit_ceil(buckets_.size()) - 1);
  return bucket < buckets_.size() ? bucket : split_from(bucket);
}

Key& KeyIndex::find_or_add(std::string_view name) {
  const uint32_t hash = hash_of(name);
  if (Key* key = find(name, hash)) return *key;
  return add(order_.lower_bound(name), name, hash);
}

Key& KeyIndex::append(std::string_view name) {
  if (!order_.empty()) CHECK(last()->name() < name);
  return add(order_.end(), name, hash_of(name));
}

Key& KeyIndex::add(Iterator before, std::string_view name, uint32_t hash) {
  const size_t keys = order_.size();
  Key& key = **order_.insert(before, Key::make(name, hash));
  CHECK(order_.size() == keys + 1);
  grow();
  Key*& bucket = buckets_[bucket_of(hash)];
  key.next = std::exchange(bucket, &key);
  CHECK(buckets_.size() == order_.size());
  return key;
}

void KeyIndex::erase(const Key& key) {
  CHECK(!buckets_.empty());
  Key** link = &buckets_[bucket_of(key.hash)];
  while (*link != &key) {
    CHECK(*link != nullptr);
    link = &(*link)->next;
  }
  *link = key.next;
  shrink();
  const auto found = order_.find(key.name());
  CHECK(found != order_.end());
  order_.erase(found);
  CHECK(buckets_.size() == order_.size());
}

void KeyIndex::grow() {
  const size_t added = buckets_.size();
  buckets_.push_back(nullptr);
  if (added == 0) return;
  Key** link = &buckets_[split_from(added)];
  while (Key* key = *link) {
    if (bucket_of(key->hash) == added) {
      *link = key->next;
      key->next = std::exchange(buckets_[added], key);
    } else {
      link = &key->next;
    }
  }
}

void KeyIndex::shrink() {
  Key* orphans = buckets_.back();
  buckets_.pop_back();
  if (orphans == nullptr) return;
  CHECK(!buckets_.empty());
  Key** link = &buckets_[split_from(buckets_.size())];
  while (*link != nullptr) link = &(*link)->next;
  *link = orphans;
}

size_t KeyIndex::longest_chain() const {
  size_t longest = 0;
  for (const Key* key : buckets_) {
    size_t length = 0;
    for (; key != nullptr; key = key->next) ++length;
    longest = std::max(longest, length);
  }
  return longest;
}

}  // namespace skiff::store

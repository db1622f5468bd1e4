#include "store/key_index.h"

#include <absl/hash/hash.h>

#include <bit>
#include <utility>

#include "raft/check.h"

namespace skiff::store {
namespace {

uint32_t hash_of(std::string_view name) { return static_cast<uint32_t>(absl::HashOf(name)); }

// With so many buckets there are, a bucket is what this many low bits of the hash say.
size_t mask_of(size_t buckets) { return std::bit_ceil(buckets) - 1; }

// The bucket whose keys the last of so many buckets takes half of. Requires: more than one.
size_t split_for(size_t buckets) { return (buckets - 1) ^ std::bit_floor(buckets - 1); }

}  // namespace

Key* KeyIndex::find(std::string_view name) const { return find(name, hash_of(name)); }

Key* KeyIndex::find(std::string_view name, uint32_t hash) const {
  if (buckets_.empty()) return nullptr;
  for (Key* key = buckets_[bucket_of(hash)]; key != nullptr; key = key->next) {
    if (key->hash == hash && key->name() == name) return key;
  }
  return nullptr;
}

// In three passes, each of which looks at what the one before has asked for: while one is on its way, so are all.
void KeyIndex::expect(const std::vector<std::string_view>& names) const {
  if (buckets_.empty()) return;
  std::vector<Key* const*> buckets;
  buckets.reserve(names.size());
  for (const std::string_view name : names) {
    buckets.push_back(&buckets_[bucket_of(hash_of(name))]);
    __builtin_prefetch(buckets.back());
  }
  for (Key* const* bucket : buckets) {
    __builtin_prefetch(*bucket);
    __builtin_prefetch(*bucket + 1);  // its name
  }
  for (Key* const* bucket : buckets) {
    if (*bucket != nullptr) __builtin_prefetch((*bucket)->older.get());
  }
}

// Buckets are split in order. One that has not come yet has its keys in the one that it will be split from.
size_t KeyIndex::bucket_of(uint32_t hash) const {
  const size_t mask = mask_of(buckets_.size());
  const size_t bucket = hash & mask;
  return bucket < buckets_.size() ? bucket : bucket & (mask >> 1);
}

Key& KeyIndex::find_or_add(std::string_view name) {
  const uint32_t hash = hash_of(name);
  if (Key* key = find(name, hash)) return *key;
  return add(order_.lower_bound(name), name, hash);
}

Key& KeyIndex::append(std::string_view name) { return add(order_.end(), name, hash_of(name)); }

Key& KeyIndex::add(Place before, std::string_view name, uint32_t hash) {
  const size_t keys = order_.size();
  Key& key = **order_.insert(before, Key::make(name, hash));
  CHECK(order_.size() == keys + 1);
  grow();
  Key*& bucket = buckets_[bucket_of(hash)];
  key.next = std::exchange(bucket, &key);
  return key;
}

void KeyIndex::erase(const Key& key) {
  Key** link = &buckets_[bucket_of(key.hash)];
  while (*link != &key) {
    CHECK(*link != nullptr);
    link = &(*link)->next;
  }
  *link = key.next;
  shrink();
  const auto place = order_.find(key.name());
  CHECK(place != order_.end());
  order_.erase(place);
}

void KeyIndex::grow() {
  const size_t added = buckets_.size();
  buckets_.push_back(nullptr);
  if (added == 0) return;
  const size_t mask = mask_of(buckets_.size());
  Key** link = &buckets_[split_for(buckets_.size())];
  while (Key* key = *link) {
    if ((key->hash & mask) != added) {
      link = &key->next;
      continue;
    }
    *link = key->next;
    key->next = std::exchange(buckets_[added], key);
  }
}

void KeyIndex::shrink() {
  Key* orphans = buckets_.back();
  if (buckets_.size() > 1) {
    Key** end = &buckets_[split_for(buckets_.size())];
    while (*end != nullptr) end = &(*end)->next;
    *end = orphans;
  } else {
    CHECK(orphans == nullptr);
  }
  buckets_.pop_back();
}

}  // namespace skiff::store

// KeyIndex: owns the keys of the map, finds one by its name, and keeps all of them in order.
//
// A look-up goes through a table of buckets, by a hash of the name: one or two cache misses, however many keys there
// are. The order is a tree of pointers. Only new keys, erased keys and walks touch it.
//
// The table is a linear hash (Litwin 1980): it grows by one bucket with every new key, shrinks by one with every erased
// key, and moves only the keys of one bucket. It is never copied; only the block list of std::deque is, a sixty-fourth
// of its size.
//
// The hash is SipHash (Aumasson and Bernstein 2012) under a key drawn at random in every process, so that a client
// cannot choose keys that make one long chain. Nothing visible depends on the hash: walks use the order of the tree.
//
// Always: there are as many buckets as keys.
#pragma once

#include <absl/container/btree_set.h>
#include <absl/types/compare.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "store/state/kv_key.h"

namespace skiff::store {

class KeyIndex {
 private:
  // A three-way comparison: "less" would need two calls.
  struct ByName {
    using is_transparent = void;
    static std::string_view name(std::string_view name) { return name; }
    static std::string_view name(const Key::Owned& key) { return key->name(); }
    template <class One, class Other>
    absl::weak_ordering operator()(const One& one, const Other& other) const {
      const int order = name(one).compare(name(other));
      if (order == 0) return absl::weak_ordering::equivalent;
      return order < 0 ? absl::weak_ordering::less : absl::weak_ordering::greater;
    }
  };
  using Order = absl::btree_set<Key::Owned, ByName>;

 public:
  using Iterator = Order::const_iterator;

  Key* find(std::string_view name) const;  // null if it is not there
  // Has the processor fetch these keys, which will be looked up soon.
  void prefetch(const std::vector<std::string_view>& names) const;
  // Returns the key of this name; makes it if it is not there.
  Key& find_or_add(std::string_view name);
  // Requires: name is behind all keys.
  Key& append(std::string_view name);
  // Requires: key belongs to this index.
  void erase(const Key& key);

  bool is_empty() const { return order_.empty(); }
  Iterator lower_bound(std::string_view name) const { return order_.lower_bound(name); }
  Iterator end() const { return order_.end(); }
  Key* last() const { return order_.empty() ? nullptr : order_.rbegin()->get(); }
  size_t longest_chain() const;  // walks all of them, for tests

 private:
  Key* find(std::string_view name, uint32_t hash) const;
  Key& add(Iterator before, std::string_view name, uint32_t hash);
  size_t bucket_of(uint32_t hash) const;  // Requires: there are buckets
  void grow();
  void shrink();

  Order order_;
  std::deque<Key*> buckets_;  // the first key of each; Key::next leads to the others
};

}  // namespace skiff::store

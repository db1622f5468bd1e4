#include "store/state/key_index.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <vector>

#include "raft/random.h"
#include "tests/support/catch.h"

namespace skiff::store::key_index_test {

std::vector<std::string> in_order(const KeyIndex& index, std::string_view from = {}) {
  std::vector<std::string> names;
  for (auto key = index.lower_bound(from); key != index.end(); ++key) names.emplace_back((*key)->name());
  return names;
}

TEST_CASE("a key is found until it is erased, and is the same one all that time") {
  KeyIndex index;
  REQUIRE(index.find("a") == nullptr);
  index.prefetch({"a"});  // nothing is there: nothing happens
  Key& key = index.find_or_add("a");
  REQUIRE(key.name() == "a");
  REQUIRE(&index.find_or_add("a") == &key);
  REQUIRE(index.find("a") == &key);
  REQUIRE(index.find("b") == nullptr);
  index.prefetch({"a", "b"});
  index.erase(key);
  REQUIRE(index.find("a") == nullptr);
  REQUIRE(index.is_empty());
}

TEST_CASE("names are bytes: zeros, prefixes and the longest are keys of their own") {
  KeyIndex index;
  const std::vector<std::string> names = {std::string("\0", 1), "a", std::string("a\0", 2), "ab",
                                          std::string(kKeyBytesMax, 'x')};
  for (const std::string& name : names) index.find_or_add(name);
  REQUIRE(in_order(index) == names);
  for (const std::string& name : names) REQUIRE(index.find(name)->name() == name);
}

TEST_CASE("the order goes on from any place, whether a key stands there or not") {
  KeyIndex index;
  for (const char* name : {"c", "a", "e"}) index.find_or_add(name);
  REQUIRE(in_order(index, "b") == std::vector<std::string>{"c", "e"});
  REQUIRE(in_order(index, "c") == std::vector<std::string>{"c", "e"});
  REQUIRE(in_order(index, "f").empty());
  REQUIRE(index.last()->name() == "e");
  const Key& last = index.append("g");
  REQUIRE(&last == index.last());
}

// Where eight bytes of a key equal a constant that it multiplies by, abseil's hash of 2022 forgets its seed and the
// rest of the key: with it, these made one chain in every process.
TEST_CASE("keys chosen against a well-known hash are spread like any others") {
  KeyIndex index;
  for (int number = 0; number < 2'000; ++number) {
    index.find_or_add(fmt::format("/{:015}\x44\x73\x70\x03\x2e\x8a\x19\x13 tail", number));
  }
  REQUIRE(index.longest_chain() <= 16);  // by chance there are more in one run of a hundred million
}

// Grows and shrinks past several powers of two, so that buckets are split and joined at both ends of the table.
TEST_CASE("whatever comes and goes, each key that is there is found, and no other") {
  const uint64_t seed = GENERATE(1, 2, 3);
  raft::Random random(seed);
  KeyIndex index;
  std::set<std::string> model;
  const auto check = [&] {
    for (int number = 0; number < 2'000; ++number) {
      const std::string name = fmt::format("key-{}", number);
      const Key* key = index.find(name);
      REQUIRE((key != nullptr) == model.contains(name));
      if (key != nullptr) REQUIRE(key->name() == name);
    }
    REQUIRE(in_order(index) == std::vector<std::string>(model.begin(), model.end()));
  };
  for (int phase = 0; phase < 6; ++phase) {
    const bool grows = phase % 2 == 0;
    for (int step = 0; step < 1'500; ++step) {
      const std::string name = fmt::format("key-{}", random.below(2'000));
      if (random.below(10) < (grows ? 8u : 1u)) {
        index.find_or_add(name);
        model.insert(name);
      } else if (Key* key = index.find(name)) {
        index.erase(*key);
        model.erase(name);
      }
    }
    check();
  }
  while (!index.is_empty()) {
    model.erase(std::string(index.last()->name()));
    index.erase(*index.last());
    if (model.size() % 64 == 63) check();  // on both sides of each power of two from 64 on
  }
}

}  // namespace skiff::store::key_index_test

// Random writes, cuts, pins and copies of a map, compared with a plain model.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "raft/random.h"
#include "store/state/kv.h"
#include "tests/store/state/kv_world.h"
#include "tests/support/catch.h"

namespace skiff::store::kv_model_test {

using namespace kv_world;

// A simple model of a map: all versions there ever were, and where they were cut.
struct Model {
  std::map<std::string, std::map<Revision, std::optional<std::string>>> keys;
  Revision revision = 0;
  Revision compacted = 0;

  bool is_there(const std::string& key) const {
    auto found = keys.find(key);
    return found != keys.end() && found->second.rbegin()->second.has_value();
  }
  void remove_range(const std::string& first, const std::string& end) {
    bool has_changed = false;
    for (auto key = keys.lower_bound(first); key != keys.end() && key->first < end; ++key) {
      if (!is_there(key->first)) continue;
      if (!has_changed) ++revision;
      has_changed = true;
      key->second[revision] = std::nullopt;
    }
  }
  std::string at(const std::string& key, Revision at) const {
    auto found = keys.find(key);
    if (found == keys.end()) return "(none)";
    auto after = found->second.upper_bound(at);
    return after == found->second.begin() ? "(none)" : std::prev(after)->second.value_or("(none)");
  }
  Versions versions() const {
    Versions found;
    for (const auto& [key, all] : keys) {
      for (auto version = all.begin(); version != all.end(); ++version) {
        const auto next = std::next(version);
        const bool is_over = next != all.end() && next->first <= compacted;
        const bool is_gone = !version->second && version->first <= compacted;
        if (!is_over && !is_gone) found.emplace_back(key, version->first, version->second.value_or("(removed)"));
      }
    }
    return found;
  }
};

TEST_CASE("random writes, cuts, pins and copies agree with a plain model") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    raft::Random random(seed);
    Writer writer, twin;  // the twin is never pinned, and goes through a copy now and then
    Model model;
    struct Pinned {
      std::unique_ptr<Kv::Pin> pin;
      Summary summary;
      Versions versions;
    };
    std::vector<Pinned> pinned;
    const uint64_t keys = 1 + random.below(30);
    for (int step = 0; step < 1'500; ++step) {
      const std::string key = "/" + std::to_string(random.below(keys));
      const uint64_t dice = random.below(100);
      if (dice < 60) {
        const std::string value = std::to_string(random.next());
        writer.put(key, value), twin.put(key, value);
        model.keys[key][++model.revision] = value;
      } else if (dice < 65) {
        const std::string end = "/" + std::to_string(random.below(keys));
        writer.remove_range(key, end), twin.remove_range(key, end);
        model.remove_range(key, end);
      } else if (dice < 85) {
        writer.remove(key), twin.remove(key);
        if (model.is_there(key)) model.keys[key][++model.revision] = std::nullopt;
      } else if (dice < 90) {
        const Revision revision = 1 + random.below(model.revision + 2);
        writer.compact(revision), twin.compact(revision);
        model.compacted = std::max(model.compacted, std::min(revision, model.revision));
      } else if (dice < 93 && pinned.size() < 3) {
        pinned.push_back(
            {std::unique_ptr<Kv::Pin>(new Kv::Pin(writer.kv.pin())), writer.kv.summary(), model.versions()});
      } else if (dice < 97 && !pinned.empty()) {
        auto gone = pinned.begin() + static_cast<std::ptrdiff_t>(random.below(pinned.size()));
        const Versions found = versions_of(writer.kv, gone->summary, 1 + random.below(5), 1 + random.below(5));
        REQUIRE(found == gone->versions);
        pinned.erase(gone);
      } else if (dice == 97) {
        auto copy = copy_of(twin.kv);
        REQUIRE(copy.has_value());
        std::swap(twin.kv, *copy);
      }
      REQUIRE(writer.kv.revision() == model.revision);
      REQUIRE(writer.kv.compacted() == model.compacted);
      REQUIRE(writer.kv.digest() == twin.kv.digest());
      REQUIRE(writer.kv.history_bytes() == twin.kv.history_bytes());
      if (step % 20 != 0) continue;
      const Versions expected = model.versions();
      REQUIRE(versions_of(writer.kv, writer.kv.summary(), 2, 3) == expected);
      REQUIRE(versions_of(twin.kv) == expected);
      REQUIRE(writer.kv.versions() == expected.size());
      const Revision at = model.compacted + random.below(model.revision - model.compacted + 1);
      for (const auto& [name, versions] : model.keys) REQUIRE(writer.at(name, at) == model.at(name, at));
    }
    pinned.clear();
  }
}

}  // namespace skiff::store::kv_model_test

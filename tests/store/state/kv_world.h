// A map that tests write to, all of its versions, and a copy of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "store/state/command.h"
#include "store/state/kv.h"

namespace skiff::store::kv_world {

using Versions = std::vector<std::tuple<std::string, Revision, std::string>>;  // key, revision, value

// A map and the writes of one node.
struct Writer {
  Kv kv;
  Origin origin{1, 1, 0};

  void put(std::string_view key, std::string_view value) { apply({{}, PutView{key, value}}); }
  void remove(std::string_view key) { apply({{}, DeleteRangeView{key}}); }
  void remove_range(std::string_view key, std::string_view end) { apply({{}, DeleteRangeView{key, end}}); }
  void compact(Revision revision) { apply({{}, Compact{revision}}); }
  void apply(Command command) {
    ++origin.number;
    command.origin = origin;
    kv.apply(kv.applied() + 1, raft::Payload::of(encode(command)));
  }
  std::string at(std::string_view key, Revision revision) const {
    auto value = kv.get(key, revision);
    return value ? std::string(value->bytes) : "(none)";
  }
};

inline Versions versions_of(const Kv& kv, const Summary& as_of, uint64_t keys_at_once = 1'000,
                            uint64_t at_once = 1'000) {
  Versions found;
  VersionPlace place;
  for (bool has_ended = false; !has_ended;) {
    uint64_t left = at_once;
    has_ended = kv.walk_versions(place, as_of, keys_at_once, [&](const VersionRecord& version) {
      found.emplace_back(version.key, version.revision, version.value.value_or("(removed)"));
      return --left > 0;
    });
  }
  return found;
}
inline Versions versions_of(const Kv& kv) { return versions_of(kv, kv.summary()); }

// Another one, made of what this one has; nothing if it does not add up.
inline std::optional<Kv> copy_of(const Kv& kv) {
  std::optional<Kv> copy(std::in_place);
  const Summary summary = kv.summary();
  copy->begin_load(summary.compacted);
  VersionPlace place;
  bool is_good = true;
  kv.walk_versions(place, summary, 1'000'000, [&](const VersionRecord& version) {
    is_good = is_good && copy->load(version);
    return true;
  });
  if (!is_good || !copy->end_load(summary)) copy.reset();
  return copy;
}

}  // namespace skiff::store::kv_world

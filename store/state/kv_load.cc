// Loading a map from the versions of a snapshot. A version that no map can hold, or that does not fit the one before
// it, is refused.
#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "store/state/kv.h"

namespace skiff::store {
namespace {

// Whether there can be such a version, whatever was before it.
bool may_stand_alone(const VersionRecord& version) {
  const VersionFacts& facts = version.facts;
  if (version.revision <= kFirstRevision || version.order > UINT32_MAX) return false;
  if (!version.value) return facts == VersionFacts{};
  const bool is_first = facts.create_revision == version.revision;
  return facts.number > 0 && facts.number <= kVersionNumberMax && is_first == (facts.number == 1) &&
         facts.create_revision > kFirstRevision && facts.create_revision <= version.revision;
}

// Whether it can be the next version of the same key.
bool may_follow(const Version& before, const VersionRecord& version) {
  if (version.revision <= before.revision) return false;
  if (!version.value) return !before.is_removed;
  if (before.is_removed) return version.facts.number == 1;
  return version.facts.number == before.number() + 1 && version.facts.create_revision == before.create_revision;
}

}  // namespace

void Kv::begin_load(Revision compacted) {
  CHECK(keys_by_name_.is_empty());
  CHECK(applied_ == 0);
  CHECK(loading_.empty());
  compacted_ = freed_ = compacted;
}

// The first version of a key is no removal: a removal there would have been cut, or have overwritten a version that is
// kept. Only the first may be older than the cut.
bool Kv::load(const VersionRecord& loaded) {
  if (loaded.key.empty() || loaded.key.size() > kKeyBytesMax || !may_stand_alone(loaded)) return false;
  Key* last = keys_by_name_.last();
  if (last == nullptr || last->name() < loaded.key) {
    if (!loaded.value) return false;
    last = &keys_by_name_.append(loaded.key);
  } else if (loaded.key < last->name() || loaded.revision <= compacted_ || !may_follow(last->newest, loaded)) {
    return false;
  }
  const std::string_view value = loaded.value.value_or(std::string_view());
  raft::Payload holder = raft::Payload::made(loaded.key.size() + value.size(), [&](char* out) {
    loaded.key.copy(out, loaded.key.size());
    value.copy(out + loaded.key.size(), value.size());
  });
  Version version = Version::of(loaded.revision, loaded.order,
                                {.holder = std::move(holder),
                                 .value_offset = loaded.key.size(),
                                 .key_bytes = loaded.key.size(),
                                 .value_bytes = value.size(),
                                 .is_removed = !loaded.value},
                                loaded.facts);
  version.digest = version_digest(version);
  const Change change = add(*last, std::move(version));
  if (loaded.revision > compacted_) loading_.push_back({.change = change, .order = loaded.order});
  return true;
}

// Every revision since the cut left at least one version, and their orders count up from 0.
bool Kv::end_load(const Summary& summary) {
  std::vector<Loading> loaded = std::exchange(loading_, {});
  const auto place = [](const Loading& each) { return std::pair(each.change.revision, each.order); };
  std::sort(loaded.begin(), loaded.end(),
            [&](const Loading& one, const Loading& other) { return place(one) < place(other); });
  revision_ = compacted_;
  uint64_t next_order = 0;
  for (const Loading& each : loaded) {
    const bool is_same = each.change.revision == revision_;
    if (!is_same && each.change.revision != ++revision_) return false;
    if (!is_same) next_order = 0;
    if (each.order != next_order++) return false;
    history_.push_back(each.change);
    history_bytes_ += each.change.bytes;
  }
  for (const Origin& origin : summary.newest) newest_.emplace(origin.node, origin);
  applied_ = summary.applied;
  return compacted_ >= kFirstRevision && compacted_ == summary.compacted && revision_ == summary.revision &&
         keys_ == summary.keys && digest() == summary.digest;
}

}  // namespace skiff::store

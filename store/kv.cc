#include "store/kv.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "raft/check.h"
#include "src/base/crc32c.h"

namespace skiff::store {
namespace {

// The finaliser of SplitMix64: every bit of the input moves every bit of the output.
uint64_t mix(uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  return bits ^ (bits >> 31);
}

// The digest is a sum, so a part can be taken out again and the order of adding does not show.
uint64_t digest_of(Revision revision, std::string_view key, std::string_view value, bool removed) {
  uint64_t contents = uint64_t{crc32c(key)} << 32 | crc32c(value);
  uint64_t lengths = uint64_t{key.size()} << 33 | uint64_t{value.size()} << 1 | uint64_t{removed};
  return mix(mix(mix(contents) + lengths) + revision);
}

uint64_t digest_of(const Origin& origin) { return mix(mix(mix(origin.node + 1) + origin.incarnation) + origin.number); }

}  // namespace

Outcome Kv::apply(raft::Index index, const raft::Payload& payload) {
  step_to(index);
  CHECK(payload != nullptr);
  Result<Command> command = decode(*payload);
  CHECK(command.has_value());

  if (!take_newer(command->origin)) return {Outcome::Kind::repeated, revision_, command->origin};
  switch (command->verb) {
    case Verb::put: put(*command, payload); break;
    case Verb::remove: remove(*command); break;
  }
  return {Outcome::Kind::done, revision_, command->origin};
}

void Kv::skip(raft::Index index) { step_to(index); }

void Kv::step_to(raft::Index index) {
  CHECK(index == applied_ + 1);
  applied_ = index;
}

bool Kv::take_newer(const Origin& origin) {
  auto [mark, is_first] = newest_.try_emplace(origin.node, origin);
  if (!is_first) {
    if (origin <= mark->second) return false;
    digest_ -= digest_of(mark->second);
    mark->second = origin;
  }
  digest_ += digest_of(origin);
  return true;
}

void Kv::put(const Command& command, const raft::Payload& payload) {
  ++revision_;
  auto found = map_.find(command.key);
  if (found == map_.end()) found = map_.try_emplace(std::string(command.key)).first;
  Versions& versions = found->second;
  if (versions.empty() || versions.back().holder == nullptr) ++keys_;
  auto offset = static_cast<uint32_t>(command.value.data() - payload->data());
  versions.push_back({revision_, payload, offset, static_cast<uint32_t>(command.value.size())});
  take_digest(command.key, versions.back());
}

void Kv::remove(const Command& command) {
  auto found = map_.find(command.key);
  if (found == map_.end() || found->second.back().holder == nullptr) return;
  ++revision_;
  --keys_;
  found->second.push_back({revision_, nullptr, 0, 0});
  take_digest(command.key, found->second.back());
}

void Kv::take_digest(std::string_view key, const Version& version) {
  const bool removed = version.holder == nullptr;
  digest_ += digest_of(version.revision, key, removed ? std::string_view() : version.view(), removed);
}

std::optional<Value> Kv::get(std::string_view key, Revision at) const {
  CHECK(at <= revision_);
  auto found = map_.find(key);
  if (found == map_.end()) return std::nullopt;
  const Version* version = version_at(found->second, at);
  if (version == nullptr) return std::nullopt;
  return Value{version->view(), version->revision, version->holder};
}

void Kv::walk(std::string_view first, std::string_view end, Revision at, const Visit& visit) const {
  CHECK(at <= revision_);
  for (auto place = map_.lower_bound(first); place != map_.end(); ++place) {
    if (!end.empty() && place->first >= end) return;
    const Version* version = version_at(place->second, at);
    if (version == nullptr) continue;
    if (!visit(place->first, {version->view(), version->revision, version->holder})) return;
  }
}

Summary Kv::summary() const {
  Summary summary{.applied = applied_, .revision = revision_, .keys = keys_, .digest = digest_, .newest = {}};
  for (const auto& [node, origin] : newest_) summary.newest.push_back(origin);
  return summary;
}

void Kv::walk_versions(std::string_view key, Revision revision, Revision at, const VisitVersion& visit) const {
  for (auto place = map_.lower_bound(key); place != map_.end(); ++place) {
    for (const Version& version : place->second) {
      if (place->first == key && version.revision <= revision) continue;
      if (version.revision > at) break;
      std::optional<std::string_view> value;
      if (version.holder != nullptr) value = version.view();
      if (!visit({place->first, version.revision, value})) return;
    }
  }
}

bool Kv::load(const VersionRecord& loaded) {
  auto last = map_.empty() ? map_.end() : std::prev(map_.end());
  if (loaded.key.empty() || loaded.revision == 0) return false;
  if (last == map_.end() || last->first != loaded.key) {
    const bool is_first_removed = !loaded.value;  // nothing was there that could have been
    if (is_first_removed || (last != map_.end() && loaded.key < last->first)) return false;
    if (last != map_.end()) keys_ += last->second.back().holder != nullptr;
    last = map_.try_emplace(map_.end(), std::string(loaded.key));
  } else if (loaded.revision <= last->second.back().revision) {
    return false;
  }
  Version version{.revision = loaded.revision};
  if (loaded.value) {
    version.holder = std::make_shared<const std::string>(*loaded.value);
    version.bytes = static_cast<uint32_t>(loaded.value->size());
  }
  take_digest(loaded.key, version);
  last->second.push_back(std::move(version));
  revision_ = std::max(revision_, loaded.revision);
  return true;
}

bool Kv::end_load(const Summary& summary) {
  if (!map_.empty()) keys_ += std::prev(map_.end())->second.back().holder != nullptr;
  for (const Origin& origin : summary.newest) {
    newest_.emplace(origin.node, origin);
    digest_ += digest_of(origin);
  }
  if (revision_ > summary.revision || keys_ != summary.keys || digest_ != summary.digest) return false;
  revision_ = summary.revision;
  applied_ = summary.applied;
  return true;
}

void Kv::forget_origins() {
  for (const auto& [node, origin] : newest_) digest_ -= digest_of(origin);
  newest_.clear();
}

// The newest version that is not newer than `at`; null if there was none, or the key was removed then.
const Kv::Version* Kv::version_at(const Versions& versions, Revision at) {
  auto is_later = [](Revision revision, const Version& version) { return revision < version.revision; };
  auto after = std::upper_bound(versions.begin(), versions.end(), at, is_later);
  if (after == versions.begin()) return nullptr;
  const Version& version = *std::prev(after);
  return version.holder == nullptr ? nullptr : &version;
}

}  // namespace skiff::store

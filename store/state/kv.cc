#include "store/state/kv.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"
#include "src/base/crc32c.h"
#include "src/base/narrow.h"
#include "store/state/condition.h"

namespace skiff::store {
namespace {

// So many cut changes are freed with every entry, once they are not pinned any more. A removed range may add many at
// once, which the node frees while it rests (Kv::free_cut).
constexpr uint64_t kFreedPerEntry = 4;

// The finaliser of SplitMix64: every bit of the input moves every bit of the output. 0 stays 0.
uint64_t mix(uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  return bits ^ (bits >> 31);
}

// The key of an operation, and the condition on it. Without a condition that is the first key of a range.
struct Demand {
  std::string_view key, condition;
};
Demand demand_of(const OperationView& operation) {
  if (const auto* put = std::get_if<PutView>(&operation)) return {put->key, put->condition};
  if (const auto* range = std::get_if<DeleteRangeView>(&operation)) return {range->key, range->condition};
  return {};
}

uint64_t digest_of(const Origin& origin) { return mix(mix(mix(origin.node + 1) + origin.incarnation) + origin.number); }

}  // namespace

// ---- writing

Applied Kv::apply(raft::Index index, const raft::Payload& payload) {
  CHECK(payload != nullptr);
  const Result<Command> command = decode(*payload);
  CHECK(command.has_value());
  return apply(index, *command, payload);
}

Applied Kv::apply(raft::Index index, const Command& command, const raft::Payload& payload) {
  step_to(index);
  CHECK(payload != nullptr);
  new_changes_ = 0;
  if (!remember_if_newer(command.origin)) return {Applied::Kind::repeated, revision_, command.origin};
  const auto [key, condition] = demand_of(command.operation);
  if (!condition.empty()) {
    const Revision current = current_revision(key);
    const auto demanded = decode_condition(condition);
    CHECK(demanded.has_value());
    if (!demanded->holds(current) && !MUTANT(condition_not_judged)) {
      return {
          .kind = Applied::Kind::conflict, .revision = revision_, .origin = command.origin, .key_revision = current};
    }
  }
  std::visit([&](const auto& operation) { apply_operation(operation, payload); }, command.operation);
  const bool is_put = std::holds_alternative<PutView>(command.operation);
  return {.kind = Applied::Kind::done,
          .revision = revision_,
          .origin = command.origin,
          .changes = new_changes_,
          .key_revision = is_put ? revision_ : 0};
}

void Kv::prefetch(const std::vector<Command>& page) const {
  std::vector<std::string_view> names;
  names.reserve(page.size());
  for (const Command& command : page) {
    const std::string_view key = demand_of(command.operation).key;
    if (!key.empty()) names.push_back(key);
  }
  keys_by_name_.prefetch(names);
}

void Kv::skip(raft::Index index) { step_to(index); }

void Kv::step_to(raft::Index index) {
  CHECK(index == applied_ + 1);
  applied_ = index;
  free_cut(kFreedPerEntry);
}

bool Kv::remember_if_newer(const Origin& origin) {
  auto [mark, is_first] = newest_.try_emplace(origin.node, origin);
  if (is_first) return true;
  if (origin == mark->second && MUTANT(repeats_take_effect)) return true;
  if (origin <= mark->second) return false;
  mark->second = origin;
  return true;
}

Origin Kv::newest_of(raft::NodeId node) const {
  auto known = newest_.find(node);
  return known == newest_.end() ? Origin{.node = node} : known->second;
}

Revision Kv::current_revision(std::string_view key) const {
  const Key* found = keys_by_name_.find(key);
  return found == nullptr || found->newest.is_removed ? 0 : found->newest.revision;
}

void Kv::apply_operation(const PutView& put, const raft::Payload& payload) {
  change(keys_by_name_.find_or_add(put.key),
         {.holder = payload,
          .value_offset = narrow<uint64_t>(put.key.data() + put.key.size() - payload->data()),
          .key_bytes = put.key.size(),
          .value_bytes = put.value.size()},
         put.lease);
}

void Kv::apply_operation(const DeleteRangeView& range, const raft::Payload&) {
  if (range.end.empty()) {
    Key* key = keys_by_name_.find(range.key);
    if (key != nullptr && !key->newest.is_removed) remove(*key);
    return;
  }
  const bool has_end = range.end != kToTheLast;
  for (auto next = keys_by_name_.lower_bound(range.key); next != keys_by_name_.end(); ++next) {
    Key& key = **next;
    if (has_end && key.name() >= range.end) return;
    if (!key.newest.is_removed) remove(key);
  }
}

void Kv::apply_operation(const Compact& cut, const raft::Payload&) { compact(cut.revision); }

// The bytes of the key are those of the version before, which goes from the history together with the removal.
void Kv::remove(Key& key) {
  CHECK(!key.newest.is_removed);
  const Version& before = key.newest;
  change(key,
         {.holder = before.holder,
          .value_offset = before.value_offset,
          .key_bytes = before.key_bytes,
          .value_bytes = 0,
          .is_removed = true},
         0);
}

// The first change of a command makes a revision, which the others share.
void Kv::change(Key& key, VersionBytes bytes, LeaseId lease) {
  if (new_changes_ == 0) ++revision_;
  CHECK(key.newest.revision < revision_);  // a key changes once in a revision
  VersionFacts facts;
  if (!bytes.is_removed) {
    const bool is_there = key.newest.revision > 0 && !key.newest.is_removed;
    facts = {.create_revision = is_there ? key.newest.create_revision : revision_,
             .number = is_there ? key.newest.number() + 1 : 1,
             .lease = lease};
  }
  Version version = Version::of(revision_, new_changes_++, std::move(bytes), facts);
  version.digest = version_digest(version);
  history_.push_back(add(key, std::move(version)));
  CHECK(history_.back().revision == revision_);
  history_bytes_ += history_.back().bytes;
}

Kv::Change Kv::add(Key& key, Version version) {
  CHECK(version.revision > key.newest.revision);
  Change entry{.key = &key, .revision = version.revision};
  const bool is_first = key.newest.revision == 0;
  if (!is_first && !key.newest.is_removed) {
    CHECK(keys_ > 0);
    entry.bytes = key.newest.bytes();
    --keys_;
  }
  if (version.is_removed) {
    entry.bytes += version.bytes();
  } else {
    ++keys_;
  }
  ++versions_;
  digest_ += version.digest;
  Version before = std::exchange(key.newest, std::move(version));
  if (is_first) return entry;
  if (!key.older) key.older = std::make_unique<OlderVersions>();
  key.older->versions.push_back(std::move(before));
  return entry;
}

// The digest is a sum, so a part can be taken out again and the order of adding does not show.
uint64_t Kv::version_digest(const Version& version) {
  const std::string_view key = version.key(), value = version.value();
  const uint64_t contents = uint64_t{crc32c(key)} << 32 | crc32c(value);
  const uint64_t lengths = uint64_t{key.size()} << 33 | uint64_t{value.size()} << 1 | uint64_t{version.is_removed};
  uint64_t digest = mix(mix(mix(contents) + lengths) + version.revision);
  digest = mix(mix(digest + version.create_revision) + version.number());
  return version.lease == 0 ? digest : mix(digest + version.lease);
}

uint64_t Kv::digest() const {
  uint64_t digest = digest_ + mix(compacted_);
  for (const auto& [node, origin] : newest_) digest += digest_of(origin);
  return digest;
}

// ---- cutting

void Kv::compact(Revision up_to) {
  const Revision before = compacted_;
  up_to = std::min(up_to, revision_);
  if (MUTANT(cut_waits_for_a_snapshot) && !pinned_->empty()) up_to = std::min(up_to, *pinned_->begin());
  if (compacted_ < up_to) prefetch_cut(up_to);
  const uint64_t cut_before = cut_changes_;
  while (cut_changes_ < history_.size() && history_[cut_changes_].revision <= up_to) cut(history_[cut_changes_++]);
  compacted_ = std::max(before, up_to);
  CHECK(compacted_ <= revision_);
  free_cut(cut_changes_ - cut_before);
}

// Versions that are cut were written long ago, and are in no cache. In passes, like KeyIndex::prefetch().
void Kv::prefetch_cut(Revision up_to) const {
  CHECK(freed_ <= compacted_);
  CHECK(cut_changes_ <= history_.size());
  const auto begin = history_.begin() + static_cast<std::ptrdiff_t>(cut_changes_);
  const auto end = first_change_of(up_to + 1);
  for (auto entry = begin; entry != end; ++entry) __builtin_prefetch(entry->key);
  for (auto entry = begin; entry != end; ++entry) __builtin_prefetch(entry->key->older.get());
  for (auto entry = begin; entry != end; ++entry) entry->key->at(0).holder.prefetch();
}

// Pinned versions stay in memory, so several versions that were cut before may still be there.
void Kv::cut(const Change& entry) {
  CHECK(entry.revision > compacted_);
  const size_t count = entry.key->count_until(entry.revision);
  CHECK(count > 0);
  const size_t index = count - 1;
  const Version& version = entry.key->at(index);
  CHECK(version.revision == entry.revision);
  if (index > 0 && !entry.key->at(index - 1).is_removed) forget(entry.key->at(index - 1));
  if (version.is_removed) forget(version);
  CHECK(history_bytes_ >= entry.bytes);
  history_bytes_ -= entry.bytes;
}

Kv::History::const_iterator Kv::first_change_of(Revision revision) const {
  const auto is_earlier = [](const Change& change, Revision wanted) { return change.revision < wanted; };
  return std::lower_bound(history_.begin(), history_.end(), revision, is_earlier);
}

void Kv::forget(const Version& version) {
  CHECK(versions_ > 0);
  digest_ -= version.digest;
  --versions_;
}

bool Kv::free_cut(uint64_t count_max) {
  const Revision limit = may_free_to();
  CHECK(limit <= compacted_);
  const auto has_more = [&] { return cut_changes_ > 0 && history_.front().revision <= limit; };
  for (; count_max > 0 && has_more(); --count_max) free_next();
  return has_more();
}

Revision Kv::may_free_to() const { return pinned_->empty() ? compacted_ : std::min(compacted_, *pinned_->begin()); }

void Kv::free_next() {
  CHECK(cut_changes_ > 0);
  Key& key = *history_.front().key;
  CHECK(history_.front().revision >= freed_);
  freed_ = history_.front().revision;
  history_.pop_front();
  --cut_changes_;
  if (key.at(0).revision < freed_) key.drop_first();
  const Version& version = key.at(0);
  CHECK(version.revision == freed_);
  if (!version.is_removed) return;
  if (key.older) return key.drop_first();
  keys_by_name_.erase(key);
}

Kv::Pin Kv::pin() const { return Pin(pinned_, compacted_); }

// ---- reading

std::optional<Value> Kv::get(std::string_view key, Revision at) const {
  CHECK(remembers(at));
  const Key* found = keys_by_name_.find(key);
  if (found == nullptr) return std::nullopt;
  return value_at(*found, at);
}

void Kv::walk(std::string_view first, std::string_view end, Revision at, const Visit& visit) const {
  CHECK(remembers(at));
  for (auto next = keys_by_name_.lower_bound(first); next != keys_by_name_.end(); ++next) {
    const Key& key = **next;
    if (!end.empty() && key.name() >= end) return;
    std::optional<Value> value = value_at(key, at);
    if (value && !visit(key.name(), *value)) return;
  }
}

// Returns the newest version that is not newer than `at`; none if there is none, or it is a removal.
std::optional<Value> Kv::value_at(const Key& key, Revision at) {
  const size_t count = key.count_until(at);
  if (count == 0) return std::nullopt;
  const Version& version = key.at(count - 1);
  if (version.is_removed) return std::nullopt;
  return Value{version.value(), version.revision, version.facts(), version.holder};
}

// ---- snapshots

Summary Kv::summary() const {
  Summary summary{.applied = applied_,
                  .compacted = compacted_,
                  .revision = revision_,
                  .keys = keys_,
                  .digest = digest(),
                  .newest = {}};
  for (const auto& [node, origin] : newest_) summary.newest.push_back(origin);
  return summary;
}

bool Kv::walk_versions(VersionPlace& place, const Summary& as_of, uint64_t keys_max, const VisitVersion& visit) const {
  CHECK(as_of.revision <= revision_);
  CHECK(as_of.compacted >= freed_);  // it was pinned
  for (auto found = keys_by_name_.lower_bound(place.key); found != keys_by_name_.end(); ++found) {
    const Key& key = **found;
    if (key.name() != place.key && keys_max-- == 0) return false;
    size_t next = key.count_until(as_of.compacted);
    if (next > 0 && !key.at(next - 1).is_removed) --next;
    if (key.name() == place.key) next = std::max(next, key.count_until(place.revision));
    place.key = key.name();
    for (const size_t end = key.count_until(as_of.revision); next < end; ++next) {
      const Version& version = key.at(next);
      std::optional<std::string_view> value;
      if (!version.is_removed) value = version.value();
      place.revision = version.revision;
      const bool is_cut = version.revision <= as_of.compacted;
      if (!visit({key.name(), version.revision, value, version.facts(), is_cut ? 0 : version.order})) return false;
    }
    place.revision = as_of.revision;
  }
  return true;
}

void Kv::forget_origins() { newest_.clear(); }

}  // namespace skiff::store

// Kv: the replicated map. It applies entries in the order of the log, and every node that applied the same entries
// holds the same bytes.
//
// Every key keeps its versions, each under the revision that made it. The revision is 1 in a new map, and one more for
// each command that changed something: a put always does, even with the same value; a remove does if the key was
// there. A command that changes several keys makes one revision, and each key changes once in it at most. So a reader
// at a fixed revision sees a frozen map while writes go on (MVCC).
//
// The history is the row of all changes since the last cut, in the order in which they were made.
//
// A compaction cuts the history: the map before its revision is forgotten. The newest version of a key up to that
// revision stays, unless it is a removal, and so do all later ones. Its cost is in proportion to what it cuts, so
// callers cut a little at a time. The cut takes effect at once; only the memory of pinned versions is freed later, some
// with every entry.
//
// A write may be in the log twice, because the node that accepted it submits it again when the leader changes. So the
// map remembers the newest write of every node, as part of the replicated state, and a write that is not newer does
// nothing (`repeated`). Therefore a node submits its writes in order: a write that a later one of the same node
// overtook never takes effect. A write that a client still waits for when it comes out as `repeated` was overtaken,
// because its first coming would have been answered.
//
// A snapshot is a summary and a pin, taken at the same moment, and a walk over the versions of that moment. The walk
// may take its time: later writes have later revisions, and versions that are cut meanwhile stay in memory. Loading the
// versions in the same order makes the same map.
//
// Always: the same entries give the same revision, outcome and digest on every machine, pinned or not.
#pragma once

#include <absl/container/btree_map.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "raft/check.h"
#include "raft/types.h"
#include "store/state/command.h"
#include "store/state/key_index.h"
#include "store/state/kv_key.h"

namespace skiff::store {

// The effect of one applied command.
struct Applied {
  enum class Kind {
    done,      // it took effect now, even if it removed a key that was not there
    repeated,  // not newer than the last write of this origin: nothing was done
    conflict,  // its condition did not hold: nothing was done
  };
  Kind kind = Kind::done;
  Revision revision = 0;      // of the map, after it
  Origin origin;              // of the write
  uint64_t changes = 0;       // that it made, all of them with that revision
  Revision key_revision = 0;  // that last wrote the operation's key, as it is now; 0: the key is not there
};

// The state of a map besides its versions.
struct Summary {
  raft::Index applied = 0;
  Revision compacted = 0;
  Revision revision = 0;
  uint64_t keys = 0;
  uint64_t digest = 0;
  std::vector<Origin> newest;  // write of each node, in the order of nodes
};

// A version in a snapshot.
struct VersionRecord {
  std::string_view key;
  Revision revision = 0;
  std::optional<std::string_view> value;  // none: removed
  VersionFacts facts;
  uint64_t order = 0;  // among the changes of its revision that are still in the history; else 0
};

// The progress of a walk over all versions: up to this version of this key.
struct VersionPlace {
  std::string key;
  Revision revision = 0;
};

// One version of a key.
struct Value {
  std::string_view bytes;  // valid as long as `holder` lives
  Revision revision = 0;   // of the write
  VersionFacts facts;
  raft::Payload holder;
};

class Kv {
 public:
  Kv() = default;
  Kv(const Kv&) = delete;
  Kv& operator=(const Kv&) = delete;
  Kv(Kv&&) = default;
  Kv& operator=(Kv&&) = default;

  // Applies a command entry. Requires: index == applied() + 1, and decode() accepts the payload.
  Applied apply(raft::Index index, const raft::Payload& payload);
  // The same with the command that decode() gave for this payload.
  Applied apply(raft::Index index, const Command& command, const raft::Payload& payload);

  // Has the processor fetch the keys of these commands, which apply() gets next.
  void prefetch(const std::vector<Command>& page) const;

  // Returns the newest applied write of a node; its number is 0 if there is none.
  Origin newest_of(raft::NodeId node) const;

  // Passes over an entry that is no command. Requires: index == applied() + 1.
  void skip(raft::Index index);

  // Frees the memory of at most `count_max` changes that were cut while they were pinned. Returns whether there are
  // more. Every entry frees some, too.
  bool free_cut(uint64_t count_max);

  // Whether the map can be read as of this revision: it is neither cut nor in the future.
  bool remembers(Revision at) const { return compacted_ <= at && at <= revision_; }
  // Returns the newest version, or none if the key is not there.
  std::optional<Value> get(std::string_view key) const { return get(key, revision_); }
  // Returns the version as of `at`. Requires: remembers(at).
  std::optional<Value> get(std::string_view key, Revision at) const;

  // Visits, in order, the keys from `first` up to but not including `end` (empty: to the last) that are there as of
  // `at`, until `visit` returns false. To go on later, after writes: walk from the last visited key plus a zero byte.
  // Requires: remembers(at); `visit` does not write.
  using Visit = std::function<bool(std::string_view key, const Value& value)>;
  void walk(std::string_view first, std::string_view end, Revision at, const Visit& visit) const;

  Summary summary() const;
  // While map and pin exist, walk_versions() can walk the versions that the map held when the pin was made.
  class Pin;
  Pin pin() const;
  // Visits, by key and revision, the versions that the map held when `as_of` was its summary, from behind `place`,
  // which it moves along, until `visit` returns false or it has looked at `keys_max` more keys. Returns whether it has
  // come to the end. Requires: a pin since that summary; `visit` does not write.
  using VisitVersion = std::function<bool(const VersionRecord& version)>;
  bool walk_versions(VersionPlace& place, const Summary& as_of, uint64_t keys_max, const VisitVersion& visit) const;
  // Copies another map into an empty one: begin_load(), load() for every version in the order of a walk, then
  // end_load(). They return false if the versions are not in that order, or do not add up to that summary. Nothing else
  // may be called until end_load() has returned.
  void begin_load(Revision compacted);
  bool load(const VersionRecord& version);
  bool end_load(const Summary& summary);

  // Forgets the writes of all nodes: for a new cluster, whose nodes count their starts and writes from 1.
  void forget_origins();

  Revision revision() const { return revision_; }
  Revision compacted() const { return compacted_; }  // the oldest revision that can be read
  raft::Index applied() const { return applied_; }
  uint64_t keys() const { return keys_; }          // present now
  uint64_t versions() const { return versions_; }  // of all keys, removals included
  // Bytes of the keys and values that a compaction up to now would cut.
  uint64_t history_bytes() const { return history_bytes_; }
  // Visits the revisions behind `from`, one after the other, each with the bytes that a compaction from the one before
  // to it would cut, until `visit(revision, bytes)` returns false. Requires: compacted() <= from <= revision().
  template <class VisitRevision>
  void walk_history(Revision from, const VisitRevision& visit) const;
  // A checksum of all versions, all origins, and the revision of the last cut. Nodes that applied the same index have
  // the same digest, or one of them is wrong.
  uint64_t digest() const;

 private:
  // A change of one key. Cutting it drops the version that it overwrote, and its own if that is a removal.
  struct Change {
    Key* key = nullptr;
    Revision revision = 0;
    uint64_t bytes = 0;  // of the dropped versions
  };
  using History = std::deque<Change>;
  bool remember_if_newer(const Origin& origin);
  Revision current_revision(std::string_view key) const;
  void apply_operation(const PutView& put, const raft::Payload& payload);
  void apply_operation(const DeleteRangeView& range, const raft::Payload& payload);
  void apply_operation(const Compact& compact, const raft::Payload& payload);
  void remove(Key& key);
  void compact(Revision up_to);
  void prefetch_cut(Revision up_to) const;
  void cut(const Change& change);
  History::const_iterator first_change_of(Revision revision) const;
  void forget(const Version& version);
  Revision may_free_to() const;
  void free_next();
  void step_to(raft::Index index);
  void change(Key& key, VersionBytes bytes, LeaseId lease);
  Change add(Key& key, Version version);
  static std::optional<Value> value_at(const Key& key, Revision at);
  static uint64_t version_digest(const Version& version);

  KeyIndex keys_by_name_;
  History history_;                               // oldest first
  uint64_t cut_changes_ = 0;                      // at its front, that are not freed yet
  absl::btree_map<raft::NodeId, Origin> newest_;  // write of each node that ever wrote
  Revision revision_ = kFirstRevision;
  Revision compacted_ = kFirstRevision;
  Revision freed_ = kFirstRevision;  // the memory of cut versions is freed up to here, but for some of this revision
  uint64_t new_changes_ = 0;         // of the command that is being applied
  raft::Index applied_ = 0;
  uint64_t keys_ = 0;
  uint64_t versions_ = 0;
  uint64_t history_bytes_ = 0;
  uint64_t digest_ = 0;  // of the versions
  using Pinned = std::multiset<Revision>;
  std::shared_ptr<Pinned> pinned_ = std::make_shared<Pinned>();  // shared: the map may move, or end before its pins
  struct Loading {
    Change change;
    uint64_t order = 0;
  };
  std::vector<Loading> loading_;
};

template <class VisitRevision>
void Kv::walk_history(Revision from, const VisitRevision& visit) const {
  CHECK(compacted_ <= from);
  CHECK(from <= revision_);
  for (auto change = first_change_of(from + 1); change != history_.end();) {
    const Revision revision = change->revision;
    uint64_t bytes = 0;
    for (; change != history_.end() && change->revision == revision; ++change) bytes += change->bytes;
    if (!visit(revision, bytes)) return;
  }
}

class Kv::Pin {
 public:
  Pin(std::shared_ptr<Pinned> pinned, Revision compacted)
      : pinned_(std::move(pinned)), position_(pinned_->insert(compacted)) {}
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
  ~Pin() { pinned_->erase(position_); }

 private:
  std::shared_ptr<Pinned> pinned_;
  Pinned::iterator position_;
};

}  // namespace skiff::store

// Kv: the replicated map. Entries go in, in log order; every node that applied the same entries holds the same bytes.
//
// Every key keeps its versions, each under the revision that made it. A revision counts the writes that changed
// something: every put does, even of the value that was there, a remove only of a key that was there. So a reader at
// a fixed revision sees a frozen map while writes go on.
//
// A compaction cuts the history: the map before its revision is forgotten. Of every key, the newest version up to there
// stays, unless it is a removal, and all that follow. What it costs is in proportion to what it cuts, so whoever asks
// for it asks for a little at a time. It cuts at once; only the memory of what somebody has pinned is freed later, some
// of it with every entry.
//
// A write may be in the log twice: whoever waits for it sends it again when the leader changes. Therefore the newest
// write of every node is remembered, as part of the replicated state, and one that is not newer does nothing. A node's
// writes must therefore be sent in order; one that was overtaken by a later one of the same node never takes effect.
// Whoever still waits for a write when it comes out as `repeated` was overtaken: it was answered at its first coming
// otherwise.
//
// A snapshot is a summary and a pin, taken at once, and a walk over the versions there were, which may take its time:
// what is written meanwhile is later, and what is cut meanwhile stays in memory. Loading them in the same order makes
// the same map.
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

#include "raft/types.h"
#include "store/state/command.h"
#include "store/state/key_index.h"
#include "store/state/kv_key.h"

namespace skiff::store {

struct Outcome {
  enum class Kind {
    done,      // it took effect now; a remove of what was not there did, too, and changed nothing
    repeated,  // not newer than what this origin wrote last: nothing was done
  };
  Kind kind = Kind::done;
  Revision revision = 0;  // of the map, after it
  Origin origin;          // who asked for it
};

// All that a map holds besides its versions.
struct Summary {
  raft::Index applied = 0;
  Revision compacted = 0;
  Revision revision = 0;
  uint64_t keys = 0;
  uint64_t digest = 0;
  std::vector<Origin> newest;  // write of each node, by node
};

// A version, as a snapshot has it.
struct VersionRecord {
  std::string_view key;
  Revision revision = 0;
  std::optional<std::string_view> value;  // nothing: removed
};

// How far a walk over all versions has got: up to this version of this key.
struct VersionPlace {
  std::string key;
  Revision revision = 0;
};

// One version of a key.
struct Value {
  std::string_view bytes;  // valid as long as `holder` lives
  Revision revision = 0;   // that wrote it
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
  Outcome apply(raft::Index index, const raft::Payload& payload);
  // The same with the command that decode() gave for this payload.
  Outcome apply(raft::Index index, const Command& command, const raft::Payload& payload);

  // apply() will have these next: has the processor fetch what it needs.
  void prefetch(const std::vector<Command>& page) const;

  // The newest write of that node that has been applied; its number is 0 if there is none.
  Origin newest_of(raft::NodeId node) const;

  // Passes an entry that asks nothing of the store. Requires: index == applied() + 1.
  void skip(raft::Index index);

  // Frees the memory of at most so many revisions that were cut while they were pinned; whether there are more. Every
  // entry does so, too.
  bool free_cut(uint64_t count_max);

  // Whether the map can be read as of this revision: it is neither cut off nor to come.
  bool remembers(Revision at) const { return compacted_ <= at && at <= revision_; }
  // The newest version, or none if the key is not there.
  std::optional<Value> get(std::string_view key) const { return get(key, revision_); }
  // The version as of `at`. Requires: remembers(at).
  std::optional<Value> get(std::string_view key, Revision at) const;

  // Visits, in order, the keys from `first` up to but not including `end` (empty: to the last) that are there as of
  // `at`, until `visit` says false. To go on later, after writes: walk from the last key visited plus a zero byte.
  // Requires: remembers(at); `visit` does not write.
  using Visit = std::function<bool(std::string_view key, const Value& value)>;
  void walk(std::string_view first, std::string_view end, Revision at, const Visit& visit) const;

  Summary summary() const;
  // While both are there, what the map held when the pin was made can be walked.
  class Pin;
  Pin pin() const;
  // Visits, by key and revision, the versions that the map held when this was its summary, from behind `place`, which
  // it moves along, until `visit` says false or it has looked at so many more keys. Returns whether it has come to the
  // end. Requires: a pin since that summary; `visit` does not write.
  using VisitVersion = std::function<bool(const VersionRecord& version)>;
  bool walk_versions(VersionPlace& place, const Summary& as_of, uint64_t keys_max, const VisitVersion& visit) const;
  // Makes an empty map what another one was: begin_load(), every version in the order of a walk, then end_load().
  // False: they are not in that order, or do not add up to that summary. Nothing else may be done with the map until it
  // has ended.
  void begin_load(Revision compacted);
  bool load(const VersionRecord& version);
  bool end_load(const Summary& summary);

  // As if no node had ever written: for a cluster whose nodes count their starts and writes anew.
  void forget_origins();

  Revision revision() const { return revision_; }
  Revision compacted() const { return compacted_; }  // the oldest revision that can be read
  raft::Index applied() const { return applied_; }
  uint64_t keys() const { return keys_; }          // that are there now
  uint64_t versions() const { return versions_; }  // of all keys, removals too
  // Keys and values of what a compaction up to now would cut; and of what one from `revision - 1` to it would.
  uint64_t history_bytes() const { return history_bytes_; }
  // Requires: compacted() < revision <= revision().
  uint64_t history_bytes_at(Revision revision) const { return history_[revision - freed_ - 1].bytes; }
  // Sums up all versions and all origins, and where the history was cut. Nodes that applied the same index have the
  // same digest, or one is wrong.
  uint64_t digest() const;

 private:
  // What a revision did. Cutting it takes off the version that it wrote over, and itself, if it is a removal.
  struct Deed {
    Key* key = nullptr;
    uint64_t bytes = 0;  // of what is taken off
  };
  bool take_newer(const Origin& origin);
  void put(const Command& command, const raft::Payload& payload);
  void remove(const Command& command, const raft::Payload& payload);
  void write(Key& key, const Command& command, const raft::Payload& payload);
  void compact(Revision up_to);
  void prefetch_cut(Revision up_to) const;
  void cut(Revision revision);
  void forget(const Version& version);
  Revision may_free_to() const;
  void free_next();
  void step_to(raft::Index index);
  Deed add(Key& key, Version version);
  static std::optional<Value> value_at(const Key& key, Revision at);
  static uint64_t version_digest(const Version& version);

  KeyIndex keys_by_name_;
  std::deque<Deed> history_;                      // of the revisions behind `freed_`
  absl::btree_map<raft::NodeId, Origin> newest_;  // of each node; one row a node that ever wrote
  Revision revision_ = 0;
  Revision compacted_ = 0;
  Revision freed_ = 0;  // what was cut up to here has no memory any more
  raft::Index applied_ = 0;
  uint64_t keys_ = 0;
  uint64_t versions_ = 0;
  uint64_t history_bytes_ = 0;
  uint64_t digest_ = 0;  // of the versions
  using Pinned = std::multiset<Revision>;
  std::shared_ptr<Pinned> pinned_ = std::make_shared<Pinned>();  // the map may move, or end before its pins
  std::vector<std::pair<Revision, Deed>> loading_;
};

class Kv::Pin {
 public:
  Pin(std::shared_ptr<Pinned> pinned, Revision compacted)
      : pinned_(std::move(pinned)), place_(pinned_->insert(compacted)) {}
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
  ~Pin() { pinned_->erase(place_); }

 private:
  std::shared_ptr<Pinned> pinned_;
  Pinned::iterator place_;
};

}  // namespace skiff::store

// Kv: the replicated map. Entries go in, in log order; every node that applied the same entries holds the same bytes.
//
// Every key keeps all its versions, each under the revision that made it. A revision counts the writes that changed
// something: every put does, even of the value that was there, a remove only of a key that was there. So a reader at
// a fixed revision sees a frozen map while writes go on.
//
// A write may be in the log twice: whoever waits for it sends it again when the leader changes. Therefore the newest
// write of every node is remembered, as part of the replicated state, and one that is not newer does nothing. A node's
// writes must therefore be sent in order; one that was overtaken by a later one of the same node never takes effect.
// Whoever still waits for a write when it comes out as `repeated` was overtaken: it was answered at its first coming
// otherwise.
//
// Values are not copied: a version holds the payload of the entry that wrote it.
//
// A snapshot is a summary, taken at once, and a walk over all versions up to its revision, which may take its time:
// what is written meanwhile has a later one. Loading them in the same order makes the same map.
//
// Always: the same entries give the same revision, outcome and digest on every machine.
#pragma once

#include <absl/container/btree_map.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "raft/types.h"
#include "store/command.h"

namespace skiff::store {

using Revision = uint64_t;  // from 1; 0 is the empty map

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

  // Passes an entry that asks nothing of the store. Requires: index == applied() + 1.
  void skip(raft::Index index);

  // The newest version, or none if the key is not there.
  std::optional<Value> get(std::string_view key) const { return get(key, revision_); }
  // The version as of `at`. Requires: at <= revision().
  std::optional<Value> get(std::string_view key, Revision at) const;

  // Visits, in order, the keys from `first` up to but not including `end` (empty: to the last) that are there as of
  // `at`, until `visit` says false. To go on later, after writes: walk from the last key visited plus a zero byte.
  // Requires: at <= revision(); `visit` does not write.
  using Visit = std::function<bool(std::string_view key, const Value& value)>;
  void walk(std::string_view first, std::string_view end, Revision at, const Visit& visit) const;

  Summary summary() const;
  // Visits, by key and revision, the versions up to `at` that come after this version of this key, whether or not it is
  // there ("" and 0: all), until `visit` says false. Requires: `visit` does not write.
  using VisitVersion = std::function<bool(const VersionRecord& version)>;
  void walk_versions(std::string_view key, Revision revision, Revision at, const VisitVersion& visit) const;
  // Makes an empty map what another one was: every version in the order of a walk, then end_load(). False: they are not
  // in that order, or do not add up to that summary. Nothing else may be done with the map until it has ended.
  bool load(const VersionRecord& version);
  bool end_load(const Summary& summary);

  // As if no node had ever written: for a cluster whose nodes count their starts and writes anew.
  void forget_origins();

  Revision revision() const { return revision_; }
  raft::Index applied() const { return applied_; }
  uint64_t keys() const { return keys_; }  // that are there now
  // Sums up all versions and all origins. Nodes that applied the same index have the same digest, or one is wrong.
  uint64_t digest() const { return digest_; }

 private:
  struct Version {
    Revision revision = 0;
    raft::Payload holder;  // null: removed
    uint32_t offset = 0;
    uint32_t bytes = 0;

    std::string_view view() const { return std::string_view(*holder).substr(offset, bytes); }
  };
  // From old to new; never empty.
  using Versions = std::vector<Version>;

  bool take_newer(const Origin& origin);
  void put(const Command& command, const raft::Payload& payload);
  void remove(const Command& command);
  void step_to(raft::Index index);
  void take_digest(std::string_view key, const Version& version);
  static const Version* version_at(const Versions& versions, Revision at);

  absl::btree_map<std::string, Versions, std::less<>> map_;
  absl::btree_map<raft::NodeId, Origin> newest_;  // of each node; one row a node that ever wrote
  Revision revision_ = 0;
  raft::Index applied_ = 0;
  uint64_t keys_ = 0;
  uint64_t digest_ = 0;
};

}  // namespace skiff::store

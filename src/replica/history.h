// ReplicaHistory: when a leader has the history cut, and how far.
//
// The store forgets nothing by itself: a command says up to which revision, so that every node forgets the same at the
// same place of its log. The leader makes that command when more lies behind the newest revision than is to be kept:
// too many revisions, too many bytes, or too old ones. Every node notes the age of revisions by its own clock, for the
// time when it leads; no node forgets anything by its clock.
//
// A cut is small, so that applying it takes little time, and a large one becomes several. The limit may be exceeded by
// a little, so that not every write brings a cut along.
//
// A command may be lost with a leader, come twice, or come after a later one. All of that is harmless: the next command
// cuts what that one would have cut.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "raft/types.h"
#include "src/replica/environment.h"
#include "store/state/kv.h"

namespace skiff {

struct HistoryConfig {
  // How much is kept behind the newest revision. 0: without a limit.
  uint64_t revisions = 0;
  uint64_t bytes = 0;  // keys and values of it
  raft::Time age;
  // Of one command.
  uint64_t revisions_per_cut = 200;
  uint64_t bytes_per_cut = 256 * 1024;  // or one value
};

class ReplicaHistory {
 public:
  ReplicaHistory(HistoryConfig config, const store::Kv& kv) : config_(config), kv_(kv) {}

  // Returns the revisions up to which the history must now be cut, one after the other; they count as asked for. None
  // while this node does not lead.
  std::vector<store::Revision> due(raft::Time now, bool is_leader);
  // Cuts that were asked for may never come.
  void ask_again() { asked_ = 0; }

 private:
  struct Sample {
    raft::Time at;
    store::Revision revision;
  };
  void note(raft::Time now);
  store::Revision end_of_cut(store::Revision from, store::Revision wanted) const;
  store::Revision too_many(store::Revision from) const;
  store::Revision too_large(store::Revision from) const;
  store::Revision too_old(raft::Time now) const;

  const HistoryConfig config_;
  const store::Kv& kv_;
  store::Revision asked_ = 0;
  std::deque<Sample> samples_;  // how far the map was at which time
};

}  // namespace skiff

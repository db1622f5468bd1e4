// Reads: ReadIndex rounds of a leader (thesis 6.4).
//
// A read may be answered from the store once (1) the leader has committed an entry of its own term, (2) a majority has
// confirmed, after the read arrived, that it still leads, and (3) everything that was committed when the read arrived
// has been applied. A round does (2) for all reads that arrived before it started. The next round starts when it ends:
// batching without a timer.
//
// Round numbers grow and are never used again, not even in a later term. A reply counts for the round that it names
// alone, so a late or repeated one cannot confirm a newer round.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "raft/types.h"

namespace skiff::raft {

class ReadRounds {
 public:
  // A client of ours (`node` is our own id), or a follower on behalf of a client of its own.
  struct Reader {
    NodeId node = 0;
    RequestId id;
  };
  struct Confirmed {
    Index index = 0;
    std::vector<Reader> readers;
  };

  explicit ReadRounds(uint64_t number_before) : number_(number_before) {}

  // False: too many wait already.
  bool ask(Reader reader, size_t waiting_max);
  bool wants_round() const { return readers_.empty() && !waiting_.empty(); }
  // Requires: wants_round(). Returns the round's number, to be sent with heartbeats.
  uint64_t start(Index commit);
  // The newest round's number, under way or not.
  uint64_t number() const { return number_; }
  bool under_way() const { return !readers_.empty(); }

  // `node` has confirmed this round. Old and unknown numbers count for nothing.
  void confirm(NodeId node, uint64_t round);
  const std::set<NodeId>& confirmed_by() const { return confirmed_by_; }
  // Ends the round. Requires: under_way(), and that a majority has confirmed.
  Confirmed finish();
  // All readers that still wait, when leadership is lost.
  std::vector<Reader> give_up();

 private:
  std::vector<Reader> waiting_;  // for the next round
  std::vector<Reader> readers_;  // of the round under way
  std::set<NodeId> confirmed_by_;
  Index index_ = 0;
  uint64_t number_;
};

}  // namespace skiff::raft

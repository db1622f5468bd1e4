// Scrubbing: when a node reads its files again, how fast, and what has come of it.
//
// A pass begins every so often, the first some time after the start; then one piece is read after the other, each some
// time after the one before has come back. That is as slow as can be, and as fast as need be for half of the time
// between two passes. While something damaged is there yet, the disk is asked again and again whether it can go.
//
// Knows no clock and no thread: the shell carries out what is due, and so does the simulator.
#pragma once

#include <cstdint>
#include <optional>

#include "raft/types.h"
#include "store/snapshot/snapshots.h"

namespace skiff {

struct ScrubConfig {
  uint64_t every_ns = 0;  // 0: never
  uint64_t first_ns = 0;  // after the start, if that is sooner
  uint64_t piece_bytes = 0;
  uint64_t pause_ns = 0;          // between two pieces, at most
  uint64_t replace_again_ns = 0;  // while something is damaged
};

class Scrubbing {
 public:
  struct AdminRequest {
    bool begins = false;  // a pass
    uint64_t bytes = 0;
  };
  struct Counts {
    uint64_t passes = 0;  // that have ended
    uint64_t files = 0;   // read to their end, in all passes
    uint64_t bytes = 0;
    uint64_t found = 0;  // damaged
    uint64_t recovered = 0;
    uint64_t last_ended_ns = 0;  // if there was one
    bool is_under_way = false;
    bool is_damaged = false;  // something that was found is there yet
  };

  Scrubbing(ScrubConfig config, uint64_t now_ns);

  // When there may be an order; raft::kNever while one is carried out.
  uint64_t next_deadline() const;
  std::optional<AdminRequest> due(uint64_t now_ns);
  // What came of it: then the index that a snapshot of the map should have reached, for the sake of what is damaged.
  std::optional<raft::Index> done(uint64_t now_ns, const store::Snapshots::Scrubbed& scrubbed);
  // The same of what came to light beside an order.
  std::optional<raft::Index> note(uint64_t now_ns, const store::Snapshots::Scrubbed& scrubbed);
  // There is other work: later.
  void put_off(uint64_t now_ns);

  const Counts& counts() const { return counts_; }

 private:
  const ScrubConfig config_;
  uint64_t pass_at_;   // the next
  uint64_t piece_at_;  // the next, of one under way
  uint64_t pause_ns_;  // between its pieces
  uint64_t replace_again_at_ = raft::kNever;
  std::optional<AdminRequest> order_;  // being carried out
  Counts counts_;
};

}  // namespace skiff

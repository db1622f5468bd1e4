// ForwardedReads: the reads of a follower's clients that it has asked the leader about (thesis 6.4).
//
// The leader answers each with the index up to which the follower must have applied. A request or its answer may get
// lost, and neither is sent again: a read that is not answered for `timeout` is refused, and so are all of them when
// the leader changes. An answer to a read that was refused finds nothing here.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "raft/types.h"

namespace skiff::raft {

class ForwardedReads {
 public:
  struct Limits {
    size_t waiting_max = 0;
    Time timeout;
  };

  explicit ForwardedReads(Limits limits) : limits_(limits) {}

  // False: too many wait already. Requires: `id` is greater than any before.
  bool add(RequestId id, Time now);
  // False: no read waits for this answer.
  bool answered(RequestId id) { return asked_at_.erase(id) != 0; }
  // Those that have waited for `timeout`; they wait no longer.
  std::vector<RequestId> take_late(Time now);
  std::vector<RequestId> take_all();

 private:
  Limits limits_;
  std::map<RequestId, Time> asked_at_;  // ids grow, so the first are the oldest
};

}  // namespace skiff::raft

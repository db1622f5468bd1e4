// Request, Answer: what a node's doors (src/api) ask of its replica, and how it ends.
//
// A request is a write, which becomes an entry of the log, or a barrier, which becomes none. A confirmed barrier means:
// everything that was acknowledged before the barrier was proposed is applied here. The door that asked then reads the
// map; the replica knows no reads.
//
// Always: every request ends exactly once, by Requester::answered() or, for a write without an answer, by ended().
#pragma once

#include <string>
#include <variant>

#include "raft/types.h"
#include "src/base/ticket.h"
#include "store/state/kv.h"
#include "store/state/operation.h"

namespace skiff {

struct Write {
  Ticket ticket;
  bool wants_answer = true;  // false: ended() is called instead
  store::Operation operation;
};

struct Barrier {
  Ticket ticket;
  raft::Time timeout;  // then it is refused
};

using Request = std::variant<Write, Barrier>;

struct Answer {
  enum class Outcome {
    done,  // a write: on the disks of a majority, and applied here; a barrier: confirmed, so the map may be read now
    conflict,  // a write whose condition did not hold when it was applied: nothing was done
    refused,   // nothing was done, and nothing ever will be
    unknown,   // a write that may or may not take effect
  };
  Outcome outcome = Outcome::done;
  store::Revision revision = 0;  // done and conflict: of the map as it is now
  // A write, done or conflict: that last wrote its key, as it is now; 0: the key is not there.
  store::Revision key_revision = 0;
  std::string reason;  // refused and unknown: why
};

// The door that proposed a request, as the replica sees it. Called within calls of the replica; it may read the map
// (Replica::kv) there, and must not call the replica otherwise.
class Requester {
 public:
  virtual ~Requester() = default;
  virtual void answered(const Ticket& ticket, Answer&& answer) = 0;
  // A write that wants no answer has ended, one way or another.
  virtual void ended(const Ticket& ticket) = 0;
};

}  // namespace skiff

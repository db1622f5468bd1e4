// Transfer: leadership on its way to another node (thesis 3.10).
//
// While a transfer is under way the leader takes no proposals. Once the successor has the whole log it is told to
// campaign at once; that message may get lost, so it is repeated with every heartbeat. The transfer ends with this
// node's leadership, or is given up after an election timeout, and the leader goes on leading.
//
// An operator may have requested the transfer. The request outlives our leadership: whether it succeeded is known only
// when some leader is heard. A leader that starts a transfer by itself has no request to answer.
#pragma once

#include <cstdint>
#include <optional>

#include "raft/effects.h"
#include "raft/types.h"

namespace skiff::raft {

class Transfer {
 public:
  struct Plan {
    NodeId to = 0;
    Time now;
    std::optional<uint64_t> request = {};  // the operator's, to be answered at the end
  };

  // `timeout` is how long a successor has to take over.
  explicit Transfer(Time timeout) : timeout_(timeout) {}

  // Does nothing if `plan.to` is 0: there is no successor. Requires: !is_under_way().
  void start(const Plan& plan);
  bool is_under_way() const { return to_ != 0; }
  NodeId to() const { return to_; }
  Time give_up_at() const { return is_under_way() ? give_up_at_ : kNever; }

  // Whether the successor must be told to campaign, as soon as it has the whole log.
  bool must_tell() const { return is_under_way() && !was_told_; }
  void told() { was_told_ = true; }
  void tell_again() { was_told_ = false; }

  // This node leads no longer. The request stays open.
  void leadership_ended() { to_ = 0; }
  // Gives a late transfer up. Returns how the operator's request ended, if there was one: if the successor was told,
  // it may still campaign.
  std::optional<AdminResult> give_up_if_late(Time now);
  // Some other node leads now. Returns how the operator's request ended, if one was open.
  std::optional<AdminResult> new_leader(NodeId leader);

 private:
  struct Request {
    uint64_t id;
    NodeId to;
  };

  Time timeout_;
  NodeId to_ = 0;  // 0: no transfer is under way
  Time give_up_at_;
  bool was_told_ = false;
  std::optional<Request> request_;
};

}  // namespace skiff::raft

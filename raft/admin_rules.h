// AdminRules: whether the leader can carry out a request of an operator now: a change of the members, or a transfer of
// leadership (thesis 3.10, 4).
//
// One change or transfer is under way at a time. No change begins before the leader has committed an entry of its own
// term: otherwise two leaders, each with a change that the other does not know, could decide without one another. None
// begins that would leave a recovering node without a majority of others to recover from.
//
// Most requests that are refused only come too early, and succeed when they are repeated: WhyNot says so.
//
// Always: a request is judged by the configuration in force, committed or not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "raft/effects.h"
#include "raft/followers.h"
#include "raft/membership.h"
#include "raft/types.h"

namespace skiff::raft {

// Why a request is refused; empty if it can be carried out.
struct WhyNot {
  std::string reason;
  bool is_transient = false;  // the reason passes by itself

  AdminResult refuse(uint64_t request) const {
    return {.id = request, .kind = AdminResult::Kind::refused, .reason = reason, .is_transient = is_transient};
  }
};

// The state of a leader that its rules depend on.
struct AdminRules {
  NodeId self = 0;
  const Configuration& configuration;  // in force
  const Followers& followers;
  bool is_configuration_committed = false;
  bool has_committed_in_term = false;  // an entry of the leader's own term
  bool is_transfer_under_way = false;

  // `to` is 0 if there is no successor.
  WhyNot why_not_transfer(NodeId to) const;
  WhyNot why_not_change(const std::vector<Change>& changes) const;
};

}  // namespace skiff::raft

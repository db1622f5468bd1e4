// AdminRules: whether the leader can do what an operator asks, as things are.
//
// A request that cannot be done is refused here, with a text that says what to do instead; the core (raft/membership.*)
// would refuse it as well, in fewer words. Nothing is judged while another change is under way, because its outcome is
// not known.
//
// One rule is the replica's alone: a voter is not removed if the voters that would be left, and that answer, were no
// majority of those left. The cluster could then not even take the change back.
#pragma once

#include <string>

#include "raft/raft.h"
#include "src/replica/peer_message.h"

namespace skiff {

struct Verdict {
  enum class Kind {
    begin,       // go on: ask the core for it
    let_leave,   // go on, but let the member that goes finish what its clients wait for
    step_aside,  // go on, but hand leadership over first, because the request removes this node
    wait,        // it cannot be begun yet
    end,         // with `outcome`
  };
  Kind kind = Kind::begin;
  AdminReply::Outcome outcome = AdminReply::Outcome::done;
  std::string reason;
};

struct AdminRules {
  size_t members_max = 0;
  raft::Time silent_after;  // a member that was not heard for so long does not answer
};

// Requires: raft.is_leader().
Verdict judge(const raft::Raft& raft, raft::Time now, const AdminRules& rules, const AdminRequest& request);

// As the core is asked. Requires: not AdminRequest::Kind::lead.
raft::Change change_of(const AdminRequest& request);

}  // namespace skiff

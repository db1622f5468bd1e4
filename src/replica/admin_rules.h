// AdminRules: what is to be said to an order of the operator as things are, at the node that leads.
//
// Whatever cannot be done is told here, with what to do instead; the core (raft/membership.*) refuses it as well, in
// fewer words. Nothing is judged while another change is under way: what it leads to is not known.
//
// One rule is ours alone: no voter is removed if those that are left and answer would be no majority of those that are
// left. The cluster could then not even take the change back.
#pragma once

#include <string>

#include "raft/raft.h"
#include "src/replica/peer_message.h"

namespace skiff {

struct Verdict {
  enum class Kind {
    begin,       // go on: ask the core for it
    let_leave,   // go on, but let the one who goes finish what its clients wait for
    step_aside,  // go on, but hand leadership over first, for the order removes this node
    wait,        // it cannot be begun yet
    end,         // with `outcome`
  };
  Kind kind = Kind::begin;
  AdminReply::Outcome outcome = AdminReply::Outcome::done;
  std::string reason;
};

struct AdminRules {
  size_t members_max = 0;
  raft::Time silent_after = 0;  // who was not heard for so long does not answer
};

// Requires: raft.is_leader().
Verdict judge(const raft::Raft& raft, raft::Time now, const AdminRules& rules, const AdminRequest& request);

// As the core is asked. Requires: not AdminRequest::Kind::lead.
raft::Change change_of(const AdminRequest& request);

}  // namespace skiff

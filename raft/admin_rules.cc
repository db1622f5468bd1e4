#include "raft/admin_rules.h"

#include "raft/mutant.h"

namespace skiff::raft {

WhyNot AdminRules::why_not_transfer(NodeId to) const {
  if (to == 0) return {"no other voter can lead", true};
  if (to == self) return {"this node leads already", false};
  if (!configuration.has(to)) return {"there is no such member", false};
  const Member* member = configuration.find(to);
  if (member == nullptr || member->role != MemberRole::voter) return {"only a voter can lead", false};
  if (!is_configuration_committed || configuration.is_joint()) return {"a change of the members is under way", true};
  if (is_transfer_under_way) return {"leadership is being handed over already", true};
  if (followers.at(to).recovering() != 0) return {"it has lost a part of its log, and is recovering", true};
  return {};
}

WhyNot AdminRules::why_not_change(const std::vector<Change>& changes) const {
  const bool is_new = !has_committed_in_term && !MUTANT(change_before_own_commit);
  if (is_new) return {"this node has only just come to lead", true};
  const bool is_committed = is_configuration_committed || MUTANT(two_changes_at_once);
  if (!is_committed || configuration.is_joint()) return {"another change is under way", true};
  if (is_transfer_under_way) return {"leadership is being handed over", true};
  for (const Change& change : changes) {
    const Progress* follower = followers.find(change.node);
    const bool has_caught_up = follower != nullptr && follower->has_caught_up();
    const Member* member = configuration.find(change.node);
    const bool is_new_voter =
        change.kind == Change::Kind::promote && member != nullptr && member->role != MemberRole::voter;
    if (is_new_voter && !has_caught_up) return {"it has not caught up yet", true};
  }
  const Planned planned = plan(configuration, changes);
  if (planned.refused.empty() && !followers.can_recover_under(planned.next)) {
    return {"a node is recovering, and without it there would be no majority", true};
  }
  return {planned.refused, false};
}

}  // namespace skiff::raft

#include "src/replica/role_log.h"

#include "raft/check.h"

namespace skiff {

std::optional<RoleLog::Line> RoleLog::update(const raft::Raft& raft) {
  const bool has_changed = raft.leader() != leader_ || raft.term() != term_;
  if (!has_changed || (raft.leader() == 0 && leader_ == 0)) return std::nullopt;
  CHECK(raft.term() >= term_);
  leader_ = raft.leader();
  term_ = raft.term();
  const std::string at_term = " at term " + std::to_string(term_);
  if (raft.is_leader()) return Line{.text = "leads" + at_term};
  if (leader_ != 0) return Line{.text = "follows node " + std::to_string(leader_) + at_term};
  const char* reason = raft.is_recovering() ? ": a majority of the members must be intact without this one" : "";
  return Line{.text = "has no leader" + at_term + reason, .is_warning = true};
}

}  // namespace skiff

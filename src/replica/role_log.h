// RoleLog: the line that tells an operator that the leader or the term, as this node knows them, has changed.
//
// A node that has no leader and had none before says nothing: during an election terms may change many times.
#pragma once

#include <optional>
#include <string>

#include "raft/raft.h"

namespace skiff {

class RoleLog {
 public:
  struct Line {
    std::string text;
    bool is_warning = false;
  };
  // To be called after each step. The line that is due, if there is one.
  std::optional<Line> update(const raft::Raft& raft);

 private:
  raft::NodeId leader_ = 0;
  raft::Term term_ = 0;
};

}  // namespace skiff

// Status: a copy of what operators and tests may look at.
#pragma once

#include <string_view>
#include <vector>

#include "raft/progress.h"
#include "raft/types.h"

namespace skiff::raft {

enum class RoleName { follower, pre_candidate, candidate, leader };

constexpr std::string_view to_text(RoleName role) {
  switch (role) {
    case RoleName::follower: return "follower";
    case RoleName::pre_candidate: return "pre-candidate";
    case RoleName::candidate: return "candidate";
    case RoleName::leader: return "leader";
  }
  return "?";
}

struct Status {
  struct Peer {
    NodeId node = 0;
    Index match = 0;
    Index next = 0;
    Progress::State state = Progress::State::probe;
    bool recovering = false;  // its log was damaged, and is being brought back
    bool paused = false;      // nothing more is sent before it answers: the window is full, or a probe is out
    bool is_full = false;
    Time heard_at = 0;
  };

  NodeId id = 0;
  RoleName role = RoleName::follower;
  NodeId leader = 0;  // as far as this node knows; 0 is nobody
  HardState hard_state;
  LogPosition last;
  Index durable = 0;
  Index committed = 0;
  LogPosition snapshot;      // the newest; index 0: none
  bool recovering = false;   // our log was damaged, and is being brought back from the others
  bool is_full = false;      // the disk
  bool takes_writes = true;  // whoever leads, as far as this node knows: not if too many disks are full
  std::vector<Peer> peers;   // a leader's view of its followers
};

}  // namespace skiff::raft

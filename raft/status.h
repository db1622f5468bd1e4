// Status: the state of a core, for operators and tests.
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
    bool recovering = false;  // it has lost a part of its log, and counts for nothing
    bool paused = false;      // nothing more is sent before it replies: the window is full, or a probe is under way
    bool is_full = false;
    Time heard_at;
  };

  NodeId id = 0;
  RoleName role = RoleName::follower;
  NodeId leader = 0;  // as far as this node knows; 0: none is known
  HardState hard_state;
  LogPosition last;
  Index durable = 0;
  Index committed = 0;
  LogPosition snapshot;      // the newest; index 0: none
  bool recovering = false;   // we have lost a part of our log, and get it back from the others
  bool is_full = false;      // the disk
  bool takes_writes = true;  // the leader, as far as this node knows: not if too many disks are full
  std::vector<Peer> peers;   // a leader's view of its followers
};

}  // namespace skiff::raft

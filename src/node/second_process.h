// SecondProcess: whether this process is the second one that runs with its data directory, by the members' replies.
//
// A member that is connected to another process of this node turns this one away. Until every member lets it in again
// this process takes part in nothing: two processes with one directory would vote twice. The connection of a process
// that has ended is gone within a few seconds. If it is not, the other process is alive, and this one gives up.
//
// If one of the two runs at the address in the log and the other does not, it is the first process, whichever of them
// was connected first.
//
// No clock and no sockets: time comes in with the call.
#pragma once

#include <map>
#include <string>

#include "raft/check.h"
#include "raft/types.h"

namespace skiff {

class SecondProcess {
 public:
  static constexpr raft::Time kLasts = 3_s;     // a member is dialled again several times in that
  static constexpr raft::Time kGivesUp = 15_s;  // three times that after which a peer is cut off

  // Whenever a member has turned this process away for that reason.
  void turned_away(raft::Time now, raft::NodeId by) {
    CHECK(now >= since_);
    if (!is_second(now)) since_ = now;
    said_[by] = now;
  }
  void let_in(raft::NodeId by) { said_.erase(by); }

  bool has_heard() const { return !said_.empty(); }
  bool is_second(raft::Time now) const {
    for (const auto& [node, at] : said_) {
      if (now < at + kLasts) return true;
    }
    return false;
  }
  bool gives_up(raft::Time now) const { return is_second(now) && now >= since_ + kGivesUp; }

 private:
  std::map<raft::NodeId, raft::Time> said_;  // members that have turned it away, and when last
  raft::Time since_;                         // it has been the second one since then, without a break
};

// Whether this process is the one to go on, by its address, the other's, and the one in the log.
inline bool is_first_by_address(const std::string& own, const std::string& other, const std::string& in_log) {
  return own == in_log && !other.empty() && other != in_log;
}

}  // namespace skiff

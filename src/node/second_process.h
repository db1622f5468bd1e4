// SecondProcess: whether this process is the second one that runs with its data directory, by what the members say.
//
// A member that is connected to another process of this node turns this one away. Until every member lets it in again
// it takes part in nothing: two processes with one directory would vote twice. A connection of a process that has ended
// is gone within a few seconds; when it is not, the other process is there, and this one gives up.
//
// The process that runs where the log says, while the other does not, is the first one, whoever was connected first.
//
// No clock and no sockets: time comes in with the call.
#pragma once

#include <map>
#include <string>

#include "raft/types.h"

namespace skiff {

class SecondProcess {
 public:
  static constexpr raft::Time kLasts = 3'000 * raft::kMillisecond;  // a member is dialled again several times in that
  static constexpr raft::Time kGivesUp = 15'000 * raft::kMillisecond;  // three times that after which a peer is cut off

  // Whenever a member has turned this process away for that reason.
  void turned_away(raft::Time now, raft::NodeId by) {
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
  std::map<raft::NodeId, raft::Time> said_;  // and when last
  raft::Time since_ = 0;                     // of which it is the second one, without a break
};

// Whether this process is the one to go on, by where it runs, where the other one does, and where the log says.
inline bool is_first_by_address(const std::string& own, const std::string& other, const std::string& in_log) {
  return own == in_log && !other.empty() && other != in_log;
}

}  // namespace skiff

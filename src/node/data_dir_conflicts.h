// DataDirConflicts: judges what it means that members remember another data directory of this node, or come with
// another one than this node remembers.
//
// A node that has no log yet stops if one member says so: its directory lacks what this id has promised, or it is a new
// cluster's beside a member of an older one. A node that has a log stops only if a majority of the members says so: one
// stale machine must not stop a cluster that serves. A node that finds other directories at a majority of the members
// is the odd one out, or those members have lost their data. Its directory may be the last copy, so it stays up and
// takes part in nothing.
//
// Always: a member's report counts until that member greets with matching directories, and for kLasts after it was last
// heard at most. A node does not report about itself. No clock and no sockets: time comes in with the call.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "raft/types.h"
#include "transport/peers/known_peers.h"

namespace skiff {

class DataDirConflicts {
 public:
  enum class Verdict {
    none,
    disputed,     // fewer than a majority report that this node's directory is the wrong one: it goes on
    odd_one_out,  // a majority of the members has other directories than this node remembers: it stays out
    stop,         // this node's directory is not the one that its id had
  };
  struct Judgement {
    Verdict verdict = Verdict::none;
    std::vector<raft::NodeId> nodes = {};  // that reported it
    bool operator==(const Judgement&) const = default;
  };

  static constexpr raft::Time kLasts = 1_min;  // a peer dials again many times in that

  // Whenever `peer` has greeted this node, or has answered its greeting.
  void heard(raft::Time now, raft::NodeId peer, const transport::DataDirMatch& match);
  // `members` are those of the committed configuration, this node among them.
  Judgement judge(raft::Time now, const std::vector<raft::NodeId>& members, bool has_log) const;

 private:
  using Reports = std::map<raft::NodeId, raft::Time>;  // and when each was last heard
  static std::vector<raft::NodeId> fresh(raft::Time now, const std::vector<raft::NodeId>& members,
                                         const Reports& reports);

  Reports own_differs_;
  Reports peer_differs_;
};

// Lets a line through when it is another one than the last, or when that was long ago.
class ConflictLog {
 public:
  bool is_due(raft::Time now, const std::string& line);

 private:
  std::string last_;
  raft::Time last_at_;
};

// For the operator: the event, the machine to look at, and the commands to type. Empty if there is nothing to say.
struct DataDirNames {
  raft::NodeId self = 0;
  size_t members = 0;
  std::string directory;                          // of this node
  std::map<raft::NodeId, std::string> addresses;  // of the members
};
std::string describe(const DataDirConflicts::Judgement& judgement, const DataDirNames& names);
// In a few words, for a status page.
std::string summarize(const DataDirConflicts::Judgement& judgement);

}  // namespace skiff

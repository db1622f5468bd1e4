// DataDirConflicts: what a node does about members that remember another data directory of it, or come with another one
// than it remembers.
//
// A node that has no log yet stops at the word of one member: it has lost what its id has promised, or is founded anew
// beside a member of an earlier founding. A node that has a log stops only when a majority of the members says so: one
// stale machine must not stop a cluster that serves. A node that finds other directories at a majority of the members
// is the odd one, or those have lost their data. Its directory may be the last copy, so it stays up and takes part in
// nothing.
//
// Always: a member's word counts until it greets with matching directories, and no longer than a while after it was
// last heard. A node does not speak about itself. No clock and no sockets: time comes in with the call.
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
    disputed,     // fewer than a majority say that this node's directory is not the right one: it goes on
    odd_one_out,  // a majority of the members has other directories than this node remembers: it stays out
    stop,         // this node's directory is not the one that its id had
  };
  struct Judgement {
    Verdict verdict = Verdict::none;
    std::vector<raft::NodeId> nodes = {};  // on whose account
    bool operator==(const Judgement&) const = default;
  };

  static constexpr raft::Time kLasts = 60'000 * raft::kMillisecond;  // a peer dials again many times in that

  // Whenever `peer` has greeted this node, or has answered its greeting.
  void heard(raft::Time now, raft::NodeId peer, const transport::DataDirMatch& match);
  // `members` are those of the committed configuration, this node among them.
  Judgement judge(raft::Time now, const std::vector<raft::NodeId>& members, bool has_log) const;

 private:
  using Words = std::map<raft::NodeId, raft::Time>;  // and when each was last heard
  static std::vector<raft::NodeId> fresh(raft::Time now, const std::vector<raft::NodeId>& members, const Words& words);

  Words own_differs_;
  Words peer_differs_;
};

// For the operator: what has happened, which machine to look at, and what to type. Empty if there is nothing to say.
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

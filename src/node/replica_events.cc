// The node's lines about its cluster, for the operator: members that are withdrawn or removed, states that differ, and
// disks that have gone back to an older state (raft/starts.cc).
#include <fmt/format.h>

#include "raft/check.h"
#include "src/node/node.h"
#include "src/node/setup.h"
#include "store/wal/repair.h"

namespace skiff {

void Node::withdrawn(const Withdrawn& member) {
  log::warn(fmt::format("withdraws node {} at {}: {}; to add it after all, give it another id", member.node,
                        member.address, why_withdrawn(options_)));
}

// Called in the middle of a message from a link that this may close, so connections are updated on the next turn.
void Node::members_changed() { wake(); }

void Node::state_differs(raft::NodeId other, raft::Index index, bool is_outvoted) {
  CHECK(other != options_.id);
  const std::string line = fmt::format("after entry {} this node's state is not that of node {}", index, other);
  if (!is_outvoted) return log::error(line + ": one of them is wrong, and it is unknown which; see /status at each");
  log::die(line + fmt::format(", and a majority has the other: what is in {} is not to be trusted. This node stops: "
                              "remove it from the members, and add a new one, with a new id and an empty directory",
                              options_.data_dir));
}

// Called in the middle of a message, too: the stop begins on the next turn.
void Node::removed() {
  if (stop_.is_stopping() && !stop_.restarts()) return;
  log::info("is no member of the cluster any more, and stops: requests under way are answered first");
  stop_.request_removal();
  wake();
}

void Node::peer_forgot(const raft::ForgetfulPeer& peer) {
  log::error(fmt::format(
      "node {} has acknowledged the log up to entry {} of term {}, and came back with one that ends at entry "
      "{}, at term {}: its data directory is an older copy, or lost its end. Its copies of "
      "entries count for nothing until it has been sent everything again",
      peer.node, peer.acknowledged.index, peer.acknowledged.term, peer.found.last.index, peer.found.term));
}

// The repair is noted durably before anything else happens: a start that does not know of it would count as intact.
void Node::forgot(const raft::Forgotten& forgotten) {
  const std::string known = forgotten.by == 0
                                ? std::string("the log holds writes of a later start of this node")
                                : fmt::format(
                                      "node {}, which leads, has this node's acknowledgement of entry {} of term {}, "
                                      "which is not there",
                                      forgotten.by, forgotten.acknowledged.index, forgotten.acknowledged.term);
  const std::string damage = fmt::format("{} has gone back to an older state: {}", options_.data_dir, known);
  static const std::unique_ptr<store::Files> kFiles = store::posix_files();
  const store::WalOwner owner{self_.identity.cluster, self_.identity.node};
  auto noted = store::note_gone_back({*kFiles, options_.data_dir, owner}, damage, random_seed());
  if (!noted) log::die("cannot note that " + damage + ": " + to_text(noted.error()) + "; this node stops");
  log::error(damage + ". The others send it everything anew when it starts again; until then it has no vote");
  stop_.request_restart();
  CHECK(stop_.is_cut_off());
  wake();
}

}  // namespace skiff

// What a node does when a disk has gone back to an older state: its own, or that of a follower (raft/starts.cc).
#include <fmt/format.h>

#include "src/node/node.h"
#include "src/node/setup.h"
#include "store/wal/repair.h"

namespace skiff {

void Node::peer_forgot(const raft::ForgetfulPeer& peer) {
  log::error(fmt::format(
      "node {} has acknowledged the log up to entry {} of term {}, and came back with one that ends at entry "
      "{}, at term {}: its data directory is an older copy, or lost its end. What it holds counts for "
      "nothing until it has been given everything again",
      peer.node, peer.acknowledged.index, peer.acknowledged.term, peer.found.last.index, peer.found.term));
}

// The repair is noted before anything else happens: a start that does not know of it would count as intact.
void Node::forgot(const raft::Forgotten& forgotten) {
  const std::string known = forgotten.by == 0
                                ? std::string("the log holds writes of a later start of this node")
                                : fmt::format(
                                      "node {}, which leads, has this node's acknowledgement of entry {} of term {}, "
                                      "which is not there",
                                      forgotten.by, forgotten.acknowledged.index, forgotten.acknowledged.term);
  const std::string damage = fmt::format("{} has gone back to an older state: {}", options_.data_dir, known);
  static const std::unique_ptr<store::Files> kFiles = store::posix_files();
  const store::WalOwner owner{identity_.cluster, identity_.node};
  auto noted = store::note_gone_back({*kFiles, options_.data_dir, owner}, damage, random_seed());
  if (!noted) log::die("cannot note that " + damage + ": " + to_text(noted.error()) + "; this node stops");
  log::error(damage + ". It is given everything anew when it starts again; until then it has no vote");
  has_forgotten_ = true;
  starts_again_ = !is_stopping_;
  wake();
}

}  // namespace skiff

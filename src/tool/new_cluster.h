// NewCluster: what restore and recover have in common. A map, cut loose from the cluster it comes from, becomes the
// data directory of a node of another one.
//
// The name of the new cluster is made from all that makes it what it is, so that nodes that are to work together come
// to the same one, and never is that of the cluster before, nor one that somebody founds with the same members: who has
// another name is turned away at every door, and cannot believe a single byte of the other's files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "raft/types.h"
#include "src/base/result.h"
#include "store/directory/identity.h"
#include "store/state/kv.h"

namespace skiff::tool {

struct NewCluster {
  store::Identity identity;  // of this node
  raft::SnapshotMark mark;   // all that was, with the new members
};

// A name that is made of `story`, and is neither of those.
uint64_t name_cluster(std::string_view story, const std::vector<uint64_t>& used);

// All founders are voters. Nodes start and count anew in the new cluster, so the map forgets what they counted.
NewCluster found_from(store::Kv& kv, raft::LogPosition position, store::Identity identity);

// "1 http://a:9021, 2 http://b:9021"
std::string show(const std::vector<store::Founder>& founders);
std::string show_cluster(uint64_t cluster);  // as /members shows it

}  // namespace skiff::tool

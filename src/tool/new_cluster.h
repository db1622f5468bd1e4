// NewCluster: the common part of restore and recover. A map, separated from the cluster it comes from, becomes the data
// directory of a node of another cluster.
//
// The name of the new cluster is a hash of everything that defines it. So nodes that are to work together compute the
// same name, and it is never the name of the earlier cluster, nor that of a cluster founded normally with the same
// members. A node with another name is rejected in every handshake, and every file of it is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "raft/types.h"
#include "src/base/result.h"
#include "store/directory/identity.h"
#include "store/directory/storage.h"
#include "store/state/kv.h"

namespace skiff::tool {

struct NewCluster {
  store::Identity identity;  // of this node
  raft::SnapshotMark mark;   // of the whole map, with the new members
};

// Makes a name of `story` that is none of `used`.
uint64_t name_cluster(std::string_view story, const std::vector<uint64_t>& used);

// Makes all founders voters. Nodes count their starts and writes from 1 in the new cluster, so the map forgets the old
// counts.
NewCluster found_from(store::Kv& kv, raft::LogPosition position, store::Identity identity);

// An error unless what was read back of a new directory is what was put there.
Result<> check_read_back(const store::Recovered& found, const NewCluster& made, const store::Kv& kv);

// "1 http://a:9021, 2 http://b:9021"
std::string show(const std::vector<store::Founder>& founders);
std::string show_cluster(uint64_t cluster);  // as /members shows it

}  // namespace skiff::tool

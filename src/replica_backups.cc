#include "src/replica_backups.h"

#include <utility>

namespace skiff {

std::optional<uint64_t> ReplicaBackups::begin(raft::SnapshotMark mark) {
  if (makers_.size() >= at_most_) return std::nullopt;
  makers_.try_emplace(++last_number_, kv_, std::move(mark), cluster_);
  return last_number_;
}

std::optional<ReplicaBackups::Block> ReplicaBackups::next(uint64_t number, uint64_t bytes) {
  auto found = makers_.find(number);
  if (found == makers_.end()) return std::nullopt;
  std::string block = found->second.next(bytes);
  return Block{.bytes = std::move(block), .is_last = found->second.is_done()};
}

}  // namespace skiff

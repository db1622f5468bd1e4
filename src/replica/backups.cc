#include "src/replica/backups.h"

#include <utility>

#include "src/replica/snapshots.h"

namespace skiff {

Result<uint64_t> ReplicaBackups::begin(const raft::Raft& raft) {
  if (kv_.applied() == 0) return fail(Error::Code::unavailable, "this node has not come to know anything yet");
  if (makers_.size() >= at_most_) return fail(Error::Code::unavailable, "other backups are being taken from this node");
  makers_.try_emplace(++last_number_, kv_, mark_of(kv_, raft), cluster_);
  return last_number_;
}

std::optional<ReplicaBackups::Block> ReplicaBackups::next(uint64_t number, uint64_t bytes) {
  auto found = makers_.find(number);
  if (found == makers_.end()) return std::nullopt;
  std::string block = found->second.next(bytes);
  return Block{.bytes = std::move(block), .is_last = found->second.is_done()};
}

}  // namespace skiff

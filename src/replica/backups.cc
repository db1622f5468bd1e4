#include "src/replica/backups.h"

#include <utility>

#include "raft/check.h"
#include "src/replica/snapshots.h"

namespace skiff {

Result<uint64_t> ReplicaBackups::begin(const raft::Raft& raft) {
  if (kv_.applied() == 0) return fail(Error::Code::unavailable, "this node has not come to know anything yet");
  if (makers_.size() >= at_most_) return fail(Error::Code::unavailable, "other backups are being taken from this node");
  CHECK(kv_.applied() <= raft.log().committed());
  makers_.try_emplace(++last_number_, kv_, mark_of(kv_, raft), cluster_);
  CHECK(makers_.size() <= at_most_);
  return last_number_;
}

std::optional<ReplicaBackups::Block> ReplicaBackups::next(uint64_t number, uint64_t bytes) {
  CHECK(number > 0);
  CHECK(number <= last_number_);
  CHECK(bytes > 0);
  auto found = makers_.find(number);
  if (found == makers_.end()) return std::nullopt;
  CHECK(!found->second.is_done());
  std::string block = found->second.next(bytes);
  return Block{.bytes = std::move(block), .is_last = found->second.is_done()};
}

}  // namespace skiff

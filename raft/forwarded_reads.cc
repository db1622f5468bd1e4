#include "raft/forwarded_reads.h"

#include "raft/check.h"

namespace skiff::raft {

bool ForwardedReads::add(RequestId id, Time now) {
  if (asked_at_.size() >= limits_.waiting_max) return false;
  CHECK(asked_at_.empty() || asked_at_.rbegin()->first < id);
  asked_at_.emplace_hint(asked_at_.end(), id, now);
  return true;
}

std::vector<RequestId> ForwardedReads::take_late(Time now) {
  std::vector<RequestId> late;
  while (!asked_at_.empty() && now >= asked_at_.begin()->second + limits_.timeout) {
    late.push_back(asked_at_.begin()->first);
    asked_at_.erase(asked_at_.begin());
  }
  return late;
}

std::vector<RequestId> ForwardedReads::take_all() {
  std::vector<RequestId> all;
  for (const auto& [id, asked_at] : asked_at_) all.push_back(id);
  asked_at_.clear();
  return all;
}

}  // namespace skiff::raft

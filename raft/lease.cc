#include "raft/lease.h"

#include <algorithm>

#include "raft/mutant.h"

namespace skiff::raft {
namespace {

// In election timeouts: a tenth of it is far more than an answer takes, so that a clock within the bound is seen to be.
constexpr Time kStretch = 4;

}  // namespace

void Lease::answered(NodeId node, Time sent_at, Time now, Time clock, Time election_timeout,
                     uint64_t drift_percent_max) {
  if (sent_at == 0 || sent_at > now) return;
  Clock& its = clocks_[node];
  its.promised_at = std::max(its.promised_at, sent_at);
  bool is_first = its.sent_at == 0;
  if (!is_first && sent_at < its.received_at + kStretch * election_timeout) return;
  if (!is_first) {
    // The stretch was at least this long by our clock, and exactly so long by the other.
    Time ours = sent_at - its.received_at;
    its.is_steady = clock >= its.clock && clock - its.clock <= ours + ours / 100 * drift_percent_max;
  }
  its.sent_at = sent_at;
  its.received_at = now;
  its.clock = clock;
}

Time Lease::until(const Voters& voters, NodeId self, Time now, Time election_timeout,
                  uint64_t drift_percent_max) const {
  if (is_over_ || drift_percent_max >= 100) return 0;
  auto promised_at = [&](NodeId node) -> Time {
    if (node == self) return now;
    auto its = clocks_.find(node);
    return its == clocks_.end() || !its->second.is_steady ? 0 : its->second.promised_at;
  };
  Time from = quorum::reached_by_majority(voters, promised_at);
  if (from == 0) return 0;
  return from + (MUTANT(lease_too_long) ? 4 * election_timeout : election_timeout / 100 * (100 - drift_percent_max));
}

}  // namespace skiff::raft

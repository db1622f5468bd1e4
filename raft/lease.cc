#include "raft/lease.h"

#include <algorithm>

#include "raft/mutant.h"

namespace skiff::raft {
namespace {

// In election timeouts. A tenth of it is far more than a reply takes, so a clock within the bound is found to be so.
constexpr uint64_t kStretch = 4;

}  // namespace

void Lease::answered(NodeId node, const Answer& answer) {
  if (answer.sent_at == 0_s || answer.sent_at > answer.received_at) return;
  Clock& its = clocks_[node];
  its.promised_at = std::max(its.promised_at, answer.sent_at);
  const bool is_first = its.first.sent_at == 0_s;
  if (!is_first && answer.sent_at < its.first.received_at + kStretch * limits_.election_timeout) return;
  if (!is_first) {
    // The stretch was at least this long by our clock, and exactly this long by the other.
    const Time ours = answer.sent_at - its.first.received_at;
    const Time longest = ours + ours / 100 * limits_.drift_percent_max;
    its.is_steady = answer.clock >= its.first.clock && answer.clock - its.first.clock <= longest;
  }
  its.first = answer;
}

Time Lease::until(const Voters& voters, NodeId self, Time now) const {
  if (is_over_ || limits_.drift_percent_max >= 100) return 0_s;
  auto promised_at = [&](NodeId node) {
    if (node == self) return now.ns();
    auto its = clocks_.find(node);
    return its == clocks_.end() || !its->second.is_steady ? 0 : its->second.promised_at.ns();
  };
  const Time from = Time::of_ns(quorum::reached_by_majority(voters, promised_at));
  if (from == 0_s) return 0_s;
  const Time promised = limits_.election_timeout;
  return from + (MUTANT(lease_too_long) ? 4 * promised : promised / 100 * (100 - limits_.drift_percent_max));
}

}  // namespace skiff::raft

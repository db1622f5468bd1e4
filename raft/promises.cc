#include "raft/promises.h"

#include "raft/mutant.h"

namespace skiff::raft {
namespace {

bool contradicts(const HeartbeatReply& reply, const Promise& promise) {
  const auto [term, index] = promise.acknowledged;
  if (index == 0 || promise.start == reply.start) return false;
  return reply.found.term < term || (reply.found.term == term && reply.found.last.index < index);
}

}  // namespace

Promise Promises::of(NodeId node) const {
  auto known = promises_.find(node);
  return known == promises_.end() ? Promise{} : known->second;
}

void Promises::remember_all(const Followers& followers, Term term, const Configuration& members) {
  for (const auto& [node, progress] : followers) {
    if (progress.recovering() != 0 || progress.match() == 0) continue;
    remember(node, {.start = progress.start(), .acknowledged = {.term = term, .index = progress.match()}});
  }
  std::erase_if(promises_, [&](const auto& promise) { return !members.has(promise.first); });
}

std::optional<Promise> Promises::broken_by(const HeartbeatReply& reply, NodeId node, const Progress& progress,
                                           Term term) const {
  if (reply.recovering != 0) return std::nullopt;
  const Promise in_this_term{.start = progress.start(), .acknowledged = {.term = term, .index = progress.match()}};
  if (contradicts(reply, in_this_term) && !MUTANT(forgetful_taken_for_intact)) return in_this_term;
  const Promise before = of(node);
  if (progress.is_forgetful() || contradicts(reply, before)) return before;
  return std::nullopt;
}

}  // namespace skiff::raft

// Recovering: how a node comes back that has lost a part of its log, and maybe votes and terms with it.
//
// A recovering node does not know what it has promised: which entries it acknowledged, in which terms it was, and for
// which candidates it voted. It therefore gives no vote, does not campaign and confirms no reads, and its
// acknowledgements do not count. It follows the leader like any follower with a short log, and says with every reply
// that it is recovering, under the number of its process.
//
// When a leader hears this, it makes an entry of its own, the fence. Once the fence is committed, by a majority that
// does not include the node, and the node has acknowledged the fence, the leader tells the node that it is intact. From
// then on the node counts again. That is safe because every promise that it may have lost has either been kept by
// others, or can do no harm any more.
//
// Let T be the leader's term, and M the majority that committed the fence. The node is not in M. Each node of M was in
// T, and in no later term, when it took the fence, which was after the node's process had started.
//
//   Lemma 1 (entries). The node holds every entry that was committed with an acknowledgement that it lost. Such an
//     entry was committed by the leader of some term t, which a majority elected. That majority and M share a node, so
//     t <= T. The leader of T has all entries that were committed in earlier terms, because a node that lacked one was
//     not elected; and a log that has the fence has all entries before it.
//   Lemma 2 (votes after T). A candidate that had the node's vote in a term t > T never wins. It was in t before the
//     node's process started, so it did not take the fence. It needs the vote of a node of M, whose log has the fence
//     and is therefore more up to date than its own.
//   Lemma 3 (votes up to T). The node does not vote twice in a term up to T. It is in T now, and in T itself it votes
//     for the leader, which has won in any case.
//   Lemma 4 (late messages). An acknowledgement or a vote from before the loss was true when it was sent, and by lemmas
//     1 to 3 nothing that was lost still depends on it. It cannot be taken for an acknowledgement of the fence.
//
// Without a majority that does not include the node nothing is committed, and the node goes on recovering.
//
// After Liskov and Cowling, Viewstamped Replication Revisited (2012, 4.3), and Alagappan et al., Protocol-Aware
// Recovery for Consensus-Based Storage (FAST 2018). docs/decisions/0014-a-damaged-node-recovers.md says more.
#include "raft/check.h"
#include "raft/mutant.h"
#include "raft/raft.h"

namespace skiff::raft {

// ---- the leader's half

// Which disks are needed for a majority that takes writes changes with it.
void Raft::hear_recovering(Progress& progress, uint64_t start) {
  const bool was_recovering = progress.recovering() != 0;
  progress.heard_recovering(start, log_.last().index);
  if (was_recovering != (progress.recovering() != 0)) note_disk_space(*as_leader());
}

// With every take_effects(). Any entry is a fence; if none is proposed, a no-op.
void Raft::conclude_recoveries(Leader& leader) {
  for (const auto& [node, progress] : leader.followers) {
    if (progress.recovering() == 0 || log_.last().index >= progress.fence() || transfer_.is_under_way()) continue;
    append_own(EntryKind::no_op, nullptr);
  }
}

// The process of the follower that may be told that it is intact; 0: none.
uint64_t Raft::recovered(const Leader& leader, const Progress& progress) const {
  bool is_behind_the_fence = progress.match() >= progress.fence() && is_fenced(leader, progress.fence());
  if (MUTANT(recovered_without_a_fence)) is_behind_the_fence = leader.first_of_term > 0;
  return is_behind_the_fence ? progress.recovering() : 0;
}

// Whether the fence is durable on a majority without the recovering nodes. A change that we began before we heard of
// the loss may need such a node to be committed. As long as it is not committed, no leader is elected without a
// majority of the old voters, so theirs is enough. Of a change that an older leader began we do not know whether it is
// committed.
bool Raft::is_fenced(const Leader& leader, Index fence) const {
  if (log_.committed() >= fence) return true;
  bool is_begun = configuration().is_joint() && !is_configuration_committed() &&
                  log_.term_at(configuration_index()) == hard_state_.term;
  if (!is_begun) return false;
  Voters as_they_were{.incoming = configuration().voters().outgoing, .outgoing = {}};
  const Followers::Own own{.node = config_.id, .reached = log_.durable()};
  return leader.followers.acknowledged_by_majority(as_they_were, own) >= fence;
}

// ---- the recovering node's half

// The leader says so, because we have told it that our disk has the fence, and our vote for it.
void Raft::complete_recovery() {
  CHECK(is_recovering());
  process_.recovered({.term = hard_state_.term, .last = log_.last()});
  effects_.is_intact = true;
  acknowledge(leader_.id(), log_.committed());
}

}  // namespace skiff::raft

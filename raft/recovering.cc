// Mending: how a node comes back that has lost a part of its log, and maybe votes and terms with it.
//
// Nobody can tell what it has promised: which entries it acknowledged, in which term it was, whom it voted for. So it
// votes for nobody, does not campaign, confirms no reads, and what it acknowledges is not counted. It follows whoever
// leads like any follower with a short log, and says with every answer that it is being mended, and since which start.
//
// The leader that hears this first puts an entry of its own into its log, the fence. When the fence is committed, by a
// majority without that node, and the node has acknowledged it, the node is told that it is whole. From then on it is a
// member like any other, because whatever it had promised has been kept, or can do no harm any more. Let T be the
// leader's term. Each of the majority M that committed the fence was in T, and in no later term, when it took the
// fence, which is after the node's start; and the node is not in M.
//
//   Entries. What was committed with its acknowledgement before it lost it, somebody who led in some term t had. That
//     one was elected by a majority, which shares somebody with M, so t <= T. Whoever leads in T has all that was
//     committed before, because nobody was elected with the vote of a node that lacked it; and who holds the fence
//     holds what stands before it.
//   Votes after T. A candidate that had its vote in some term t > T was in t before the node started, so it did not
//   take
//     the fence. To be elected it needs somebody else of M, who has the fence, and whose log is therefore more up to
//     date than its own: it never will be.
//   Votes up to T. The node is in T now. In T itself it votes for the leader, who has won in any case.
//   Old messages. An acknowledgement or a vote from before, that arrives late, was true when it was sent, and by all of
//     the above still binds nobody to anything that is lost. It cannot be taken for one of the fence.
//
// After Liskov and Cowling, Viewstamped Replication Revisited (2012, 4.3), and Alagappan et al., Protocol-Aware
// Recovery for Consensus-Based Storage (FAST 2018). docs/decisions/0014-a-damaged-node-is-mended.md says more.
//
// What goes wrong: there is no majority without it. Then nothing is committed, and it stays as it is.
#include <set>

#include "raft/mutant.h"
#include "raft/quorum.h"
#include "raft/raft.h"

namespace skiff::raft {

// ---- the leader's half

// Where disks are full, more of them, or fewer, are needed for a majority that can take writes.
void Raft::hear_recovering(Progress& progress, uint64_t start) {
  const bool was_recovering = progress.recovering() != 0;
  progress.heard_recovering(start, log_.last().index);
  if (was_recovering != (progress.recovering() != 0)) note_disk_space(*as_leader());
}

// With every take_effects(). The fence may be any entry; if nobody proposes one, it is an empty one.
void Raft::conclude_recoveries(Leader& leader) {
  for (const auto& [node, progress] : leader.followers) {
    if (progress.recovering() == 0 || log_.last().index >= progress.fence() || transfer_.is_under_way()) continue;
    append_own(EntryKind::no_op, nullptr);
  }
}

// Which start of it may be told that its log is whole; 0: none.
uint64_t Raft::recovered(const Leader& leader, const Progress& progress) const {
  bool is_behind_the_fence = progress.match() >= progress.fence() && is_fenced(leader, progress.fence());
  if (MUTANT(recovered_without_a_fence)) is_behind_the_fence = leader.first_of_term > 0;
  return is_behind_the_fence ? progress.recovering() : 0;
}

// A change that we began before we heard of the damage may need that node. As long as it is not committed, nobody is
// elected without a majority of the voters as they were, so theirs is enough; of an older leader's change we do not
// know whether it is.
bool Raft::is_fenced(const Leader& leader, Index fence) const {
  if (log_.committed() >= fence) return true;
  bool is_begun = configuration().is_joint() && !is_configuration_committed() &&
                  log_.term_at(configuration_index()) == hard_state_.term;
  if (!is_begun) return false;
  Voters as_they_were{.incoming = configuration().voters().outgoing, .outgoing = {}};
  const Followers::Own own{.node = config_.id, .reached = log_.durable()};
  return leader.followers.acknowledged_by_majority(as_they_were, own) >= fence;
}

// ---- the half of the one that is mended

// Said by who leads now. That our disk has the fence, and that vote, we have told it ourselves.
void Raft::complete_recovery() {
  process_.recovered({.term = hard_state_.term, .last = log_.last()});
  effects_.is_intact = true;
  acknowledge(leader_.id(), log_.committed());
}

}  // namespace skiff::raft

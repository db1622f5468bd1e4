// MUTANT(name): true in the one program that breaks the rule of that name on purpose, to see that the tests notice.
//
//   if (is_majority(confirmed) || MUTANT(read_without_quorum)) ...
//
// In the product it is the constant false and costs nothing. Built with `-Dcpp_args=-DSKIFF_WITH_MUTANTS`, every
// program breaks the one rule that SKIFF_MUTANT names in its environment, and `SKIFF_MUTANT=list` prints this table.
// `make mutants` runs them all. Each is a mutation in the sense of mutation testing: a test suite that lets it live has
// a hole.
//
// To add one: a row here, and the switch where the rule stands. The second column says which program must notice it:
// `simulator`, or `raft_test` if a second rule stands behind the broken one, so that no cluster as a whole shows it.
#pragma once

// clang-format off
#define SKIFF_MUTANTS(M) \
  M(ack_before_sync, simulator, "a follower acknowledges entries before they are on its disk (thesis 3.8)") \
  M(ask_before_sync, simulator, "a candidate asks for votes before its own vote is on its disk (thesis 3.8)") \
  M(change_before_own_commit, raft_test, "a leader changes members before it has committed in its own term") \
  M(checksum_ignored, simulator, "a record of the log is believed although its checksum is wrong") \
  M(commit_beyond_the_match, raft_test, "a follower commits entries that it was not shown (thesis 3.5)") \
  M(commit_by_the_new_half, simulator, "in a joint configuration the new voters alone commit (thesis 4.3)") \
  M(condition_not_judged, simulator, "a write takes effect although its condition does not hold") \
  M(condition_lost, simulator, "a write loses its condition before it is in the log") \
  M(conflict_called_done, simulator, "a write that did nothing, because its condition failed, is answered as done") \
  M(counts_before_it_is_judged, raft_test, "an acknowledgement of a new process counts before that process is judged") \
  M(cut_waits_for_a_snapshot, simulator, "history is cut later at a node that is making a snapshot") \
  M(damage_forgotten, simulator, "a restart forgets that the log is damaged") \
  M(damaged_node_counts, simulator, "what a node acknowledges counts while its log is damaged") \
  M(damaged_node_votes, simulator, "a node votes while its log is damaged") \
  M(demoted_leader_gives_up, raft_test, "a voter that is being removed stands for no election (thesis 4.2.2)") \
  M(durable_not_cut, simulator, "entries that replaced others count as durable because those were") \
  M(failed_sync_tried_again, simulator, "a failed sync is tried again, and the second one reports success") \
  M(forgetful_counts, raft_test, "what a follower acknowledges counts although its disk went back") \
  M(forgetful_taken_for_intact, simulator, "a leader overlooks that a follower lacks what it had acknowledged") \
  M(full_follower_acknowledges, simulator, "a follower acknowledges entries that its full disk has no space for (thesis 3.5)") \
  M(gone_back_not_noted, simulator, "a restart forgets that the disk went back") \
  M(half_of_four_decides, simulator, "two of four are a majority") \
  M(heartbeat_commits_unseen, simulator, "a heartbeat commits beyond what the follower is known to have") \
  M(hole_taken_for_the_end, simulator, "damage in the middle of the log is taken for its end") \
  M(joint_left_early, simulator, "the old voters are let go before that is committed under both halves (thesis 4.3)") \
  M(late_save_counts_for_new, simulator, "a save of entries that were replaced makes their replacements durable") \
  M(leader_counts_unsynced, simulator, "a leader counts itself for entries not yet on its disk (thesis 10.2.1)") \
  M(lease_outlives_transfer, raft_test, "a leader keeps its lease after it told a successor to campaign (thesis 6.4.1)") \
  M(lease_too_long, raft_test, "a lease lasts longer than followers wait before they elect another leader (thesis 6.4.1)") \
  M(lease_without_promise, raft_test, "a follower elects another leader while it has promised not to (thesis 6.4.1)") \
  M(local_reads, simulator, "a linearizable read is answered without asking the leader") \
  M(members_not_rolled_back, simulator, "members stay in force although their entry was cut off (thesis 4.1)") \
  M(recovered_without_a_fence, simulator, "a damaged node counts again before it has all that was committed meanwhile") \
  M(names_not_synced, simulator, "entries in a new segment are acknowledged before its name is durable") \
  M(joining_member_votes_at_once, raft_test, "a new member becomes a voter before it has caught up (thesis 4.2.1)") \
  M(no_sync, simulator, "writes are answered without a sync") \
  M(old_half_ignored, simulator, "in a joint configuration the new voters alone elect (thesis 4.3)") \
  M(old_round_confirms, simulator, "an answer to an older round confirms the reads of a newer one") \
  M(older_term_by_counting, simulator, "a leader commits entries of older terms by counting copies (thesis 3.6.2)") \
  M(overtaken_called_done, simulator, "a write that took no effect, because a later one overtook it, is answered as done") \
  M(own_vote_before_sync, raft_test, "a candidate counts its own vote before it is on its disk (thesis 3.8)") \
  M(previous_ignored, simulator, "a follower takes entries behind one that it does not have (thesis 3.5)") \
  M(read_before_apply, simulator, "a read is answered before what was committed when it came is applied (thesis 6.4)") \
  M(read_before_first_commit, simulator, "a leader answers reads before it has committed in its own term (thesis 6.4)") \
  M(read_without_quorum, simulator, "a leader answers reads although no majority follows it (thesis 6.4)") \
  M(refused_after_hand_out, simulator, "a write that may be in a log is answered as refused") \
  M(removed_are_not_told, raft_test, "a removed node is not told that it was removed (thesis 4.2.3)") \
  M(repeats_take_effect, simulator, "a write that is in the log twice takes effect twice") \
  M(single_step_change, simulator, "voters change without a joint configuration (thesis 4.3)") \
  M(snapshot_at_the_commit_index, raft_test, "a snapshot of what is committed already replaces the log (thesis 5)") \
  M(snapshot_forgets_what_was_not_applied, raft_test, "the log forgets entries that the state machine has not applied (thesis 5)") \
  M(snapshot_never_left, raft_test, "a follower that caught up by a snapshot is sent no entries again") \
  M(told_to_campaign_by_anybody, raft_test, "TimeoutNow is followed although it is not from the leader (thesis 3.10)") \
  M(two_changes_at_once, raft_test, "a second change of the members begins before the first is committed") \
  M(vote_before_sync, simulator, "a vote is given before it is on disk (thesis 3.8)") \
  M(vote_for_a_stale_log, raft_test, "a node votes for a candidate whose log is behind its own (thesis 3.6.1)") \
  M(vote_forgotten_at_restart, simulator, "a restart forgets the vote (thesis 3.8)") \
  M(vote_twice, simulator, "a node votes twice in a term (thesis 3.4)") \
  M(votes_right_after_a_start, simulator, "a node votes before a leader could tell it that its disk went back") \
  M(write_handed_out_unordered, raft_test, "a later write overtakes one that was refused")
// clang-format on

namespace skiff {

#define SKIFF_MUTANT_NAME(name, found_by, what) name,
enum class Mutant { none, SKIFF_MUTANTS(SKIFF_MUTANT_NAME) };
#undef SKIFF_MUTANT_NAME

#ifdef SKIFF_WITH_MUTANTS
extern const Mutant kMutant;  // tests/support/choose_mutant.cc
#define MUTANT(name) (::skiff::kMutant == ::skiff::Mutant::name)
#else
#define MUTANT(name) (static_cast<void>(::skiff::Mutant::name), false)
#endif

}  // namespace skiff

// Elections: pre-vote, vote, and the leader's own check that a majority still hears it (thesis 3.4, 3.6.1, 6.2, 9.6).
//
// A node raises its term only once a majority has said that it would vote for it, so a node that was away, or hears
// only one direction, disturbs no leader. Requests for votes and granted votes leave only once they are on disk:
// no restart can make a node vote twice in a term, or stand for a log that it has lost.
#include "raft/check.h"
#include "raft/mutant.h"
#include "raft/quorum.h"
#include "raft/raft.h"

namespace skiff::raft {

// While our disk is stalled we could neither be elected nor lead, and each attempt would raise the term in vain. Mostly
// the disk is only finishing what a leader that has just died had sent, so we look again soon.
void Raft::campaign_or_wait() {
  if (!abstention_.is_over(now_)) return election_timer_.wait_until(abstention_.ends_at());
  if (!saves_.is_older(config_.heartbeat_interval, now_)) return campaign();
  forget_leader();
  election_timer_.wait_for_disk(now_);
}

// A node that cannot be elected asks all the same, under round 0, which counts for nothing: a node that knows that it
// was removed will tell it so.
void Raft::campaign() {
  CHECK(!is_leader());
  // A recovering node may lack what it has acknowledged.
  const bool can_win = !is_recovering() && membership_.is_electable(config_.id, log_.committed());
  if (can_win) become(PreCandidate{.granted = {config_.id}});
  forget_leader();
  if (can_win) {
    ++campaign_round_;
    election_timer_.wait_for_votes(now_, hard_state_.term > 0);
  } else {
    election_timer_.wait_for_leader(now_);
  }
  for (NodeId node : configuration().everybody()) {
    if (node == config_.id || (can_win && !membership_.is_voter(node))) continue;
    send(node, PreVoteRequest{.last = log_.last(), .round = can_win ? campaign_round_ : 0});
  }
  count_votes();
}

void Raft::ask_for_votes(bool by_transfer) {
  CHECK(!is_recovering());
  CHECK(!leader_.is_known());
  set_hard_state({.term = hard_state_.term + 1, .vote = config_.id});
  become(Candidate{.granted = {}, .by_transfer = by_transfer});
  election_timer_.wait_for_votes(now_, hard_state_.term > 0);
  for (NodeId node : configuration().everybody()) {
    if (node == config_.id || !membership_.is_voter(node)) continue;
    const VoteRequest request{.last = log_.last(), .by_transfer = by_transfer};
    MUTANT(ask_before_sync) ? send(node, request) : send_once_durable(node, request);
  }
}

// A candidate's own vote counts like any other: once it is on disk.
void Raft::count_votes() {
  if (auto* asking = std::get_if<PreCandidate>(&role_)) {
    if (quorum::is_majority(membership_.voters(), asking->granted)) ask_for_votes(false);
  } else if (auto* candidate = std::get_if<Candidate>(&role_)) {
    const bool is_vote_durable = saves_.durable_hard_state() == hard_state_ || MUTANT(own_vote_before_sync);
    if (is_vote_durable) candidate->granted.insert(config_.id);
    if (quorum::is_majority(membership_.voters(), candidate->granted)) become_leader();
  }
}

void Raft::become_leader() {
  Leader leader{.followers = {},
                .first_of_term = log_.last().index + 1,
                .heartbeat_due = now_ + config_.heartbeat_interval,
                .reads = ReadRounds(read_round_),
                .change = {},
                .lease = Lease({.election_timeout = config_.election_timeout,
                                .drift_percent_max = config_.clock_drift_percent_max}),
                .takes_writes = !is_full()};
  update_followers(leader);
  become(std::move(leader));
  admit();
  leader_.become(config_.id);
  election_timer_.stop();
  append_own(EntryKind::no_op, nullptr);
}

// The latest moment since which a majority, ourselves included, has been heard.
Time Raft::quorum_heard_at(const Leader& leader) const {
  return leader.followers.heard_by_majority(membership_.voters(), config_.id, now_);
}

bool Raft::hears_leader() const { return is_leader() || leader_.was_heard(config_.election_timeout, now_); }

void Raft::on(const Message& message, const PreVoteRequest& request) {
  bool granted = !is_recovering() && !hears_leader() && abstention_.is_over(now_) && request.last >= log_.last();
  send(message.from, PreVoteReply{.round = request.round, .granted = granted});
}

void Raft::on(const Message& message, const PreVoteReply& reply) {
  auto* asking = std::get_if<PreCandidate>(&role_);
  if (asking == nullptr || reply.round != campaign_round_) {
    ++ignored_;
    return;
  }
  if (reply.granted) asking->granted.insert(message.from);
  count_votes();
}

void Raft::on(const Message& message, const VoteRequest& request) {
  bool is_free = hard_state_.vote == message.from || (hard_state_.vote == 0 && !leader_.is_known());
  if (MUTANT(vote_twice)) is_free = !leader_.is_known();
  const bool is_intact = !is_recovering() || MUTANT(damaged_node_votes);
  const bool may_elect = request.by_transfer ? abstention_.is_over_for_successor(now_) : abstention_.is_over(now_);
  const bool is_stale = request.last < log_.last() && !MUTANT(vote_for_a_stale_log);
  if (!is_free || !is_intact || !may_elect || is_stale) return send(message.from, VoteReply{.granted = false});
  if (hard_state_.vote == 0) {
    set_hard_state({.term = hard_state_.term, .vote = message.from});
    become_follower(hard_state_.term, 0);
  }
  election_timer_.wait_for_leader(now_);
  if (MUTANT(vote_before_sync)) return send(message.from, VoteReply{.granted = true});
  send_once_durable(message.from, VoteReply{.granted = true});
}

void Raft::on(const Message& message, const VoteReply& reply) {
  auto* candidate = std::get_if<Candidate>(&role_);
  if (candidate == nullptr) {
    ++ignored_;
    return;
  }
  if (reply.granted) candidate->granted.insert(message.from);
  count_votes();
}

}  // namespace skiff::raft

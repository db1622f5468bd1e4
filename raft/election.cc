// Elections: pre-vote, vote, and the leader's own check that a majority still hears it (thesis 3.4, 3.6.1, 6.2, 9.6).
//
// Nobody's term goes up before a majority has said that it would vote: a node that was away, or hears only half of
// what is said, disturbs nobody. What a candidate asks and what a voter grants leaves only once it is on disk, so that
// no restart can make either say something else in the same term, or stand for a log it has lost.
#include "raft/mutant.h"
#include "raft/quorum.h"
#include "raft/raft.h"

namespace skiff::raft {

// While our disk stands still we could neither be elected nor lead, and each attempt would only raise the term. Mostly
// it is only finishing what a leader that has just died had sent, so we look again soon.
//
// Who cannot be elected asks all the same, without a round that could count: whoever knows that it was removed says so.
void Raft::campaign_or_wait() {
  if (!may_elect()) {
    election_deadline_ = may_elect_at();
    return;
  }
  bool is_disk_moving = saves_.empty() || now_ < saves_.front().handed_at + config_.heartbeat_interval;
  if (is_disk_moving) return campaign();
  forget_leader();
  election_deadline_ = now_ + config_.heartbeat_interval / 4 + 1;
}

// Who has lost its vote may yet be the only one with the entries that took it, and without them nobody else can be
// elected: until they are committed, it stands for election as before (4.2.2). Whose log is being mended may lack what
// it has acknowledged.
bool Raft::is_electable() const {
  if (is_recovering()) return false;
  if (is_voter(config_.id)) return true;
  return configuration_at(log_.committed()).is_voter(config_.id) && !MUTANT(demoted_leader_gives_up);
}

void Raft::campaign() {
  bool can_win = is_electable();
  if (can_win) become(PreCandidate{.granted = {config_.id}});
  forget_leader();
  if (can_win) ++campaign_round_;
  election_deadline_ = now_ + (can_win ? campaign_patience() : patience());
  for (NodeId node : configuration().everybody()) {
    PreVoteRequest request{.last = log_.last(), .round = can_win ? campaign_round_ : 0};
    if (node != config_.id && (can_win ? is_voter(node) : true)) send(node, request);
  }
  count_votes();
}

void Raft::ask_for_votes(bool by_transfer) {
  set_hard_state({.term = hard_state_.term + 1, .vote = config_.id});
  become(Candidate{.granted = {}, .by_transfer = by_transfer});
  election_deadline_ = now_ + campaign_patience();
  for (NodeId node : configuration().everybody()) {
    if (node == config_.id || !is_voter(node)) continue;
    const VoteRequest request{.last = log_.last(), .by_transfer = by_transfer};
    MUTANT(ask_before_sync) ? send(node, request) : send_once_durable(node, request);
  }
}

// Our own vote counts, like anybody's, once it is on disk.
void Raft::count_votes() {
  if (auto* asking = std::get_if<PreCandidate>(&role_)) {
    if (quorum::is_majority(membership_.voters(), asking->granted)) ask_for_votes(false);
  } else if (auto* candidate = std::get_if<Candidate>(&role_)) {
    if (durable_hard_state_ == hard_state_ || MUTANT(own_vote_before_sync)) candidate->granted.insert(config_.id);
    if (quorum::is_majority(membership_.voters(), candidate->granted)) become_leader();
  }
}

void Raft::become_leader() {
  Leader leader{.followers = {},
                .first_of_term = log_.last().index + 1,
                .heartbeat_due = now_ + config_.heartbeat_interval,
                .reads = ReadRounds(read_round_),
                .transfer = {},
                .change = {},
                .lease = {},
                .takes_writes = !is_full()};
  sync_followers(leader);
  become(std::move(leader));
  admit();
  leader_ = config_.id;
  election_deadline_ = kNever;
  append_own(EntryKind::no_op, nullptr);
}

// A leader that a majority does not hear is none: somebody else may lead by now.
void Raft::check_quorum(Leader& leader) {
  if (leader.followers.empty()) return;
  if (now_ >= quorum_heard_at(leader) + config_.election_timeout) become_follower(hard_state_.term, 0);
}

// The latest moment since which a majority, ourselves included, has been heard.
Time Raft::quorum_heard_at(const Leader& leader) const {
  return quorum::reached_by_majority(membership_.voters(), [&](NodeId node) {
    return node == config_.id ? now_ : leader.followers.at(node).counted_at();
  });
}

bool Raft::hears_leader() const {
  if (is_leader()) return true;
  return leader_ != 0 && heard_leader_at_ && now_ < *heard_leader_at_ + config_.election_timeout;
}

// How long a follower waits for a leader. Drawn anew each time, so that a split vote does not repeat itself (3.4).
Time Raft::patience() { return config_.election_timeout + random_.below(config_.election_timeout); }

// How long a campaign may take before the next. In a cluster that has never had a leader, short: nodes have only just
// been started, and the first questions went to some that were not there yet.
Time Raft::campaign_patience() {
  Time shortest = hard_state_.term == 0 ? config_.heartbeat_interval : config_.election_timeout / 2;
  return shortest + random_.below(shortest);
}

// For an election timeout from now, by our clock, whatever we hear of our leader meanwhile.
void Raft::promise_to_elect_nobody() { elects_nobody_until_ = now_ + config_.election_timeout; }

Time Raft::may_elect_at() const {
  const bool has_promised = config_.lease_reads && !MUTANT(lease_without_promise);
  return has_promised ? std::max(silent_until_, elects_nobody_until_) : silent_until_;
}

void Raft::on(const Message& message, const PreVoteRequest& request) {
  bool granted = !is_recovering() && !hears_leader() && may_elect() && request.last >= log_.last();
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
  bool is_free = hard_state_.vote == message.from || (hard_state_.vote == 0 && leader_ == 0);
  bool may_vote = (!is_recovering() || MUTANT(damaged_node_votes)) &&
                  (may_elect() || (request.by_transfer && now_ >= silent_until_));
  if (MUTANT(vote_twice)) is_free = leader_ == 0;
  bool is_stale = request.last < log_.last() && !MUTANT(vote_for_a_stale_log);
  if (!is_free || !may_vote || is_stale) return send(message.from, VoteReply{.granted = false});
  if (hard_state_.vote == 0) {
    set_hard_state({.term = hard_state_.term, .vote = message.from});
    become_follower(hard_state_.term, 0);
  }
  election_deadline_ = now_ + patience();
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

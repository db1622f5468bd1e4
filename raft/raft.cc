#include "raft/raft.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"

namespace skiff::raft {
namespace {

// From which role to which, in the order of RoleName. A pre-candidate or candidate that gets nowhere starts over as
// pre-candidate; only a candidate can come to lead.
constexpr bool kMayBecome[4][4] = {
    // follower pre-cand. candidate leader
    {true, true, false, false},   // follower
    {true, true, true, false},    // pre-candidate
    {true, true, false, true},    // candidate
    {true, false, false, false},  // leader
};

}  // namespace

Raft::Raft(Config config, Time now)
    : config_(std::move(config)),
      random_(config_.seed),
      now_(now),
      hard_state_(config_.hard_state),
      log_(std::exchange(config_.entries, {})),
      durable_hard_state_(config_.hard_state),
      checked_hard_state_(config_.hard_state) {
  CHECK(config_.id != 0);
  CHECK(is_voter(config_.id));
  CHECK(config_.heartbeat_interval > 0);
  CHECK(config_.election_timeout > config_.heartbeat_interval);
  CHECK(hard_state_.term >= log_.last().term);
  // A cluster that never had a leader need not wait for one, and who is alone waits for nobody.
  bool is_alone = config_.voters.size() == 1;
  election_deadline_ = is_alone ? now : now + (hard_state_.term == 0 ? campaign_patience() : patience());
}

void Raft::step(Time now, const Event& event) {
  CHECK(now >= now_);
  now_ = now;
  std::visit([this](const auto& happened) { on(happened); }, event);
  check_invariants();
}

Effects Raft::take_effects() {
  if (Leader* leader = as_leader()) {
    start_read_round(*leader);
    send_what_is_due(*leader);
  }
  effects_.committed = log_.take_committed();
  collect_saves();
  return std::exchange(effects_, {});
}

// What promises something about the disk leaves only once the disk has it. If it has everything already, at once.
void Raft::collect_saves() {
  bool has_news = hard_state_unsaved_ || log_.has_unsaved();
  if (!has_news && effects_.messages_once_durable.empty()) return;
  if (!has_news && saves_.empty()) {
    for (Message& message : effects_.messages_once_durable) effects_.messages.push_back(std::move(message));
    effects_.messages_once_durable.clear();
    return;
  }
  effects_.save = ++save_number_;
  if (hard_state_unsaved_) effects_.hard_state = hard_state_;
  hard_state_unsaved_ = false;
  effects_.entries = log_.take_unsaved(save_number_);
  saves_.push_back({.number = save_number_, .hard_state = hard_state_, .handed_at = now_});
}

Time Raft::next_deadline() const {
  const Leader* leader = as_leader();
  if (leader == nullptr) return election_deadline_;
  if (leader->followers.empty()) return kNever;
  return std::min(leader->heartbeat_due, quorum_heard_at(*leader) + config_.election_timeout);
}

Status Raft::status() const {
  Status status{.id = config_.id,
                .role = role_name(),
                .leader = leader_,
                .hard_state = hard_state_,
                .last = log_.last(),
                .durable = log_.durable(),
                .committed = log_.committed(),
                .peers = {}};
  if (const Leader* leader = as_leader()) {
    for (const auto& [node, progress] : leader->followers) {
      status.peers.push_back({.node = node,
                              .match = progress.match(),
                              .next = progress.next(),
                              .probing = progress.state() == Progress::State::probe,
                              .paused = !progress.may_send(),
                              .heard_at = progress.heard_at()});
    }
  }
  return status;
}

void Raft::on(const TimePassed&) {
  Leader* leader = as_leader();
  if (leader == nullptr) {
    if (now_ >= election_deadline_) campaign_or_wait();
    return;
  }
  check_quorum(*leader);
  leader = as_leader();
  if (leader != nullptr && now_ >= leader->heartbeat_due) send_heartbeats(*leader);
}

void Raft::on(const Received& received) {
  const Message& message = received.message;
  if (!may_receive(message)) {
    ++ignored_;
    return;
  }
  // A question before an election changes nobody's term, and its answer may come from an older one. Neither says that
  // its sender follows us: a leader that nobody hears must not live on their questions.
  bool is_question = std::holds_alternative<PreVoteRequest>(message.body);
  bool is_answer = std::holds_alternative<PreVoteReply>(message.body);
  if (message.term < hard_state_.term && !is_answer) return answer_older_term(message);
  if (message.term > hard_state_.term && !is_question) become_follower(message.term, 0);
  Leader* leader = as_leader();
  if (leader != nullptr && !is_question && !is_answer) leader->followers.at(message.from).heard(now_);
  std::visit([&](const auto& body) { on(message, body); }, message.body);
}

// Who hears a leader does not let a newer term disturb it: the asker has been away, or will learn better (9.6, 4.2.3).
bool Raft::may_receive(const Message& message) {
  if (message.to != config_.id || message.from == config_.id || !is_voter(message.from)) return false;
  bool is_vote = std::holds_alternative<VoteRequest>(message.body);
  return !(is_vote && message.term > hard_state_.term && hears_leader());
}

// The sender's time is over; who leads or asks for votes in it must hear of the newer term, or it could be stuck.
void Raft::answer_older_term(const Message& message) {
  ++ignored_;
  if (const auto* request = std::get_if<PreVoteRequest>(&message.body)) {
    send(message.from, PreVoteReply{.round = request->round, .granted = false});
  } else if (std::holds_alternative<VoteRequest>(message.body)) {
    send(message.from, VoteReply{.granted = false});
  } else if (std::holds_alternative<AppendEntries>(message.body) || std::holds_alternative<Heartbeat>(message.body)) {
    send(message.from, HeartbeatReply{.round = 0});
  }
}

void Raft::on(const Persisted& persisted) {
  CHECK(persisted.save <= save_number_);
  log_.saved(persisted.save);
  while (!saves_.empty() && saves_.front().number <= persisted.save) {
    durable_hard_state_ = saves_.front().hard_state;
    saves_.erase(saves_.begin());
  }
  if (std::holds_alternative<Candidate>(role_)) count_votes();
  if (is_leader()) advance_commit();
}

void Raft::on(const PeerGone& gone) {
  if (Leader* leader = as_leader()) {
    auto follower = leader->followers.find(gone.node);
    if (follower != leader->followers.end()) follower->second.probe_again();
    return;
  }
  if (gone.node != leader_ || leader_ == 0) return;
  // Nobody need wait for it any longer. A little spread, so that two followers do not split the vote.
  forget_leader();
  election_deadline_ = std::min(election_deadline_, now_ + random_.below(config_.heartbeat_interval / 4 + 1));
}

void Raft::forget_leader() {
  leader_ = 0;
  heard_leader_at_.reset();
  refuse_reads();
}

void Raft::become(Role role) {
  CHECK(kMayBecome[role_.index()][role.index()]);
  refuse_reads();
  role_ = std::move(role);
}

void Raft::become_follower(Term term, NodeId leader) {
  CHECK(term >= hard_state_.term);
  if (term > hard_state_.term) set_hard_state({.term = term, .vote = 0});
  bool was_leader = is_leader();
  become(Follower{});
  leader_ = leader;
  heard_leader_at_.reset();
  if (was_leader || election_deadline_ == kNever) election_deadline_ = now_ + patience();
}

void Raft::set_hard_state(HardState hard_state) {
  hard_state_ = hard_state;
  hard_state_unsaved_ = true;
}

void Raft::send(NodeId to, MessageBody body) {
  effects_.messages.push_back({.from = config_.id, .to = to, .term = hard_state_.term, .body = std::move(body)});
}

void Raft::send_once_durable(NodeId to, MessageBody body) {
  effects_.messages_once_durable.push_back(
      {.from = config_.id, .to = to, .term = hard_state_.term, .body = std::move(body)});
}

bool Raft::is_voter(NodeId node) const {
  return std::find(config_.voters.begin(), config_.voters.end(), node) != config_.voters.end();
}

void Raft::check_invariants() {
  CHECK(hard_state_.term >= checked_hard_state_.term);
  bool same_term = hard_state_.term == checked_hard_state_.term;
  if (same_term && checked_hard_state_.vote != 0) CHECK(hard_state_.vote == checked_hard_state_.vote);
  CHECK(log_.committed() >= checked_commit_);
  CHECK(log_.committed() <= log_.last().index);
  CHECK(log_.durable() <= log_.last().index);
  CHECK(log_.last().term <= hard_state_.term);
  CHECK(is_leader() == (leader_ == config_.id));
  if (std::holds_alternative<Candidate>(role_)) CHECK(hard_state_.vote == config_.id);
  if (const Leader* leader = as_leader()) {
    CHECK(log_.term_at(leader->first_of_term) == hard_state_.term);
    CHECK(hard_state_.vote == config_.id);
    for (const auto& [node, progress] : leader->followers) {
      CHECK(progress.match() <= log_.last().index);
      CHECK(progress.next() <= log_.last().index + 1);
    }
  }
  checked_hard_state_ = hard_state_;
  checked_commit_ = log_.committed();
}

}  // namespace skiff::raft

#include "raft/raft.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"

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

// Freeing them takes a microsecond or two. With heartbeats every 50 ms alone, a leader of three frees about a thousand
// a second, a follower about 300.
constexpr size_t kFreedPerStep = 16;

Configuration decoded(const Payload& bytes) {
  std::optional<Configuration> configuration = decode_configuration(bytes ? *bytes : std::string());
  CHECK(configuration.has_value());
  return *configuration;
}

}  // namespace

Raft::Raft(Config config, Time now)
    : config_(std::move(config)),
      random_(config_.seed),
      now_(now),
      hard_state_({config_.hard_state.term, MUTANT(vote_forgotten_at_restart) ? 0 : config_.hard_state.vote}),
      log_(config_.snapshot.position, {}),
      snapshot_(std::exchange(config_.snapshot, {})),
      membership_(log_.base().index, log_.base().index == 0 ? config_.founders : decoded(snapshot_.configuration)),
      recovering_(config_.recovering),
      durable_hard_state_(config_.hard_state),
      checked_hard_state_(config_.hard_state) {
  CHECK(config_.id != 0);
  CHECK(config_.heartbeat_interval > 0);
  CHECK(config_.election_timeout > config_.heartbeat_interval);
  recover(std::exchange(config_.entries, {}));
  CHECK(hard_state_.term >= log_.last().term);
  // A cluster that never had a leader need not wait for one, and who is alone waits for nobody.
  const Voters& voters = membership_.voters();
  bool is_alone = voters.contain(config_.id) && voters.incoming.size() == 1 && voters.outgoing.empty();
  election_deadline_ = is_alone ? now : now + (hard_state_.term == 0 ? campaign_patience() : patience());
  if (hard_state_.term > 0) promise_to_elect_nobody();  // we may have promised it before we stopped
  start_as(hard_state_.term == 0 && log_.last().index == 0, is_alone);
}

void Raft::recover(std::vector<Entry> entries) {
  for (const Entry& entry : entries) {
    if (entry.kind != EntryKind::configuration) continue;
    membership_.append(entry.position.index, decoded(entry.payload));
  }
  log_ = Log(log_.base(), std::move(entries));
}

void Raft::step(Time now, const Event& event) {
  CHECK(now >= now_);
  now_ = now;
  free_forgotten(kFreedPerStep);
  std::visit([this](const auto& happened) { on(happened); }, event);
  check_invariants();
}

Effects Raft::take_effects() {
  if (Leader* leader = as_leader()) {
    reconfigure(*leader);
  }
  if (Leader* leader = as_leader()) {  // who is no member any more has stepped down
    conclude_recoveries(*leader);
    start_read_round(*leader);
    send_what_is_due(*leader);
    drive_transfer(*leader);
  }
  effects_.committed = log_.take_committed();
  if (!effects_.committed.empty() && is_removed(config_.id)) effects_.removed = true;
  collect_saves();
  return std::exchange(effects_, {});
}

// What promises something about the disk leaves only once the disk has it. If it has everything already, at once.
void Raft::collect_saves() {
  bool has_news = hard_state_unsaved_ || restart_ || effects_.is_intact || log_.has_unsaved();
  if (!has_news && effects_.messages_once_durable.empty()) return;
  if (!has_news && saves_.empty()) {
    for (Message& message : effects_.messages_once_durable) effects_.messages.push_back(std::move(message));
    effects_.messages_once_durable.clear();
    return;
  }
  effects_.save = ++save_number_;
  if (hard_state_unsaved_) effects_.hard_state = hard_state_;
  hard_state_unsaved_ = false;
  effects_.restart = std::exchange(restart_, std::nullopt);
  effects_.entries = log_.take_unsaved(save_number_);
  const uint64_t bytes = bytes_of_save(effects_.entries);
  saves_.push_back({.number = save_number_, .hard_state = hard_state_, .handed_at = now_, .bytes = bytes});
  use_space(bytes);
  unsaved_bytes_ = 0;
}

Time Raft::next_deadline() const {
  const Leader* leader = as_leader();
  if (leader == nullptr) return election_deadline_;
  if (leader->followers.empty()) return kNever;
  Time transfer = leader->transfer ? leader->transfer->give_up_at : kNever;
  Time news = kNever;
  for (const auto& [node, progress] : leader->followers) news = std::min(news, progress.tell_at);
  return std::min({leader->heartbeat_due, transfer, news, quorum_heard_at(*leader) + config_.election_timeout});
}

Status Raft::status() const {
  Status status{.id = config_.id,
                .role = role_name(),
                .leader = leader_,
                .hard_state = hard_state_,
                .last = log_.last(),
                .durable = log_.durable(),
                .committed = log_.committed(),
                .snapshot = snapshot_.position,
                .recovering = is_recovering(),
                .is_full = is_full(),
                .takes_writes = takes_writes(),
                .peers = {}};
  if (const Leader* leader = as_leader()) {
    for (const auto& [node, progress] : leader->followers) {
      status.peers.push_back({.node = node,
                              .match = progress.match(),
                              .next = progress.next(),
                              .state = progress.state(),
                              .recovering = progress.recovering() != 0,
                              .paused = !progress.may_send(),
                              .is_full = progress.is_full.value_or(false),
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
  if (leader != nullptr) end_late_transfer(*leader);
  if (leader != nullptr) note_space(*leader);
  if (leader != nullptr && !leader->transfer && is_disk_stalled()) start_transfer(*leader, best_successor(*leader));
  if (leader != nullptr && now_ >= leader->heartbeat_due) send_heartbeats(*leader);
}

void Raft::on(const Received& received) {
  const Message& message = received.message;
  if (is_removed(message.from) && message.to == config_.id) return tell_removed(message);
  if (!may_receive(message)) {
    ++ignored_;
    return;
  }
  // A question before an election changes nobody's term, and its answer may come from an older one. Neither says that
  // its sender follows us: a leader that nobody hears must not live on their questions.
  bool is_question = std::holds_alternative<PreVoteRequest>(message.body);
  bool is_answer = std::holds_alternative<PreVoteReply>(message.body) || std::holds_alternative<Removed>(message.body);
  if (message.term < hard_state_.term && !is_answer) return answer_older_term(message);
  if (message.term > hard_state_.term && !is_question) become_follower(message.term, 0);
  Progress* progress = progress_of(message.from);
  if (progress != nullptr && !is_question && !is_answer) progress->heard(now_);
  std::visit([&](const auto& body) { on(message, body); }, message.body);
}

// Who hears a leader does not let a newer term disturb it: the asker has been away, or will learn better (9.6, 4.2.3).
bool Raft::may_receive(const Message& message) {
  if (message.to != config_.id || message.from == config_.id || message.from == 0) return false;
  const auto* vote = std::get_if<VoteRequest>(&message.body);
  if (vote == nullptr || vote->by_transfer || message.term <= hard_state_.term) return true;
  return !hears_leader() && may_elect();
}

// For good: that is committed, and it has no vote any more.
bool Raft::is_removed(NodeId node) const {
  return configuration().was_removed(node) && !configuration().is_joint() && is_configuration_committed();
}

// It was away when the others let it go, and does not know; it stops when it hears of it, and disturbs nobody.
void Raft::tell_removed(const Message& message) {
  ++ignored_;
  if (MUTANT(removed_are_not_told)) return;
  if (!std::holds_alternative<Removed>(message.body)) send(message.from, Removed{});
}

// From whoever has committed it; a configuration of ours that says otherwise is an older one.
void Raft::on(const Message&, const Removed&) { effects_.removed = true; }

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
  if (is_leader()) {
    if (Progress* progress = progress_of(gone.node)) progress->probe_again();
    return;
  }
  if (gone.node != leader_ || leader_ == 0) return;
  // Nobody need wait for it any longer. A little spread, so that two followers do not split the vote.
  forget_leader();
  election_deadline_ = std::min(election_deadline_, now_ + random_.below(config_.heartbeat_interval / 4 + 1));
}

void Raft::forget_leader() {
  leader_ = 0;
  leader_takes_writes_ = true;
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
  if (const Leader* leading = as_leader()) remember_promises(*leading);
  if (term > hard_state_.term) set_hard_state({.term = term, .vote = 0});
  bool was_leader = is_leader();
  if (was_leader) end_change();
  become(Follower{});
  leader_ = leader;
  leader_takes_writes_ = true;
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

Progress* Raft::progress_of(NodeId node) {
  Leader* leader = as_leader();
  if (leader == nullptr) return nullptr;
  auto found = leader->followers.find(node);
  return found == leader->followers.end() ? nullptr : &found->second;
}

void Raft::check_invariants() {
  CHECK(hard_state_.term >= checked_hard_state_.term);
  bool same_term = hard_state_.term == checked_hard_state_.term;
  if (same_term && checked_hard_state_.vote != 0) CHECK(hard_state_.vote == checked_hard_state_.vote);
  CHECK(log_.committed() >= checked_commit_);
  CHECK(log_.committed() <= log_.last().index);
  CHECK(log_.durable() <= log_.last().index);
  CHECK(log_.base().index <= snapshot_.position.index);
  CHECK(snapshot_.position.index <= log_.committed());
  CHECK(membership_.latest_index() <= log_.last().index);
  CHECK(log_.last().term <= hard_state_.term);
  CHECK(is_leader() == (leader_ == config_.id));
  if (is_recovering()) CHECK(std::holds_alternative<Follower>(role_));
  if (std::holds_alternative<Candidate>(role_)) CHECK(hard_state_.vote == config_.id);
  if (const Leader* leader = as_leader()) {
    if (leader->first_of_term >= log_.base().index) CHECK(log_.term_at(leader->first_of_term) == hard_state_.term);
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

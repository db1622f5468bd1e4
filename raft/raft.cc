#include "raft/raft.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"

namespace skiff::raft {
namespace {

// The allowed changes of role, in the order of RoleName. A pre-candidate or candidate that does not win starts over as
// pre-candidate; only a candidate can become leader.
constexpr bool kMayBecome[4][4] = {
    // follower pre-cand. candidate leader
    {true, true, false, false},   // follower
    {true, true, true, false},    // pre-candidate
    {true, true, false, true},    // candidate
    {true, false, false, false},  // leader
};

// Forgotten entries; freeing so many takes a microsecond or two. With heartbeats every 50 ms alone, a leader of three
// frees about a thousand a second, a follower about 300.
constexpr size_t kFreedPerStep = 16;

Configuration decoded(const Payload& bytes) {
  std::optional<Configuration> configuration = decode_configuration(bytes ? *bytes : std::string_view());
  CHECK(configuration.has_value());
  return *configuration;
}

}  // namespace

Raft::Raft(Config config, Time now)
    : config_(std::move(config)),
      now_(now),
      hard_state_({config_.hard_state.term, MUTANT(vote_forgotten_at_restart) ? 0 : config_.hard_state.vote}),
      log_(config_.snapshot.position, {}),
      snapshot_(std::exchange(config_.snapshot, {})),
      membership_(log_.base().index, log_.base().index == 0 ? config_.founders : decoded(snapshot_.configuration)),
      saves_(config_.hard_state),
      disk_space_(config_.space_kept_bytes),
      process_(config_.start, config_.recovering),
      election_timer_(config_.seed,
                      {.heartbeat = config_.heartbeat_interval, .election_timeout = config_.election_timeout}),
      abstention_(config_.lease_reads),
      transfer_(config_.election_timeout),
      forwarded_reads_({.waiting_max = config_.waiting_reads_max, .timeout = config_.election_timeout}),
      checked_({.hard_state = config_.hard_state}) {
  CHECK(config_.id != 0);
  CHECK(config_.heartbeat_interval > 0_s);
  CHECK(config_.election_timeout > config_.heartbeat_interval);
  for (const Entry& entry : config_.entries) {
    if (entry.kind == EntryKind::configuration) membership_.append(entry.position.index, decoded(entry.payload));
  }
  log_ = Log(log_.base(), std::exchange(config_.entries, {}));
  CHECK(hard_state_.term >= log_.last().term);
  // A cluster that never had a leader need not wait for one, and a node that is alone waits for no other.
  const Voters& voters = membership_.voters();
  const bool is_alone = voters.contain(config_.id) && voters.incoming.size() == 1 && voters.outgoing.empty();
  const bool had_leader = hard_state_.term > 0;
  if (is_alone) {
    election_timer_.wait_until(now);
  } else if (had_leader) {
    election_timer_.wait_for_leader(now);
  } else {
    election_timer_.wait_for_votes(now, had_leader);
  }
  if (had_leader) abstention_.promise(now + config_.election_timeout);  // it may have been promised before the restart
  begin_process(!had_leader && log_.last().index == 0, is_alone);
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
  if (Leader* leader = as_leader()) {  // a leader that is no member any more has stepped down
    conclude_recoveries(*leader);
    start_read_round(*leader);
    send_what_is_due(*leader);
    drive_transfer(*leader);
  }
  effects_.committed = log_.take_committed();
  if (!effects_.committed.empty() && membership_.is_removed(config_.id, log_.committed())) effects_.removed = true;
  collect_save();
  return std::exchange(effects_, {});
}

// Messages that promise something about the disk leave only once the disk has it; at once if it has everything already.
void Raft::collect_save() {
  const bool has_news = saves_.has_unsaved() || effects_.is_intact || log_.has_unsaved();
  if (!has_news && effects_.messages_once_durable.empty()) return;
  if (!has_news && saves_.is_empty()) {
    for (Message& message : effects_.messages_once_durable) effects_.messages.push_back(std::move(message));
    effects_.messages_once_durable.clear();
    return;
  }
  effects_.entries = log_.take_unsaved(saves_.next_number());
  const uint64_t bytes = DiskSpace::bytes_of_save(effects_.entries);
  saves_.hand_over({.hard_state = hard_state_, .handed_at = now_, .bytes = bytes}, effects_);
  disk_space_.handed_over(bytes);
}

Time Raft::next_deadline() const {
  const Leader* leader = as_leader();
  if (leader == nullptr) return election_timer_.deadline();
  if (leader->followers.empty()) return kNever;
  return std::min({leader->heartbeat_due, transfer_.give_up_at(), leader->followers.next_commit_notice(),
                   quorum_heard_at(*leader) + config_.election_timeout});
}

Status Raft::status() const {
  Status status{.id = config_.id,
                .role = static_cast<RoleName>(role_.index()),
                .leader = leader_.id(),
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
    if (election_timer_.is_due(now_)) campaign_or_wait();
    return;
  }
  // A leader that a majority does not hear steps down: another node may lead by now.
  const bool is_heard = leader->followers.empty() || now_ < quorum_heard_at(*leader) + config_.election_timeout;
  if (!is_heard) return become_follower(hard_state_.term, 0);
  if (auto ended = transfer_.give_up_if_late(now_)) effects_.admin_results.push_back(std::move(*ended));
  note_disk_space(*leader);
  const bool is_disk_stalled = saves_.is_older(config_.election_timeout, now_);
  if (is_disk_stalled && !transfer_.is_under_way()) {
    transfer_.start({.to = leader->followers.best_successor(successor_rules()), .now = now_});
  }
  if (now_ >= leader->heartbeat_due) send_heartbeats(*leader);
}

void Raft::on(const Received& received) {
  const Message& message = received.message;
  if (membership_.is_removed(message.from, log_.committed()) && message.to == config_.id) return tell_removed(message);
  if (!may_receive(message)) {
    ++ignored_;
    return;
  }
  // A pre-vote request changes no term, and its reply may come from an older one. Neither says that its sender follows
  // us: a leader that is not heard must not stay in office because candidates ask it.
  bool is_question = std::holds_alternative<PreVoteRequest>(message.body);
  bool is_answer = std::holds_alternative<PreVoteReply>(message.body) || std::holds_alternative<Removed>(message.body);
  if (message.term < hard_state_.term && !is_answer) return answer_older_term(message);
  if (message.term > hard_state_.term && !is_question) become_follower(message.term, 0);
  Progress* progress = progress_of(message.from);
  if (progress != nullptr && !is_question && !is_answer) progress->heard(now_);
  std::visit([&](const auto& body) { on(message, body); }, message.body);
}

// A node that hears a leader ignores vote requests of newer terms: the candidate was cut off, or was removed
// (9.6, 4.2.3).
bool Raft::may_receive(const Message& message) {
  if (message.to != config_.id || message.from == config_.id || message.from == 0) return false;
  const auto* vote = std::get_if<VoteRequest>(&message.body);
  if (vote == nullptr || vote->by_transfer || message.term <= hard_state_.term) return true;
  return !hears_leader() && abstention_.is_over(now_);
}

// The sender was away when it was removed, and does not know it yet. It stops when it is told, and disturbs no
// election.
void Raft::tell_removed(const Message& message) {
  ++ignored_;
  if (MUTANT(removed_are_not_told)) return;
  if (!std::holds_alternative<Removed>(message.body)) send(message.from, Removed{});
}

// The sender has committed our removal; a configuration of ours that says otherwise is an older one.
void Raft::on(const Message&, const Removed&) { effects_.removed = true; }

// A leader or candidate of an older term must hear of the newer one, or it could be stuck.
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
  saves_.confirmed(persisted.save);
  log_.saved(persisted.save);
  if (std::holds_alternative<Candidate>(role_)) count_votes();
  if (is_leader()) advance_commit();
}

void Raft::on(const PeerGone& gone) {
  if (is_leader()) {
    if (Progress* progress = progress_of(gone.node)) progress->probe_again();
    return;
  }
  if (!leader_.is_known() || !leader_.is(gone.node)) return;
  forget_leader();
  election_timer_.expire_soon(now_);
}

void Raft::forget_leader() {
  leader_.forget();
  refuse_reads();
}

void Raft::become(Role role) {
  CHECK(kMayBecome[role_.index()][role.index()]);
  refuse_reads();
  role_ = std::move(role);
}

void Raft::become_follower(Term term, NodeId leader) {
  CHECK(term >= hard_state_.term);
  if (const Leader* leading = as_leader()) {
    promises_.remember_all(leading->followers, hard_state_.term, configuration());
    if (leading->change) {
      effects_.admin_results.push_back(
          {.id = *leading->change, .kind = AdminResult::Kind::unknown, .reason = "this node does not lead any more"});
    }
    transfer_.leadership_ended();
  }
  if (term > hard_state_.term) set_hard_state({.term = term, .vote = 0});
  become(Follower{});
  leader_.become(leader);
  if (election_timer_.is_stopped()) election_timer_.wait_for_leader(now_);
}

void Raft::set_hard_state(HardState hard_state) {
  hard_state_ = hard_state;
  saves_.add_hard_state();
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
  return leader == nullptr ? nullptr : leader->followers.find(node);
}

void Raft::check_invariants() {
  CHECK(hard_state_.term >= checked_.hard_state.term);
  bool same_term = hard_state_.term == checked_.hard_state.term;
  if (same_term && checked_.hard_state.vote != 0) CHECK(hard_state_.vote == checked_.hard_state.vote);
  CHECK(log_.committed() >= checked_.commit);
  CHECK(log_.committed() <= log_.last().index);
  CHECK(log_.durable() <= log_.last().index);
  CHECK(log_.base().index <= snapshot_.position.index);
  CHECK(snapshot_.position.index <= log_.committed());
  CHECK(membership_.latest_index() <= log_.last().index);
  CHECK(log_.last().term <= hard_state_.term);
  CHECK(is_leader() == leader_.is(config_.id));
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
  checked_ = {.hard_state = hard_state_, .commit = log_.committed()};
}

}  // namespace skiff::raft

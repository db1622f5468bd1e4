#include "src/replica/replica.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"
#include "store/state/command.h"

namespace skiff {
namespace {

// Whether the store can apply this payload. With `from`: and whether it is a write of that node.
bool is_command(const raft::Payload& payload, raft::NodeId from = 0) {
  if (!payload) return false;
  auto command = store::decode(*payload);
  return command && (from == 0 || command->origin.node == from);
}

}  // namespace

Replica::Replica(ReplicaConfig config, store::Kv kv, raft::Time now, Environment& environment, Requester& requester)
    : config_(std::move(config)),
      environment_(environment),
      requester_(requester),
      raft_(std::move(config_.raft), now),
      kv_(std::move(kv)),
      snapshots_(config_.snapshots, kv_, environment),
      backups_(kv_, config_.snapshots.cluster, config_.backups_max),
      admin_(admin_config(config_), raft_, environment),
      history_(config_.history, kv_),
      digests_(config_.digest_every),
      now_(now),
      resubmit_schedule_(config_.raft.election_timeout) {
  CHECK(config_.incarnation > 0);
  CHECK(kv_.applied() == raft_.log().base().index);
  CHECK(config_.raft.id != 0);
  CHECK(config_.request_timeout > 0_s);
  CHECK(config_.waiting_writes_max > 0);
  CHECK(config_.waiting_barriers_max > 0);
  CHECK(config_.applied_max > 0);
}

// ---- 1. Proposals: what the doors asked for since the last turn

void Replica::propose(raft::Time now, std::vector<Request> batch) {
  set_now(now);
  if (!writes_.has_submitted() && !barriers_.has_asked()) note_progress();
  WaitingBarriers::Batch barriers;
  for (Request& request : batch) {
    if (const char* reason = why_not_now()) {
      std::visit([&](const auto& refused) { refuse(refused, reason); }, request);
    } else if (const Write* write = std::get_if<Write>(&request)) {
      accept(*write);
    } else {
      accept(std::get<Barrier>(request), barriers);
    }
  }
  if (!barriers.empty()) barriers_.hold(std::move(barriers));
  CHECK(writes_.size() <= config_.waiting_writes_max);
  CHECK(barriers_.size() <= config_.waiting_barriers_max);
  submit();
  submit_barriers();
  apply_effects();
}

// Time comes from a monotonic clock of the caller's.
void Replica::set_now(raft::Time now) {
  CHECK(now >= now_);
  now_ = now;
}

const char* Replica::why_not_now() const {
  if (is_stopping_) return "this node is shutting down";
  return is_removed_ || admin_.is_leaving(now_) ? "this node is being removed" : nullptr;
}

void Replica::accept(const Write& write) {
  store::OperationView operation = store::view_of(write.operation);
  if (auto* put = std::get_if<store::PutView>(&operation); put != nullptr && MUTANT(condition_lost))
    put->condition = {};
  CHECK(store::check(operation));
  const uint64_t bytes = store::bytes_of(operation);
  const bool has_space = writes_.size() < config_.waiting_writes_max &&
                         (writes_.size() == 0 || writes_.bytes() + bytes <= config_.waiting_write_bytes_max);
  if (!has_space) return refuse(write, "too many writes are waiting");
  if (!raft_.takes_writes()) return refuse(write, kDiskFull);
  add_write({.ticket = write.ticket, .wants_answer = write.wants_answer}, operation);
}

void Replica::accept(const Barrier& barrier, WaitingBarriers::Batch& batch) {
  CHECK(barrier.timeout > 0_s);
  if (barriers_.size() + batch.size() >= config_.waiting_barriers_max) {
    return refuse(barrier, "too many reads are waiting");
  }
  WaitingBarrier waiting{.ticket = barrier.ticket, .deadline = now_ + barrier.timeout};
  if (MUTANT(local_reads)) return answer(waiting, Answer::Outcome::done);
  batch.push_back(waiting);
}

void Replica::add_write(WaitingWrite write, const store::OperationView& operation) {
  write.number = writes_.next_number();
  write.deadline = now_ + config_.request_timeout;
  const store::Command command{
      .origin = {.node = config_.raft.id, .incarnation = config_.incarnation, .number = write.number},
      .operation = operation};
  write.command = store::to_payload(command);
  writes_.add(std::move(write));
}

// In order, and no more than fits on the way to the leader. Without a leader everything waits. Everything also waits
// until the leader has admitted this process: if the disk went back to an older state, an earlier process may have
// given other writes the same names.
void Replica::submit() {
  if (raft_.leader() == 0 || !raft_.takes_writes() || !raft_.is_admitted()) return;
  uint64_t window = raft_.is_leader() ? config_.leader_window_bytes : config_.forward_window_bytes;
  raft::Proposed proposed;
  while (const WaitingWrite* write = writes_.submit_next(window)) {
    CHECK(write->submissions > 0);
    CHECK(write->command != nullptr);
    proposed.proposals.push_back({.id = write->number, .command = write->command});
  }
  if (!proposed.proposals.empty()) raft_.step(now_, proposed);
}

// All barriers that are held go to the core under one id.
void Replica::submit_barriers() {
  if (!barriers_.has_held() || raft_.leader() == 0) return;
  raft::RequestId id{.incarnation = config_.raft.start, .number = ++barrier_number_};
  barriers_.ask_held(id, now_);
  CHECK(!barriers_.has_held());
  raft_.step(now_, raft::ReadAsked{id});
}

// ---- 2. The effects of the core, in the order of the fields of Effects

void Replica::step(raft::Time now, const raft::Event& event) {
  set_now(now);
  raft_.step(now, event);
}

void Replica::apply_effects() {
  resubmit_if_leader_changed();
  for (;;) {
    raft::Effects effects = raft_.take_effects();
    if (effects.empty()) break;
    for (raft::Message& message : effects.messages) environment_.send(for_peer(std::move(message)));
    if (effects.save == 0) CHECK(effects.messages_once_durable.empty());  // no save would release them
    if (effects.save != 0) {
      if (!once_durable_.empty()) CHECK(effects.save > once_durable_.back().save);
      once_durable_.push_back({.save = effects.save, .messages = std::move(effects.messages_once_durable)});
      environment_.persist(effects.save, effects.hard_state, effects.restart, effects.is_intact,
                           std::move(effects.entries));
    }
    if (effects.restart) become_snapshot(*effects.restart);
    keep_committed(std::move(effects.committed));
    note_confirmations(effects);
    note_refusals(effects);
    drain_admin_requests(effects);
    note_forgetfulness(effects);
    if (effects.fetch && !raft_.is_full()) snapshots_.want(now_, *effects.fetch, raft_);
    if (effects.membership_changed) environment_.members_changed();
    if (effects.removed) environment_.removed();
    resubmit_if_leader_changed();
    drive_admin_requests();
  }
  refuse_where_disks_are_full();
  answer_ready_barriers();
  if (admin_.is_leaving(now_)) drive_admin_requests();
  if (is_removed_) end_what_waits();
}

void Replica::note_forgetfulness(const raft::Effects& effects) {
  for (const raft::ForgetfulPeer& peer : effects.forgetful) environment_.peer_forgot(peer);
  if (effects.forgotten) environment_.forgot(*effects.forgotten);
}

void Replica::note_confirmations(const raft::Effects& effects) {
  for (const raft::ConfirmedRead& read : effects.reads) barriers_.confirmed(read.id, read.index);
  if (!effects.reads.empty()) note_progress();
}

// Refused writes are in no log and on no wire. They are submitted again when a write of this node has been applied.
void Replica::note_refusals(const raft::Effects& effects) {
  for (const raft::RequestId& id : effects.refused_reads) barriers_.refused(id);
  for (uint64_t number : effects.refused) {
    WaitingWrite* write = writes_.find(number);
    if (write == nullptr) continue;
    CHECK(write->submissions > 0);
    --write->submissions;
    writes_.resubmit_from(number);
  }
}

// ---- 3. News from peers and from our disk

void Replica::received(raft::Time now, PeerMessage message) {
  set_now(now);
  std::visit([&](auto& body) { on(message, std::move(body)); }, message.body);
  apply_effects();
}

void Replica::step_received(const PeerMessage& message, raft::MessageBody&& body) {
  step(now_, raft::Received{{message.from, message.to, message.term, std::move(body)}});
}

// Once in the log, a command cannot be refused any more: every node would have to apply it.
void Replica::on(const PeerMessage& message, raft::ForwardProposals&& forward) {
  auto is_refused = [&](const raft::Payload& command) { return !is_command(command, message.from); };
  refused_commands_ += std::erase_if(forward.commands, is_refused);
  step_received(message, std::move(forward));
}

void Replica::on(const PeerMessage& message, raft::AppendEntries&& append) {
  auto is_refused = [](const raft::Entry& entry) {
    return entry.kind == raft::EntryKind::command && !is_command(entry.payload);
  };
  if (std::any_of(append.entries.begin(), append.entries.end(), is_refused)) {
    ++refused_commands_;
    return;
  }
  step_received(message, std::move(append));
}

void Replica::on(const PeerMessage& message, StateDigest&& state) {
  digests_.compare(environment_, raft_, message.from, state);
}

void Replica::persisted(raft::Time now, uint64_t save) {
  CHECK(save > 0);
  while (!once_durable_.empty() && once_durable_.front().save <= save) {
    for (raft::Message& message : once_durable_.front().messages) {
      environment_.send(for_peer(std::move(message)));
    }
    once_durable_.pop_front();
  }
  step(now, raft::Persisted{save});
  apply_effects();
}

// ---- 4. Commits: apply, and answer the requests that waited for it

void Replica::keep_committed(std::vector<raft::Entry>&& entries) {
  if (entries.empty()) return;
  CHECK(unapplied_.empty() || entries.front().position.index > unapplied_.back().position.index);
  if (unapplied_.empty()) environment_.committed();
  std::move(entries.begin(), entries.end(), std::back_inserter(unapplied_));
}

std::vector<raft::Entry> Replica::next_page() {
  const auto end = unapplied_.begin() + static_cast<std::ptrdiff_t>(std::min(unapplied_.size(), config_.applied_max));
  std::vector<raft::Entry> page(std::make_move_iterator(unapplied_.begin()), std::make_move_iterator(end));
  unapplied_.erase(unapplied_.begin(), end);
  return page;
}

void Replica::apply_some(raft::Time now) {
  set_now(now);
  const std::vector<raft::Entry> page = next_page();
  CHECK(page.size() <= config_.applied_max);
  decode(page);
  kv_.prefetch(decoded_);
  for (size_t at = 0; at < page.size(); ++at) apply(page[at], decoded_[at]);
  decoded_.clear();  // it looks into the page
  snapshots_.make_if_due(now, raft_);
  cut_history();
  submit();
  apply_effects();
}

// Each command once. Its bytes were checked when they came in: by a client, from a peer, or from the disk.
void Replica::decode(const std::vector<raft::Entry>& page) {
  CHECK(decoded_.empty());
  for (const raft::Entry& entry : page) {
    store::Command& command = decoded_.emplace_back();
    if (entry.kind != raft::EntryKind::command) continue;
    CHECK(entry.payload != nullptr);
    const auto decoded = store::decode(*entry.payload);
    CHECK(decoded.has_value());
    command = *decoded;
  }
}

void Replica::apply(const raft::Entry& entry, const store::Command& command) {
  if (entry.position.index <= kv_.applied()) return;  // a snapshot has brought it
  CHECK(entry.position.index <= raft_.log().committed());
  if (entry.kind == raft::EntryKind::command) {
    apply_command(entry, command);
  } else {
    kv_.skip(entry.position.index);
  }
  CHECK(kv_.applied() == entry.position.index);
  snapshots_.note_applied(entry.bytes());
  if (digests_.is_due(kv_.applied())) digests_.tell(environment_, raft_, kv_.applied(), kv_.digest());
}

void Replica::apply_command(const raft::Entry& entry, const store::Command& command) {
  const store::Applied outcome = kv_.apply(entry.position.index, command, entry.payload);
  CHECK(outcome.revision == kv_.revision());
  if (outcome.origin.node != config_.raft.id || outcome.origin.incarnation < config_.incarnation) return;
  if (is_of_another_process(outcome.origin)) return raft_.step(now_, raft::WentBack{});
  std::optional<WaitingWrite> write = writes_.take(outcome.origin.number);
  if (!write) return;
  note_progress();
  if (write->submissions == 0) {
    answer(*write, Answer::Outcome::refused, "another process of this node gave another write the same name");
    return raft_.step(now_, raft::WentBack{});
  }
  if (write->command != entry.payload && *write->command != *entry.payload) {
    answer(*write, Answer::Outcome::unknown, "another process of this node gave another write the same name");
    return raft_.step(now_, raft::WentBack{});
  }
  if (outcome.kind != store::Applied::Kind::repeated) return answer(*write, outcome);
  const auto unknown = MUTANT(overtaken_called_done) ? Answer::Outcome::done : Answer::Outcome::unknown;
  answer(*write, unknown, "a later write from this node overtook this one");
  const store::Origin newest = kv_.newest_of(config_.raft.id);
  if (newest.incarnation > config_.incarnation) raft_.step(now_, raft::WentBack{});
}

// A write of this node that neither this process nor an earlier one made. A later process made it, and the disk has
// gone back to before that process.
bool Replica::is_of_another_process(const store::Origin& origin) const {
  CHECK(origin.node == config_.raft.id);
  CHECK(origin.incarnation >= config_.incarnation);
  return origin.incarnation > config_.incarnation || origin.number >= writes_.next_number();
}

// The cuts are writes of this node without an answer.
void Replica::cut_history() {
  if (is_stopping_) return;
  for (store::Revision revision : history_.due(now_, raft_.is_leader())) {
    if (writes_.size() >= config_.waiting_writes_max) return;
    add_write({.wants_answer = false}, store::Compact{revision});
  }
}

// The doors read the map when they are answered, so a barrier is answered only once everything up to its index is
// applied. A page at a time: very many barriers that are confirmed at once hold up nothing else. The next page follows
// with the next tick.
void Replica::answer_ready_barriers() {
  if (has_more_ready_) return;
  const size_t most = config_.barriers_answered_max;
  const raft::Index applied = MUTANT(read_before_apply) ? ~raft::Index{0} : kv_.applied();
  for (const WaitingBarrier& barrier : barriers_.take_ready(applied, most)) answer(barrier, Answer::Outcome::done);
  has_more_ready_ = barriers_.has_ready(kv_.applied());
}

// ---- 5. Time, and other news from the shell

void Replica::peer_connected(raft::Time now, raft::NodeId node) {
  set_now(now);
  if (node != raft_.leader()) return;
  resubmit(now);
  apply_effects();
}

void Replica::peer_gone(raft::Time now, raft::NodeId node) {
  step(now, raft::PeerGone{node});
  apply_effects();
}

void Replica::disk_space(raft::Time now, std::optional<uint64_t> bytes_left) {
  step(now, raft::SpaceReported{bytes_left});
  apply_effects();
}

void Replica::tick(raft::Time now) {
  has_more_ready_ = false;
  step(now, raft::TimePassed{});
  answer_expired();
  CHECK(writes_.next_deadline() > now_);
  CHECK(barriers_.next_deadline() > now_);
  snapshots_.tick(now, raft_);
  resubmit_if_stuck();
  admin_.withdraw_the_silent(now);
  drive_admin_requests();
  cut_history();
  submit();
  submit_barriers();
  apply_effects();
}

raft::Time Replica::next_deadline() const {
  if (has_more_ready_) return now_;
  raft::Time requests = std::min(writes_.next_deadline(), barriers_.next_deadline());
  return std::min({raft_.next_deadline(), requests, stuck_at(), snapshots_.next_deadline(), admin_.next_deadline()});
}

}  // namespace skiff

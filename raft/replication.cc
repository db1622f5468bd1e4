// Replication: propose, append, acknowledge, commit; both halves of the conversation on one page
// (thesis 3.5, 3.6, 10.2).
//
// Messages are made when the effects are taken, not with each proposal: whatever came in between leaves together.
#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"
#include "raft/quorum.h"
#include "raft/raft.h"

namespace skiff::raft {

// ---- the leader's half: propose and send

// Refused from the first that finds no room: what comes later must not overtake it.
void Raft::on(const Proposed& proposed) {
  if (!is_leader() && leader_ != 0) return forward(proposed);
  bool has_room = is_leader();
  for (const auto& proposal : proposed.proposals) {
    has_room = (has_room || MUTANT(write_handed_out_unordered)) && has_room_for(bytes_of(proposal.command), 1);
    if (has_room) {
      append_own(EntryKind::command, proposal.command);
    } else {
      effects_.refused.push_back(proposal.id);
    }
  }
}

// In messages of the size that entries travel in.
void Raft::forward(const Proposed& proposed) {
  ForwardProposals forward;
  uint64_t bytes = 0;
  for (const auto& proposal : proposed.proposals) {
    bytes += bytes_of(proposal.command);
    bool is_full = bytes > config_.append_bytes_max || forward.commands.size() >= config_.append_entries_max;
    if (is_full && !forward.commands.empty()) {
      send(leader_, std::exchange(forward, {}));
      bytes = bytes_of(proposal.command);
    }
    forward.commands.push_back(proposal.command);
  }
  if (!forward.commands.empty()) send(leader_, std::move(forward));
}

// Never passed on a second time: who forwarded asks again when it learns of another leader. Followers have room beyond
// what our own clients may fill: who forwards cannot be told that there was none, and would go on with its next.
void Raft::on(const Message& message, const ForwardProposals& forwarded) {
  Progress* progress = progress_of(message.from);
  for (const Payload& command : forwarded.commands) {
    if (progress == nullptr || !has_room_for(bytes_of(command), 2)) {
      ++ignored_;
      return;
    }
    append_own(EntryKind::command, command);
    progress->await_commit(log_.last().index);
  }
}

// A single entry always fits, however large.
bool Raft::has_room_for(uint64_t bytes, uint64_t share) const {
  if (as_leader()->transfer || !as_leader()->takes_writes) return false;
  if (log_.committed() == log_.last().index) return true;
  return log_.uncommitted_bytes() + bytes <= share * config_.uncommitted_bytes_max &&
         log_.last().index - log_.committed() < share * config_.uncommitted_entries_max;
}

void Raft::append_own(EntryKind kind, Payload payload) {
  CHECK(is_leader());
  LogPosition position{.term = hard_state_.term, .index = log_.last().index + 1};
  append({.position = position, .kind = kind, .payload = std::move(payload)});
}

// A configuration is in force from here on. Requires: its payload was looked at, at the door it came in by.
void Raft::append(Entry entry) {
  if (entry.kind == EntryKind::configuration) {
    std::optional<Configuration> configuration = decode_configuration(*entry.payload);
    CHECK(configuration.has_value());
    membership_.append(entry.position.index, std::move(*configuration));
    use_configuration();
  }
  note_unsaved(entry);
  log_.append(std::move(entry));
}

void Raft::send_what_is_due(Leader& leader) {
  for (auto& [node, progress] : leader.followers) {
    while (progress.next() <= log_.last().index && progress.may_send()) send_append(node, progress, true);
    tell_commit(node, progress);
  }
}

// At once if somebody waits there; else after commit_notice_delay, unless entries have carried the news by then: a
// message of its own costs the follower as much as an entry does.
void Raft::tell_commit(NodeId node, Progress& progress) {
  const Index may_commit = std::min(progress.match(), log_.committed());
  if (progress.commit_told >= may_commit) {
    progress.tell_at = kNever;
    return;
  }
  progress.tell_at = std::min(progress.tell_at, now_ + config_.commit_notice_delay);
  const bool is_awaited = progress.commit_told < progress.commit_awaited;
  if (!is_awaited && now_ < progress.tell_at) return;
  progress.commit_told = may_commit;
  progress.tell_at = kNever;
  send(node, heartbeat_to(node, progress, may_commit));
}

void Raft::send_append(NodeId to, Progress& progress, bool with_entries) {
  Index before = progress.next() - 1;
  if (before < log_.base().index) return offer_snapshot(to, progress);
  AppendEntries append{
      .previous = {.term = log_.term_at(before), .index = before}, .commit = log_.committed(), .entries = {}};
  // Who is full takes in little.
  const uint64_t bytes_max = config_.append_bytes_max / (progress.is_full.value_or(false) ? 16 : 1);
  if (with_entries) append.entries = log_.slice(before + 1, bytes_max, config_.append_entries_max);
  uint64_t bytes = 0;
  for (const Entry& entry : append.entries) bytes += entry.bytes();
  Index last = before + append.entries.size();
  if (!with_entries || progress.state() == Progress::State::probe) progress.asked_at = now_;
  progress.sent(last, bytes);
  progress.commit_told = std::max(progress.commit_told, std::min(log_.committed(), last));
  send(to, std::move(append));
}

void Raft::send_heartbeats(Leader& leader) {
  for (auto& [node, progress] : leader.followers) {
    Index may_commit = std::min(progress.match(), log_.committed());
    if (MUTANT(heartbeat_commits_unseen)) may_commit = log_.committed();
    Heartbeat now = heartbeat_to(node, progress, may_commit);
    now.round = leader.reads.number();
    now.sent_at = now_;
    now.recovered = recovered(leader, progress);
    send(node, std::move(now));
    progress.commit_told = std::max(progress.commit_told, may_commit);
  }
  if (leader.transfer) leader.transfer->was_told = false;
  leader.heartbeat_due = leader.followers.empty() ? kNever : now_ + config_.heartbeat_interval;
}

// One that wants no reply.
Heartbeat Raft::heartbeat_to(NodeId node, const Progress& progress, Index commit) const {
  return {.commit = commit,
          .takes_writes = takes_writes(),
          .start = progress.start(),
          .forgotten = progress.is_forgetful() ? promise_of(node).acknowledged : LogPosition{}};
}

// Our own disk is one vote among the others. Only an entry of this term may be counted (3.6.2, figure 3.7); what stands
// before it is committed with it.
void Raft::advance_commit() {
  const Leader& leader = *as_leader();
  Index index = quorum::reached_by_majority(membership_.voters(), [&](NodeId node) {
    if (node != config_.id) return leader.followers.at(node).counted();
    return MUTANT(leader_counts_unsynced) ? log_.last().index : log_.durable();
  });
  if (index <= log_.committed()) return;
  if (log_.term_at(index) == hard_state_.term || MUTANT(older_term_by_counting)) log_.commit_to(index);
}

// ---- the follower's half: append and acknowledge

void Raft::on(const Message& message, const AppendEntries& append) {
  if (!is_possible(append, message.term)) {
    ++ignored_;
    return;
  }
  follow(message.from);
  const bool is_behind = append.previous.index > log_.last().index;
  if (MUTANT(previous_ignored) ? is_behind : !log_.has(append.previous)) {
    // It could not come down to this at or below what is committed: there, all logs agree.
    if (append.previous.index <= log_.committed()) {
      ++ignored_;
      return;
    }
    Index agree = log_.last_at_or_below(append.previous.index - 1, append.previous.term);
    return send(message.from, AppendReply{.accepted = false,
                                          .match = 0,
                                          .refused = append.previous,
                                          .hint = {.term = log_.term_at(agree), .index = agree},
                                          .recovering = recovering_,
                                          .start = config_.start});
  }
  Index match = append.previous.index + take_in(append.entries);
  log_.commit_to(std::min(append.commit, MUTANT(commit_beyond_the_match) ? log_.last().index : match));
  if (MUTANT(full_follower_acknowledges)) match = append.previous.index + append.entries.size();
  if (match == append.previous.index && !append.entries.empty()) return;  // our disk is full
  acknowledge(message.from, match);
}

void Raft::acknowledge(NodeId leader, Index match) {
  const AppendReply reply{
      .accepted = true, .match = match, .refused = {}, .hint = {}, .recovering = recovering_, .start = config_.start};
  if (MUTANT(ack_before_sync)) return send(leader, reply);
  send_once_durable(leader, reply);
}

// Whether a leader of that term could hold such a log: without a gap, its terms never falling and none beyond its own.
bool Raft::is_possible(const AppendEntries& append, Term term) {
  LogPosition before = append.previous;
  for (const Entry& entry : append.entries) {
    auto [entry_term, index] = entry.position;
    if (index != before.index + 1 || entry_term < before.term || entry_term == 0 || entry_term > term) return false;
    bool names_members = entry.kind == EntryKind::configuration;
    if (names_members && (!entry.payload || !decode_configuration(*entry.payload))) return false;
    before = entry.position;
  }
  return true;
}

void Raft::follow(NodeId leader) {
  CHECK(!is_leader());                       // two leaders in one term
  CHECK(leader_ == 0 || leader_ == leader);  // likewise
  if (!std::holds_alternative<Follower>(role_)) become_follower(hard_state_.term, leader);
  leader_ = leader;
  if (is_recovering()) vote_for_who_leads();
  end_transfer(leader);
  heard_leader_at_ = now_;
  promise_to_elect_nobody();
  election_deadline_ = now_ + patience();
}

// What agrees stays, whatever its order of arrival; the first that differs takes everything behind it along. Returns
// how many are now in our log; the others found no room on our disk.
size_t Raft::take_in(const std::vector<Entry>& entries) {
  for (size_t place = 0; place < entries.size(); ++place) {
    const Entry& entry = entries[place];
    if (log_.has(entry.position)) continue;
    if (!has_space_for(entry)) {
      has_left_out_ = true;
      return place;
    }
    if (entry.position.index <= log_.last().index) {
      log_.cut_from(entry.position.index);
      if (!MUTANT(members_not_rolled_back)) membership_.cut_from(entry.position.index);
      use_configuration();
    }
    append(entry);
  }
  return entries.size();
}

// ---- the leader's half: acknowledged

void Raft::on(const Message& message, const AppendReply& reply) {
  Progress* progress = progress_of(message.from);
  bool is_possible = reply.accepted ? reply.match <= log_.last().index : reply.refused.index > 0;
  if (progress == nullptr || !is_possible || !counts(message.from, *progress, reply)) {
    ++ignored_;
    return;
  }
  if (!reply.accepted) {
    Index most = std::min(reply.hint.index, reply.refused.index - 1);
    progress->refused(reply.refused.index, log_.last_at_or_below(most, reply.hint.term));
  } else if (progress->accepted(reply.match, log_.base().index)) {
    advance_commit();
  }
}

void Raft::on(const Message& message, const Heartbeat& heartbeat) {
  follow(message.from);
  refuse_lost_reads();
  leader_takes_writes_ = heartbeat.takes_writes;
  hear_verdict(heartbeat);
  if (is_recovering() && heartbeat.recovered == recovering_) return complete_recovery();
  // The leader may go by what we had acknowledged before we lost it, so what stands there now may be something else.
  if (is_admitted() && !is_recovering() && heartbeat.commit <= log_.last().index) log_.commit_to(heartbeat.commit);
  if (heartbeat.round == 0) return;
  send(message.from, HeartbeatReply{.round = is_recovering() ? 0 : heartbeat.round,
                                    .sent_at = heartbeat.sent_at,
                                    .clock = now_,
                                    .is_full = is_full(),
                                    .recovering = recovering_,
                                    .start = config_.start,
                                    .found = found_});
}

void Raft::on(const Message& message, const HeartbeatReply& reply) {
  Leader* leader = as_leader();
  Progress* progress = progress_of(message.from);
  if (progress == nullptr || !counts(message.from, *progress, reply)) {
    ++ignored_;
    return;
  }
  ask_what_was_lost(message.from, *progress);
  if (std::exchange(progress->is_full, reply.is_full) != reply.is_full) note_space(*leader);
  if (progress->recovering() != 0) return;
  leader->lease.answered(message.from, reply.sent_at, now_, reply.clock, config_.election_timeout,
                         config_.clock_drift_percent_max);
  leader->reads.confirm(message.from, reply.round);
  confirm_reads(*leader);
}

// A follower that answers heartbeats but not what else it was sent has lost it, or its disk is slow. Rounds of reads
// bring many answers: they are no reason to ask more often than the heartbeats alone would.
void Raft::ask_what_was_lost(NodeId node, Progress& progress) {
  if (now_ < progress.asked_at + config_.heartbeat_interval / 2) return;
  if (progress.state() == Progress::State::snapshot) return offer_snapshot(node, progress);
  progress.heartbeat_answered();
  bool is_behind = progress.match() < log_.last().index || progress.state() == Progress::State::probe;
  bool entries_are_due = progress.next() <= log_.last().index && progress.may_send();
  if (is_behind && !entries_are_due) send_append(node, progress, false);
}

}  // namespace skiff::raft

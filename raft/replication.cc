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
namespace {

// Whether a leader of that term could hold such a log: without a gap, its terms never falling and none beyond its own.
bool is_possible(const AppendEntries& append, Term term) {
  LogPosition before = append.previous;
  for (const Entry& entry : append.entries) {
    const auto [entry_term, index] = entry.position;
    if (index != before.index + 1 || entry_term < before.term || entry_term == 0 || entry_term > term) return false;
    const bool names_members = entry.kind == EntryKind::configuration;
    if (names_members && (!entry.payload || !decode_configuration(*entry.payload))) return false;
    before = entry.position;
  }
  return true;
}

}  // namespace

// ---- the leader's half: propose and send

// Once a proposal is refused, so are all that follow it in the batch: a later write must not overtake an earlier one.
void Raft::on(const Proposed& proposed) {
  if (!is_leader() && leader_.is_known()) return forward(proposed);
  bool is_accepted = is_leader();
  for (const auto& proposal : proposed.proposals) {
    if (MUTANT(write_handed_out_unordered)) is_accepted = is_leader();
    is_accepted = is_accepted && may_append(bytes_of(proposal.command), 1);
    if (is_accepted) {
      append_own(EntryKind::command, proposal.command);
    } else {
      effects_.refused.push_back(proposal.id);
    }
  }
}

// Cut like entries: a message holds at least one command, and no second one beyond the bounds.
void Raft::forward(const Proposed& proposed) {
  ForwardProposals message;
  uint64_t bytes = 0;
  for (const auto& proposal : proposed.proposals) {
    bytes += bytes_of(proposal.command);
    const bool is_full = bytes > config_.append_bytes_max || message.commands.size() >= config_.append_entries_max;
    if (is_full && !message.commands.empty()) {
      send(leader_.id(), std::exchange(message, {}));
      bytes = bytes_of(proposal.command);
    }
    message.commands.push_back(proposal.command);
  }
  if (!message.commands.empty()) send(leader_.id(), std::move(message));
}

// Never forwarded a second time: the follower asks again when it learns of another leader. Followers may fill twice
// what our own clients may: a follower cannot be told that a write was refused, and would go on with its next.
void Raft::on(const Message& message, const ForwardProposals& forwarded) {
  Progress* progress = progress_of(message.from);
  for (const Payload& command : forwarded.commands) {
    if (progress == nullptr || !may_append(bytes_of(command), 2)) {
      ++ignored_;
      return;
    }
    append_own(EntryKind::command, command);
    progress->await_commit(log_.last().index);
  }
}

// Whether a command may be appended, within `share` times the bounds on uncommitted entries. A single entry always
// fits, however large. Requires: is_leader().
bool Raft::may_append(uint64_t bytes, uint64_t share) const {
  CHECK(is_leader());
  if (transfer_.is_under_way() || !as_leader()->takes_writes) return false;
  if (log_.committed() == log_.last().index) return true;
  return log_.uncommitted_bytes() + bytes <= share * config_.uncommitted_bytes_max &&
         log_.last().index - log_.committed() < share * config_.uncommitted_entries_max;
}

void Raft::append_own(EntryKind kind, Payload payload) {
  CHECK(is_leader());
  LogPosition position{.term = hard_state_.term, .index = log_.last().index + 1};
  append({.position = position, .kind = kind, .payload = std::move(payload)});
}

// A configuration is in force from here on. Requires: its payload was checked when it came in.
void Raft::append(Entry entry) {
  if (entry.kind == EntryKind::configuration) {
    std::optional<Configuration> configuration = decode_configuration(*entry.payload);
    CHECK(configuration.has_value());
    membership_.append(entry.position.index, std::move(*configuration));
    use_configuration();
  }
  disk_space_.appended(entry);
  log_.append(std::move(entry));
}

void Raft::send_what_is_due(Leader& leader) {
  for (auto& [node, progress] : leader.followers) {
    while (progress.next() <= log_.last().index && progress.may_send()) send_append(node, progress, true);
    const auto notice = progress.poll_commit_notice(log_.committed(), now_, config_.commit_notice_delay);
    if (notice) send(node, heartbeat_to(node, progress, *notice));
  }
}

void Raft::send_append(NodeId to, Progress& progress, bool with_entries) {
  Index before = progress.next() - 1;
  if (before < log_.base().index) return offer_snapshot(to, progress);
  AppendEntries append{
      .previous = {.term = log_.term_at(before), .index = before}, .commit = log_.committed(), .entries = {}};
  // A full follower takes in little.
  const uint64_t bytes_max = config_.append_bytes_max / (progress.is_full.value_or(false) ? 16 : 1);
  if (with_entries) append.entries = log_.slice(before + 1, bytes_max, config_.append_entries_max);
  uint64_t bytes = 0;
  for (const Entry& entry : append.entries) bytes += entry.bytes();
  Index last = before + append.entries.size();
  if (!with_entries || progress.state() == Progress::State::probe) progress.asked_at = now_;
  progress.sent(last, bytes);
  progress.told_commit(std::min(log_.committed(), last));
  send(to, std::move(append));
}

void Raft::send_heartbeats(Leader& leader) {
  for (auto& [node, progress] : leader.followers) {
    Index commit = progress.may_commit(log_.committed());
    if (MUTANT(heartbeat_commits_unseen)) commit = log_.committed();
    Heartbeat heartbeat = heartbeat_to(node, progress, commit);
    heartbeat.round = leader.reads.number();
    heartbeat.sent_at = now_;
    heartbeat.recovered = recovered(leader, progress);
    send(node, std::move(heartbeat));
    progress.told_commit(commit);
  }
  transfer_.tell_again();
  leader.heartbeat_due = leader.followers.empty() ? kNever : now_ + config_.heartbeat_interval;
}

// A heartbeat that wants no reply.
Heartbeat Raft::heartbeat_to(NodeId node, const Progress& progress, Index commit) const {
  return {.commit = commit,
          .takes_writes = takes_writes(),
          .start = progress.start(),
          .forgotten = progress.is_forgetful() ? promises_.of(node).acknowledged : LogPosition{}};
}

// Our own disk counts like any other. Only an entry of this term may be committed by counting (3.6.2, figure 3.7);
// entries before it are committed with it.
void Raft::advance_commit() {
  CHECK(is_leader());
  const Index own = MUTANT(leader_counts_unsynced) ? log_.last().index : log_.durable();
  const Index index =
      as_leader()->followers.acknowledged_by_majority(membership_.voters(), {.node = config_.id, .reached = own});
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
    // No leader sends this: up to the commit index all logs agree.
    if (append.previous.index <= log_.committed()) {
      ++ignored_;
      return;
    }
    Index agree = log_.last_at_or_below(append.previous.index - 1, append.previous.term);
    return send(message.from, AppendReply{.accepted = false,
                                          .match = 0,
                                          .refused = append.previous,
                                          .hint = {.term = log_.term_at(agree), .index = agree},
                                          .recovering = process_.recovering(),
                                          .start = process_.start()});
  }
  Index match = append.previous.index + replicate(append.entries);
  log_.commit_to(std::min(append.commit, MUTANT(commit_beyond_the_match) ? log_.last().index : match));
  if (MUTANT(full_follower_acknowledges)) match = append.previous.index + append.entries.size();
  if (match == append.previous.index && !append.entries.empty()) return;  // our disk has no space for any of them
  acknowledge(message.from, match);
}

void Raft::acknowledge(NodeId leader, Index match) {
  const AppendReply reply{.accepted = true,
                          .match = match,
                          .refused = {},
                          .hint = {},
                          .recovering = process_.recovering(),
                          .start = process_.start()};
  if (MUTANT(ack_before_sync)) return send(leader, reply);
  send_once_durable(leader, reply);
}

void Raft::follow(NodeId leader) {
  CHECK(!is_leader());                               // two leaders in one term
  CHECK(!leader_.is_known() || leader_.is(leader));  // likewise
  if (!std::holds_alternative<Follower>(role_)) become_follower(hard_state_.term, leader);
  leader_.heard(leader, now_);
  abstention_.promise(now_ + config_.election_timeout);
  // A recovering node may have voted in this term and not know it. The leader has been elected, so this vote elects no
  // other.
  if (is_recovering() && hard_state_.vote == 0) set_hard_state({.term = hard_state_.term, .vote = leader});
  if (auto ended = transfer_.new_leader(leader)) effects_.admin_results.push_back(std::move(*ended));
  election_timer_.wait_for_leader(now_);
}

// Entries that agree with our log stay, in whatever order the messages arrive; the first that differs removes
// everything from there on. Returns how many of these are now in our log; for the rest our disk has no space.
size_t Raft::replicate(const std::vector<Entry>& entries) {
  for (size_t done = 0; done < entries.size(); ++done) {
    const Entry& entry = entries[done];
    if (log_.has(entry.position)) continue;
    if (!disk_space_.has_space_for(entry)) {
      disk_space_.left_out();
      return done;
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
  for (RequestId late : forwarded_reads_.take_late(now_)) effects_.refused_reads.push_back(late);
  leader_.said_takes_writes(heartbeat.takes_writes);
  hear_verdict(heartbeat);
  if (is_recovering() && heartbeat.recovered == process_.recovering()) return complete_recovery();
  // The leader may count on entries that we had acknowledged and lost since; other entries may stand there now.
  if (is_admitted() && !is_recovering() && heartbeat.commit <= log_.last().index) log_.commit_to(heartbeat.commit);
  if (heartbeat.round == 0) return;
  send(message.from, HeartbeatReply{.round = is_recovering() ? 0 : heartbeat.round,
                                    .sent_at = heartbeat.sent_at,
                                    .clock = now_,
                                    .is_full = is_full(),
                                    .recovering = process_.recovering(),
                                    .start = process_.start(),
                                    .found = process_.found()});
}

void Raft::on(const Message& message, const HeartbeatReply& reply) {
  Leader* leader = as_leader();
  Progress* progress = progress_of(message.from);
  if (progress == nullptr || !counts(message.from, *progress, reply)) {
    ++ignored_;
    return;
  }
  ask_what_was_lost(message.from, *progress);
  if (std::exchange(progress->is_full, reply.is_full) != reply.is_full) note_disk_space(*leader);
  if (progress->recovering() != 0) return;
  leader->lease.answered(message.from, {.sent_at = reply.sent_at, .received_at = now_, .clock = reply.clock});
  leader->reads.confirm(message.from, reply.round);
  confirm_reads(*leader);
}

// A follower that replies to heartbeats but not to appends has lost those, or its disk is slow. Rounds of reads bring
// many replies to heartbeats, and are no reason to ask more often than the timed heartbeats would.
void Raft::ask_what_was_lost(NodeId node, Progress& progress) {
  if (now_ < progress.asked_at + config_.heartbeat_interval / 2) return;
  if (progress.state() == Progress::State::snapshot) return offer_snapshot(node, progress);
  progress.heartbeat_answered();
  bool is_behind = progress.match() < log_.last().index || progress.state() == Progress::State::probe;
  bool entries_are_due = progress.next() <= log_.last().index && progress.may_send();
  if (is_behind && !entries_are_due) send_append(node, progress, false);
}

}  // namespace skiff::raft

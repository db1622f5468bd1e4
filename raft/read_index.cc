// ReadIndex: reads that touch neither log nor disk (thesis 6.4). A follower asks its leader for the index; the rest is
// the same. A read that cannot be confirmed is refused, and may be asked again under a new id.
#include "raft/check.h"
#include "raft/mutant.h"
#include "raft/quorum.h"
#include "raft/raft.h"

namespace skiff::raft {

void Raft::on(const ReadAsked& asked) {
  if (Leader* leader = as_leader()) {
    if (has_lease(*leader)) return confirm_read({.node = config_.id, .id = asked.id}, log_.committed());
    if (leader->reads.ask({.node = config_.id, .id = asked.id}, config_.waiting_reads_max)) return;
  } else if (leader_.is_known() && forwarded_reads_.add(asked.id, now_)) {
    return send(leader_.id(), ReadIndexRequest{.id = asked.id});
  }
  effects_.refused_reads.push_back(asked.id);
}

void Raft::on(const Message& message, const ReadIndexRequest& request) {
  Leader* leader = as_leader();
  if (leader != nullptr && has_lease(*leader) && configuration().has(message.from)) {
    return confirm_read({.node = message.from, .id = request.id}, log_.committed());
  }
  bool taken = progress_of(message.from) != nullptr &&
               leader->reads.ask({.node = message.from, .id = request.id}, config_.waiting_reads_max);
  if (!taken) ++ignored_;
}

void Raft::on(const Message&, const ReadIndexReply& reply) {
  if (!forwarded_reads_.answered(reply.id)) {
    ++ignored_;
    return;
  }
  effects_.reads.push_back({.id = reply.id, .index = reply.index});
}

// Before the first commit of our term we do not know everything that is committed.
void Raft::start_read_round(Leader& leader) {
  if (!leader.reads.wants_round()) return;
  if (log_.committed() < leader.first_of_term && !MUTANT(read_before_first_commit)) return;
  uint64_t round = leader.reads.start(log_.committed());
  leader.reads.confirm(config_.id, round);
  send_heartbeats(leader);
  confirm_reads(leader);
}

// Whether reads need no round: the lease says already that no other node leads.
bool Raft::has_lease(const Leader& leader) const {
  if (!config_.lease_reads || log_.committed() < leader.first_of_term) return false;
  return now_ < leader.lease.until(membership_.voters(), config_.id, now_);
}

void Raft::confirm_reads(Leader& leader) {
  if (!leader.reads.under_way()) return;
  const bool is_confirmed = quorum::is_majority(membership_.voters(), leader.reads.confirmed_by());
  if (!is_confirmed && !MUTANT(read_without_quorum)) return;
  ReadRounds::Confirmed ended = leader.reads.finish();
  for (const ReadRounds::Reader& reader : ended.readers) confirm_read(reader, ended.index);
}

void Raft::confirm_read(const ReadRounds::Reader& reader, Index index) {
  if (reader.node == config_.id) {
    effects_.reads.push_back({.id = reader.id, .index = index});
  } else {
    send(reader.node, ReadIndexReply{.id = reader.id, .index = index});
    if (Progress* progress = progress_of(reader.node)) progress->await_commit(index);
  }
}

// On every change of role, leader or term. Followers whose reads we held notice the change, too, and ask again.
void Raft::refuse_reads() {
  for (RequestId id : forwarded_reads_.take_all()) effects_.refused_reads.push_back(id);
  Leader* leader = as_leader();
  if (leader == nullptr) return;
  read_round_ = leader->reads.number();
  for (const ReadRounds::Reader& reader : leader->reads.give_up()) {
    if (reader.node == config_.id) effects_.refused_reads.push_back(reader.id);
  }
}

}  // namespace skiff::raft

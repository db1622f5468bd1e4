// A machine's reports: to clients, to operators, and about itself.
#include <string>
#include <utility>

#include "raft/describe.h"
#include "tests/sim/checker.h"
#include "tests/sim/machine.h"

namespace skiff::sim {

void Machine::answered(const Ticket& ticket, Answer&& answer) {
  using Outcome = linearizable::Operation::Outcome;
  const bool is_conflict = answer.outcome == Answer::Outcome::conflict;
  const bool is_refused = answer.outcome == Answer::Outcome::refused || is_conflict;
  ClientAnswer told{.outcome = answer.outcome == Answer::Outcome::done ? Outcome::ok
                               : is_refused                            ? Outcome::refused
                                                                       : Outcome::unknown,
                    .value = {},
                    .is_conflict = is_conflict,
                    .revision = answer.revision,
                    .key_revision = answer.key_revision};
  const auto key = keys_read_.find(ticket.request);
  if (key != keys_read_.end()) {
    const auto found = told.outcome == Outcome::ok ? replica_->kv().get(key->second) : std::nullopt;
    if (found) told.value = std::string(found->bytes), told.key_revision = found->revision;
    keys_read_.erase(key);
  }
  events_.answered(ticket, told);
}

void Machine::admin_ended(const raft::AdminResult& end) {
  world_.trace([&] { return std::to_string(id_) + " order " + std::to_string(end.id) + ' ' + raft::describe(end); });
  stop_->hand_over_ended(end.id);
  events_.admin_ended(end);
}

void Machine::admin_answered(const Ticket& ticket, AdminAnswer answer) {
  world_.trace([&] {
    return std::to_string(id_) + " client's order " + std::to_string(ticket.request) +
           " ends: " + std::to_string(static_cast<int>(answer.kind)) + ' ' + answer.reason;
  });
  events_.admin_answered(ticket, answer);
}

void Machine::withdrawn(const Withdrawn& member) {
  world_.trace([&] { return std::to_string(id_) + " withdraws " + std::to_string(member.node); });
}

void Machine::state_differs(raft::NodeId other, raft::Index index, bool) {
  world_.require(false, "state-machine",
                 std::to_string(id_) + " and " + std::to_string(other) + " differ after " + std::to_string(index));
}

void Machine::peer_forgot(const raft::ForgetfulPeer& peer) {
  world_.trace([&] {
    return std::to_string(id_) + " notices that " + std::to_string(peer.node) + " lacks " +
           raft::describe(peer.acknowledged);
  });
}

// As in src/node/replica_events.cc. Where there is no space for the note, the next process is told again.
void Machine::forgot(const raft::Forgotten& forgotten) {
  world_.trace([&] { return std::to_string(id_) + " learns that its disk was rolled back"; });
  checker_.learned_that_it_went_back(id_, forgotten.by == 0);
  const uint64_t unlike = world_.random.next();
  auto noted =
      store::note_gone_back({files_, kDirectory, {.cluster = kCluster, .node = id_}}, "it has gone back", unlike);
  if (noted) ++world_.noticed;
  stop_->request_restart();
  later(1_ms / 4, [this] {
    kill();
    events_.starts_again(id_);
  });
}

void Machine::removed() {
  if (std::exchange(was_removed_, true)) return;
  world_.trace([&] { return std::to_string(id_) + " is no member any more"; });
  later(1_ms, [this] { stop(); });
}

}  // namespace skiff::sim

#include "tests/sim/clients.h"

#include <utility>

#include "tests/sim/checker.h"

namespace skiff::sim {

using linearizable::Operation;
using Outcome = Operation::Outcome;

void Clients::begin(std::vector<raft::NodeId> nodes) {
  nodes_ = std::move(nodes);
  for (uint64_t client = 1; client <= world_.weather.clients; ++client) {
    world_.after(world_.about(world_.weather.think_mean), [this, client] { next(client); });
  }
}

void Clients::next(uint64_t client) {
  if (is_stopped_) return;
  constexpr Operation::Kind kKinds[] = {Operation::Kind::put,    Operation::Kind::put, Operation::Kind::get,
                                        Operation::Kind::get,    Operation::Kind::get, Operation::Kind::put,
                                        Operation::Kind::remove, Operation::Kind::get};
  Operation::Kind kind = kKinds[world_.random.below(std::size(kKinds))];
  std::string key = "/k" + std::to_string(world_.random.below(world_.weather.keys));
  raft::NodeId node = nodes_[world_.random.below(nodes_.size())];
  uint64_t request = ask_as(client, node, kind, key, nullptr);
  if (request == 0) {  // nobody there
    world_.after(world_.about(world_.weather.think_mean), [this, client] { next(client); });
    return;
  }
  bool goes_away = world_.is_allowed(Fault::vanish) && world_.chance(10);
  Time patience = goes_away ? world_.between(0_s, 50_ms) : 4 * world_.weather.request_timeout;
  world_.after(patience, [=, this] {
    if (!waiting_.contains(request)) return;
    if (goes_away) world_.count(Fault::vanish);
    end(request, Outcome::unknown);
  });
}

void Clients::ask(raft::NodeId node, Operation::Kind kind, const std::string& key, std::function<void(bool)> done) {
  if (ask_as(0, node, kind, key, done) == 0) done(false);
}

uint64_t Clients::ask_as(uint64_t client, raft::NodeId node, Operation::Kind kind, const std::string& key,
                         std::function<void(bool)> done) {
  uint64_t number = ++requests_;
  Operation operation{.kind = kind,
                      .outcome = Outcome::unknown,
                      .key = key,
                      .value = {},
                      .started = world_.now().ns(),
                      .client = client};
  ClientRequest request{.kind = kind, .ticket = {.connection = client, .request = number}, .key = key, .value = {}};
  if (kind == Operation::Kind::put) {
    request.value = "v" + std::to_string(number);
    if (world_.chance(20)) request.value.resize(world_.between(100, 3'000), '.');
    operation.value = request.value;
    request.demand = some_demand(key);
  }
  const Demand demand = request.demand;
  if (!send_(node, std::move(request))) return 0;
  world_.trace([&] {
    const char* what = kind == Operation::Kind::put      ? " puts "
                       : kind == Operation::Kind::remove ? " removes "
                                                         : " gets ";
    return "client " + std::to_string(client) + " at " + std::to_string(node) + what + key + " #" +
           std::to_string(number);
  });
  history_.push_back(std::move(operation));
  waiting_[number] = {
      .node = node, .operation = history_.size() - 1, .demand = demand, .client = client, .done = std::move(done)};
  return number;
}

void Clients::answered(raft::NodeId node, const Ticket& ticket, const ClientAnswer& answer) {
  auto found = waiting_.find(ticket.request);
  if (found == waiting_.end()) return;  // it went away
  world_.require(found->second.node == node, "answers", "an answer from a node that was not asked");
  Operation& operation = history_[found->second.operation];
  operation.ended = world_.now().ns();
  const Outcome outcome = answer.outcome;
  if (operation.kind == Operation::Kind::get) operation.value = answer.value;
  if (operation.kind == Operation::Kind::put) put_answered(found->second, answer);
  if (outcome == Outcome::ok && operation.kind != Operation::Kind::remove) seen_[operation.key] = answer.key_revision;
  ++answers_;
  end(ticket.request, outcome);
}

// A quarter of the puts: that the key is there or not, or is as a client last saw it, which may be long ago.
Demand Clients::some_demand(const std::string& key) {
  if (!world_.chance(250)) return {};
  constexpr Demand::Kind kKinds[] = {Demand::Kind::is_there, Demand::Kind::is_not_there, Demand::Kind::is_at,
                                     Demand::Kind::is_at, Demand::Kind::is_not_at};
  const Demand::Kind kind = kKinds[world_.random.below(std::size(kKinds))];
  const bool names_one = kind == Demand::Kind::is_at || kind == Demand::Kind::is_not_at;
  if (!names_one) return {.kind = kind};
  const auto seen = seen_.find(key);
  if (seen == seen_.end() || seen->second == 0) return {.kind = Demand::Kind::is_not_there};
  return {.kind = kind, .at = seen->second};
}

void Clients::put_answered(const Waiting& waiting, const ClientAnswer& answer) {
  const std::string& value = *history_[waiting.operation].value;
  if (answer.outcome == Outcome::ok) checker_.acknowledged(value, waiting.demand, answer);
  if (answer.outcome == Outcome::refused && answer.is_conflict) checker_.in_conflict(value, waiting.demand, answer);
  if (answer.outcome == Outcome::refused && !answer.is_conflict) checker_.refused(value);
}

void Clients::lost(raft::NodeId node) {
  std::vector<uint64_t> lost;
  for (const auto& [request, waiting] : waiting_) {
    if (waiting.node == node) lost.push_back(request);
  }
  for (uint64_t request : lost) end(request, Outcome::unknown);
}

void Clients::end(uint64_t request, Outcome outcome) {
  Waiting waiting = std::move(waiting_.at(request));
  waiting_.erase(request);
  history_[waiting.operation].outcome = outcome;
  world_.trace([&] {
    constexpr const char* kWords[] = {" done", " refused", " unknown"};
    return "client " + std::to_string(waiting.client) + " #" + std::to_string(request) +
           kWords[static_cast<size_t>(outcome)];
  });
  if (waiting.done) waiting.done(outcome == Outcome::ok);
  if (waiting.client == 0) return;
  world_.after(world_.about(world_.weather.think_mean), [this, client = waiting.client] { next(client); });
}

}  // namespace skiff::sim

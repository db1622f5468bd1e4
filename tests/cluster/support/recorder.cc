#include "tests/cluster/support/recorder.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "tests/cluster/support/process.h"

namespace skiff::cluster_test {
namespace {

using linearizable::Operation;
using Kind = Operation::Kind;
using Outcome = Operation::Outcome;

constexpr int kKeysAtATime = 5;
constexpr uint64_t kEpochNs = 1'500'000'000;
constexpr int kTimeoutMs = 2'500;

uint64_t now_ns() {
  auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since_boot).count());
}

uint64_t below(std::mt19937_64& random, uint64_t end) { return random() % end; }

// A value begins with its name; from one to a few thousand bytes that depend on the name follow.
std::string value_of(const std::string& name) {
  size_t size = 1 + std::hash<std::string>()(name) % 3'000;
  std::string value = name + ":";
  while (value.size() < name.size() + size) value += name;
  return value;
}

std::string name_of(const std::string& value) {
  std::string name = value.substr(0, value.find(':'));
  return value == value_of(name) ? name : "a value that nobody wrote: " + value.substr(0, 100);
}

std::string_view method_of(Kind kind) { return kind == Kind::put ? "PUT" : kind == Kind::remove ? "DELETE" : "GET"; }

}  // namespace

Recorder::Recorder(std::vector<Endpoint> nodes, int clients, uint64_t seed)
    : nodes_(std::move(nodes)), started_(now_ns()), clients_(static_cast<size_t>(clients)) {
  for (Client& client : clients_) {
    client.number = static_cast<uint64_t>(&client - clients_.data()) + 1;
    client.random.seed(seed * 1'000 + client.number);
    client.node = client.number % nodes_.size();
  }
  for (Client& client : clients_) threads_.emplace_back([this, &client] { run(client); });
}

Recorder::~Recorder() { stop(); }

void Recorder::stop() {
  is_stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Recorder::run(Client& client) {
  while (!is_stopping_) {
    if (below(client.random, 50) == 0) client.connection.reset();
    std::optional<Operation> operation = connect(client) ? ask(client, make(client)) : std::nullopt;
    const bool is_done = operation && operation->outcome == Outcome::ok;
    if (is_done && operation->kind != Kind::get) ++acknowledged_;
    if (operation) client.history.push_back(std::move(*operation));
    nap_ms(is_done ? 1 : 10);
  }
}

bool Recorder::connect(Client& client) {
  if (client.connection && client.connection->is_connected()) return true;
  client.node = below(client.random, nodes_.size());
  const Endpoint& node = nodes_[client.node];
  client.connection.emplace(node.address, node.port, kTimeoutMs);
  return client.connection->is_connected();
}

uint64_t Recorder::epoch() const { return (now_ns() - started_) / kEpochNs; }

std::string Recorder::some_key(Client& client) const {
  return "/" + std::to_string(epoch()) + "/" + std::to_string(below(client.random, kKeysAtATime));
}

Operation Recorder::make(Client& client) const {
  const uint64_t dice = below(client.random, 100);
  Operation operation{.kind = dice < 45   ? Kind::put
                              : dice < 55 ? Kind::remove
                                          : Kind::get,
                      .key = some_key(client),
                      .client = client.number};
  if (operation.kind == Kind::put) {
    operation.value = std::to_string(client.number) + "." + std::to_string(++client.writes);
  }
  return operation;
}

std::optional<Operation> Recorder::ask(Client& client, Operation operation) {
  const bool is_read = operation.kind == Kind::get;
  operation.started = now_ns();
  std::optional<HttpReply> reply = client.connection->ask(method_of(operation.kind), operation.key,
                                                          operation.value ? value_of(*operation.value) : "");
  operation.ended = now_ns();
  const int code = reply ? reply->code : 0;
  if (code == 0 || code == 503) client.connection.reset();
  if (is_read && code == 200) operation.value = name_of(reply->body);
  const bool is_ok = is_read ? code == 200 || code == 404 : code == 204;
  operation.outcome = is_ok ? Outcome::ok : code == 503 ? Outcome::refused : Outcome::unknown;
  if (is_read && !is_ok) return std::nullopt;
  return operation;
}

bool Recorder::read_all() {
  Client reader{.number = clients_.size() + 1};
  const uint64_t epochs = epoch();
  for (const Endpoint& node : nodes_) {
    reader.connection.emplace(node.address, node.port, kTimeoutMs);
    for (uint64_t key = 0; key < (epochs + 1) * kKeysAtATime; ++key) {
      if (!reader.connection || !reader.connection->is_connected()) return false;
      const std::string path = "/" + std::to_string(key / kKeysAtATime) + "/" + std::to_string(key % kKeysAtATime);
      std::optional<Operation> read = ask(reader, {.kind = Kind::get, .key = path, .client = reader.number});
      if (!read) return false;
      reader.history.push_back(std::move(*read));
    }
  }
  clients_.push_back(std::move(reader));
  return true;
}

Recorder::Counts Recorder::counts() const {
  Counts counts;
  std::vector<uint64_t> acknowledged_at;
  for (const Client& client : clients_) {
    for (const Operation& operation : client.history) {
      ++(operation.outcome == Outcome::ok        ? counts.done
         : operation.outcome == Outcome::refused ? counts.refused
                                                 : counts.unknown);
      const bool is_write = operation.kind != Kind::get && operation.outcome == Outcome::ok;
      if (is_write) acknowledged_at.push_back(operation.ended);
    }
  }
  std::sort(acknowledged_at.begin(), acknowledged_at.end());
  for (size_t i = 1; i < acknowledged_at.size(); ++i) {
    const long pause_ms = static_cast<long>((acknowledged_at[i] - acknowledged_at[i - 1]) / 1'000'000);
    counts.longest_pause_ms = std::max(counts.longest_pause_ms, pause_ms);
  }
  return counts;
}

std::string Recorder::explain_failure() const {
  std::vector<Operation> all;
  for (const Client& client : clients_) all.insert(all.end(), client.history.begin(), client.history.end());
  return linearizable::explain_failure(all);
}

}  // namespace skiff::cluster_test

#include "tests/cluster/support/counters.h"

#include <cstdlib>
#include <utility>

#include "tests/cluster/support/process.h"

namespace skiff::cluster_test {
namespace {

constexpr size_t kKeysEach = 12;
constexpr int kTimeoutMs = 20'000;

// Most values are small; some fill several blocks of the log.
size_t bytes_of_value(uint64_t number) {
  const uint64_t drawn = number * 0x9e3779b97f4a7c15 >> 40;
  return 30 + drawn % (number % 8 == 0 ? 90'000 : 2'000);
}

std::string value_of(const std::string& key, uint64_t number) {
  const std::string word = key + "#" + std::to_string(number) + "#";
  std::string value = word;
  while (value.size() < bytes_of_value(number)) value += word;
  return value;
}

// The number of this value; 0 if it is not complete, or belongs to another key.
uint64_t number_of(const std::string& key, const std::string& value) {
  if (!value.starts_with(key + "#")) return 0;
  const uint64_t number = std::strtoull(value.c_str() + key.size() + 1, nullptr, 10);
  return value == value_of(key, number) ? number : 0;
}

}  // namespace

Counters::Counters(std::vector<uint16_t> ports, int clients, uint64_t seed) : ports_(std::move(ports)) {
  for (int client = 0; client < clients; ++client) {
    threads_.emplace_back([this, client, seed] { run(seed + static_cast<uint64_t>(client)); });
  }
}

Counters::~Counters() { stop(); }

void Counters::stop() {
  is_stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::string Counters::wrong() const {
  std::lock_guard lock(mutex_);
  return wrong_;
}

Counters::Count* Counters::new_count() {
  std::lock_guard lock(mutex_);
  counts_.push_back({.key = "/count-" + std::to_string(counts_.size())});
  return &counts_.back();
}

void Counters::run(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<HttpClient> connections;
  for (uint16_t port : ports_) connections.emplace_back(port);
  std::vector<Count*> counts;
  for (size_t number = 0; number < kKeysEach; ++number) counts.push_back(new_count());
  size_t writes_at = random() % ports_.size();
  while (!is_stopping_) {
    const size_t reads_at = random() % ports_.size();
    for (size_t at : {writes_at, reads_at}) {
      if (!connections[at].is_connected()) connections[at] = HttpClient(ports_[at]);
    }
    if (!write(connections[writes_at], counts[random() % kKeysEach])) writes_at = (writes_at + 1) % ports_.size();
    std::string wrong;
    const Kind kind = random() % 2 == 0 ? Kind::linearizable : Kind::stale;
    read(connections[reads_at], *counts[random() % kKeysEach], kind, wrong);
    nap_ms(1);
    std::lock_guard lock(mutex_);
    if (wrong_.empty()) wrong_ = wrong;
  }
}

// Returns whether the write was acknowledged. If the outcome is unknown, a new count takes the place of this one.
bool Counters::write(HttpClient& connection, Count*& count) {
  if (!connection.is_connected()) return false;
  uint64_t number = 0;
  {
    std::lock_guard lock(mutex_);
    number = ++count->attempted;
  }
  const auto reply = connection.ask("PUT", count->key, value_of(count->key, number));
  const int code = note(*count, number, reply ? reply->code : 0);
  if (code != 204 && code != 503) count = new_count();
  return code == 204;
}

int Counters::note(Count& count, uint64_t number, int code) {
  std::lock_guard lock(mutex_);
  if (code == 204) count.acknowledged = number;
  if (code == 204) ++acknowledged_;
  if (code == 503) count.refused.insert(number);
  return code;
}

// Returns the code of the answer, or 0 if there was none.
int Counters::read(HttpClient& connection, const Count& count, Kind kind, std::string& wrong) const {
  uint64_t at_least = 0;
  if (kind == Kind::linearizable) {
    std::lock_guard lock(mutex_);
    at_least = count.acknowledged;
  }
  const auto reply = connection.ask("GET", count.key + (kind == Kind::stale ? "?consistency=stale" : ""));
  if (!reply) return 0;
  std::lock_guard lock(mutex_);
  if (const std::string why = judge(*reply, count, at_least); !why.empty()) {
    wrong = count.key + (kind == Kind::stale ? " (stale)" : "") + ": " + why + "\n";
  }
  return reply->code;
}

std::string Counters::judge(const HttpReply& reply, const Count& count, uint64_t at_least) const {
  if (reply.code == 404) return at_least == 0 ? "" : std::to_string(at_least) + " was acknowledged, and is not there";
  if (reply.code != 200) return "";
  const uint64_t number = number_of(count.key, reply.body);
  const std::string found = std::to_string(number) + " is there";
  if (number == 0) return "it is no value of this key: " + reply.body.substr(0, 100);
  if (number < at_least) return found + ", after " + std::to_string(at_least) + " was acknowledged";
  if (number > count.attempted) return found + ", and was not written yet";
  return count.refused.contains(number) ? found + ", and was refused" : "";
}

std::string Counters::read_all(uint16_t port) const {
  std::vector<const Count*> counts;
  {
    std::lock_guard lock(mutex_);
    for (const Count& count : counts_) counts.push_back(&count);
  }
  HttpClient connection(port);
  std::string wrong;
  for (const Count* count : counts) {
    for (Kind kind : {Kind::linearizable, Kind::stale}) {
      int code = 0;
      const bool is_read = within_ms(kTimeoutMs, [&] {
        if (!connection.is_connected()) connection = HttpClient(port);
        code = read(connection, *count, kind, wrong);
        return code == 200 || code == 404;
      });
      if (!is_read) return wrong + count->key + ": it is answered " + std::to_string(code) + "\n";
    }
  }
  return wrong;
}

}  // namespace skiff::cluster_test

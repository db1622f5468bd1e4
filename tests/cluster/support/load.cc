#include "tests/cluster/support/load.h"

#include <future>

#include "tests/cluster/support/http_client.h"
#include "tests/cluster/support/process.h"

namespace skiff::cluster_test {

// Longer than a key, so that a truncated or exchanged value is noticed.
std::string value_of(const std::string& key) { return "the value of " + key + std::string(100, '.') + key; }

Load::Load(std::string name, std::vector<uint16_t> ports, int clients)
    : name_(std::move(name)), ports_(std::move(ports)), promises_(static_cast<size_t>(clients)) {
  for (size_t client = 0; client < promises_.size(); ++client) threads_.emplace_back([this, client] { write(client); });
}

Load::~Load() { stop(); }

void Load::stop() {
  is_stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Load::write(size_t client) {
  Promises& promises = promises_[client];
  size_t place = client;
  HttpClient connection(ports_[place % ports_.size()]);
  for (uint64_t number = 0; !is_stopping_; ++number) {
    std::string key = "/" + name_ + "/" + std::to_string(client) + "/" + std::to_string(number);
    std::optional<HttpReply> reply;
    const bool connection_was_there = connection.is_connected();
    if (connection_was_there) reply = connection.ask("PUT", key, value_of(key));
    if (reply && reply->code == 204) {
      promises.acknowledged.push_back(std::move(key));
      note_acknowledged();
      continue;
    }
    if (!reply && connection_was_there) ++broken_count_;
    if (reply) ++(reply->code == 503 ? refused_count_ : failed_count_);
    if (reply && reply->code == 503) promises.refused.push_back(std::move(key));
    nap_ms(1);
    connection = HttpClient(ports_[++place % ports_.size()]);
  }
}

void Load::note_acknowledged() {
  ++acknowledged_count_;
  const long now = now_ms();
  const long before = acknowledged_at_ms_.exchange(now);
  long longest = longest_pause_ms_;
  while (before != 0 && now - before > longest && !longest_pause_ms_.compare_exchange_weak(longest, now - before)) {
  }
}

std::string Load::broken_promises(const std::vector<uint16_t>& ports) const {
  std::vector<std::future<std::string>> checks;
  for (const Promises& promises : promises_) {
    checks.push_back(std::async(std::launch::async, [&] {
      std::string broken;
      for (uint16_t port : ports) broken += broken_promises_of(promises, port);
      return broken;
    }));
  }
  std::string broken;
  for (std::future<std::string>& check : checks) broken += check.get();
  return broken;
}

std::string Load::broken_promises_of(const Promises& promises, uint16_t port) const {
  HttpClient connection(port);
  auto found = [&](const std::string& key) { return connection.ask("GET", key).value_or(HttpReply{}); };
  for (const std::string& key : promises.acknowledged) {
    HttpReply reply = found(key);
    if (reply.code != 200 || reply.body != value_of(key)) {
      return key + " was acknowledged, and port " + std::to_string(port) + " says " + std::to_string(reply.code) + "\n";
    }
  }
  for (const std::string& key : promises.refused) {
    if (int code = found(key).code; code != 404) {
      return key + " was refused, and port " + std::to_string(port) + " says " + std::to_string(code) + "\n";
    }
  }
  return "";
}

}  // namespace skiff::cluster_test

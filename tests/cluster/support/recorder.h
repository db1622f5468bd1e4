// Recorder: clients that write, remove and read a few keys over HTTP, and record the start, the end and the outcome of
// each request, for tests/support/linearizable.h.
//
// Each client uses one node, and another after a while or when it gets no answer. All values are different, and too
// long to be mistaken for a part of another. The keys change with time, so that no single history grows long.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/cluster/support/http_client.h"
#include "tests/support/linearizable.h"

namespace skiff::cluster_test {

class Recorder {
 public:
  struct Endpoint {
    std::string address;
    uint16_t port = 0;
  };
  struct Counts {
    size_t done = 0;
    size_t refused = 0;
    size_t unknown = 0;
    long longest_pause_ms = 0;  // in which no client's write was acknowledged
  };

  Recorder(std::vector<Endpoint> nodes, int clients, uint64_t seed);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Returns after each client's request under way has been answered, or has taken too long.
  void stop();
  size_t acknowledged() const { return acknowledged_; }
  // Reads every key that was ever used, at every node, into the history. Returns false if a read failed. Requires:
  // stopped.
  bool read_all();

  // Requires: stopped.
  Counts counts() const;
  // Empty if the history is linearizable. Requires: stopped.
  std::string explain_failure() const;

 private:
  using Operation = linearizable::Operation;
  struct Client {
    uint64_t number = 0;
    std::mt19937_64 random;
    size_t node = 0;
    std::optional<HttpClient> connection;
    uint64_t writes = 0;
    std::vector<Operation> history;
  };

  void run(Client& client);
  Operation make(Client& client) const;
  // Nothing if the request was never sent, or was a read without an answer: neither belongs into the history.
  std::optional<Operation> ask(Client& client, Operation operation);
  bool connect(Client& client);
  std::string some_key(Client& client) const;
  uint64_t epoch() const;

  const std::vector<Endpoint> nodes_;
  const uint64_t started_;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<size_t> acknowledged_ = 0;
  std::vector<Client> clients_;
  std::vector<std::thread> threads_;
};

}  // namespace skiff::cluster_test

// Counters: clients that write ever higher numbers to a few keys each, and read them back at any node.
//
// A value says all through whose it is and which, so that whoever reads it knows whether it is whole, and whether it
// may be there at this moment: no older than what was acknowledged before the read, and nothing that was refused. A
// stale one may be old, and must be whole.
//
// After a write whose outcome is not known its key is written no more: it might still take effect, behind later ones.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/cluster/support/http_client.h"

namespace skiff::cluster_test {

class Counters {
 public:
  Counters(std::vector<uint16_t> ports, int clients, uint64_t seed);
  ~Counters();
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  void stop();
  size_t acknowledged() const { return acknowledged_; }
  // The first thing that a client has read and that cannot be; empty when all is well.
  std::string wrong() const;
  // Reads all keys there, linearizable and stale. What is wrong, or could not be read; empty when all is well.
  std::string read_all(uint16_t port) const;

 private:
  struct Count {
    std::string key;
    uint64_t acknowledged = 0;
    uint64_t attempted = 0;
    std::set<uint64_t> refused;
  };
  enum class Kind { linearizable, stale };

  void run(uint64_t seed);
  Count* new_count();
  bool write(HttpClient& connection, Count*& count);
  int note(Count& count, uint64_t number, int code);
  int read(HttpClient& connection, const Count& count, Kind kind, std::string& wrong) const;
  std::string judge(const HttpReply& reply, const Count& count, uint64_t at_least) const;

  const std::vector<uint16_t> ports_;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<size_t> acknowledged_ = 0;
  mutable std::mutex mutex_;  // over what is in the next two
  std::deque<Count> counts_;  // grows only
  std::string wrong_;
  std::vector<std::thread> threads_;
};

}  // namespace skiff::cluster_test

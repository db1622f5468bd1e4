// Counters: clients that write ever higher numbers to a few keys each, and read them back at any node.
//
// A value repeats its key and number up to its end. A reader can therefore tell whether it is complete, and whether it
// is allowed at this moment: it must not be older than the last number acknowledged before the read, and must not be a
// refused one. A stale read may return an old value, but a complete one.
//
// After a write with an unknown outcome its key is not written any more: that write might still take effect after later
// ones.
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
  // The first wrong value that a client has read; empty if there is none.
  std::string wrong() const;
  // Reads all keys at that port, linearizable and stale. Returns the values that are wrong, or could not be read; empty
  // if there is none.
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
  mutable std::mutex mutex_;  // guards the contents of the next two
  std::deque<Count> counts_;  // only grows
  std::string wrong_;
  std::vector<std::thread> threads_;
};

}  // namespace skiff::cluster_test

// Load: clients that write unique keys as fast as they are answered, and remember what they were promised.
//
// Each has a connection to one node at a time, and goes to the next node when that breaks or refuses.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace skiff::cluster_test {

class Load {
 public:
  // Writes to all of the ports; `name` begins every key.
  Load(std::string name, std::vector<uint16_t> ports, int clients);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Ends after each client's request under way has been answered, or its connection broken.
  void stop();
  size_t acknowledged() const { return acknowledged_count_; }

  // What was promised and is not so, as asked of each port; empty when all is well. Requires: stopped. A write that was
  // answered 204 must be there with its value, and one that was answered 503 must not.
  std::string broken_promises(const std::vector<uint16_t>& ports) const;

 private:
  struct Promises {
    std::vector<std::string> acknowledged;
    std::vector<std::string> refused;
  };
  void write(size_t client);
  std::string broken_promises_of(const Promises& promises, uint16_t port) const;

  const std::string name_;
  const std::vector<uint16_t> ports_;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<size_t> acknowledged_count_ = 0;
  std::vector<Promises> promises_;  // one of each client
  std::vector<std::thread> threads_;
};

}  // namespace skiff::cluster_test

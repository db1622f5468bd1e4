// Load: clients that write unique keys as fast as they are answered, and remember the answers.
//
// Each has a connection to one node at a time, and goes to the next node when the connection breaks or the node
// refuses.
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
  // The requests that failed so far. After a refusal or a broken connection the client continues at another node.
  struct Counts {
    size_t refused = 0;         // 503
    size_t broken = 0;          // the connection ended without an answer
    size_t failed = 0;          // any other answer but 204
    long longest_pause_ms = 0;  // in which no client's write was acknowledged
  };
  Counts counts() const { return {refused_count_, broken_count_, failed_count_, longest_pause_ms_}; }

  // Reads all keys at each port: a write that was answered 204 must be there with its value, and one that was answered
  // 503 must not. Returns the violations; empty if there is none. Requires: stopped.
  std::string broken_promises(const std::vector<uint16_t>& ports) const;

 private:
  struct Promises {
    std::vector<std::string> acknowledged;
    std::vector<std::string> refused;
  };
  void write(size_t client);
  void note_acknowledged();
  std::string broken_promises_of(const Promises& promises, uint16_t port) const;

  const std::string name_;
  const std::vector<uint16_t> ports_;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<size_t> acknowledged_count_ = 0;
  std::atomic<size_t> refused_count_ = 0;
  std::atomic<size_t> broken_count_ = 0;
  std::atomic<size_t> failed_count_ = 0;
  std::atomic<long> acknowledged_at_ms_ = 0;
  std::atomic<long> longest_pause_ms_ = 0;
  std::vector<Promises> promises_;  // one for each client
  std::vector<std::thread> threads_;
};

}  // namespace skiff::cluster_test

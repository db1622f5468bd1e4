// Network: a network namespace as a host for each real process, and an emulator of faulty links between them.
//
// Every host but the first is a network namespace with one TUN device. Every packet from one host to another goes
// through a thread of this process, which delivers, drops, delays or repeats it as the Weather of that link says. Host
// 0 is the namespace of this process; the others have the numbers of the nodes that run there. The kernel removes
// namespaces and TUN devices with the process, however it ends.
//
// Requires: root, and a network namespace of this process alone (`unshare --net`).
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <queue>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace skiff::cluster_test {

// The faults of the link from one host to another.
struct Weather {
  bool is_cut = false;  // packets are dropped silently
  int loss_percent = 0;
  int repeat_percent = 0;
  int delay_us = 0;
  int jitter_us = 0;              // added at random, so that packets overtake each other
  uint64_t bytes_per_second = 0;  // 0: no limit
};

class Network {
 public:
  struct Counts {
    uint64_t delivered = 0;
    uint64_t cut = 0;
    uint64_t lost = 0;  // at random, or because the queue of a slow link was full
    uint64_t repeated = 0;
    uint64_t delayed = 0;
  };

  Network(int nodes, uint64_t seed);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  static std::string address(int host);
  // The words in front of a command that make it run on that host.
  std::vector<std::string> enter(int host) const;

  void set(int from, int to, const Weather& weather);
  void set_both(int one, int other, const Weather& weather);
  // Cuts the links between it and all other nodes; this process still reaches it.
  void isolate(int node);
  void heal();
  Counts counts() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Host {
    int device = -1;
    int name_space = -1;
  };
  struct Link {
    Weather weather;
    Clock::time_point free_at;  // of a slow link: when its queue will be empty
  };
  struct Packet {
    Clock::time_point due;
    uint64_t number;
    int to;
    std::string bytes;
    bool operator>(const Packet& other) const { return due != other.due ? due > other.due : number > other.number; }
  };

  void open_host(int host);
  void run();
  void read_all(int from);
  void route(int from, std::string bytes);
  void deliver(int to, const std::string& bytes);
  void deliver_what_is_due();
  Clock::time_point due_on(Link& link, size_t bytes, Clock::time_point now);
  bool happens(int percent) { return percent > 0 && std::uniform_int_distribution(1, 100)(random_) <= percent; }
  Link& link(int from, int to) { return links_[static_cast<size_t>(from) * hosts_.size() + static_cast<size_t>(to)]; }
  int wait_ms() const;

  std::vector<Host> hosts_;
  mutable std::mutex mutex_;  // guards all members below
  std::vector<Link> links_;
  Counts counts_;
  std::mt19937_64 random_;
  std::priority_queue<Packet, std::vector<Packet>, std::greater<>> waiting_;
  uint64_t packets_ = 0;
  int wake_ = -1;
  std::thread thread_;
};

}  // namespace skiff::cluster_test

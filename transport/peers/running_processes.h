// RunningProcesses: which process speaks for each peer, so that a data directory that runs twice is noticed.
//
// A process draws a number when it starts, and greets with it. Of two processes of one node with one data directory,
// the one that is connected first, at the listener or by the link, speaks for the node as long as that connection
// lasts. A later one is told where the first runs.
//
// A process that listens where the first did is its next start: two cannot listen at one place, so the first is gone
// and its connection is a remnant. What moved to another place waits for the remnant's end, a peer timeout at most.
//
// Always: a process with number 0 is never reported as another one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "raft/types.h"

namespace skiff::transport {

struct RunningProcess {
  uint64_t number = 0;  // drawn at its start; 0: not said
  std::string host;     // from which it was connected, or at which it was reached
  uint16_t port = 0;    // at which it listens for peers
  std::string address;  // as it says itself; empty: not said

  bool operator==(const RunningProcess&) const = default;
  bool is_at_the_place_of(const RunningProcess& other) const {
    return host == other.host && port == other.port && address == other.address;
  }
};

// "http://10.0.0.3:9021", and from where, if that is another host.
inline std::string to_text(const RunningProcess& process) {
  const std::string heard = process.host + ":" + std::to_string(process.port);
  if (process.address.empty()) return heard;
  const bool is_same = process.address.find(process.host) != std::string::npos;
  return is_same ? process.address : process.address + " (" + heard + ")";
}

class RunningProcesses {
 public:
  enum class Side { listener, link };

  // Another process than `process` that speaks for the node, if there is one.
  std::optional<RunningProcess> other_than(raft::NodeId node, const RunningProcess& process) const {
    for (Side side : {Side::link, Side::listener}) {
      auto found = running_.find({node, side});
      if (found != running_.end() && is_another(found->second, process)) return found->second;
    }
    return std::nullopt;
  }
  void connected(raft::NodeId node, Side side, RunningProcess process) { running_[{node, side}] = std::move(process); }
  void disconnected(raft::NodeId node, Side side) { running_.erase({node, side}); }

 private:
  static bool is_another(const RunningProcess& one, const RunningProcess& two) {
    return one.number != 0 && two.number != 0 && one.number != two.number && !two.is_at_the_place_of(one);
  }

  std::map<std::pair<raft::NodeId, Side>, RunningProcess> running_;
};

}  // namespace skiff::transport

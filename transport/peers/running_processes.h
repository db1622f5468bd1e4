// RunningProcesses: which process speaks for each peer, so that a data directory that runs twice is noticed.
//
// A process draws a number when it starts, and greets with it. Of two processes of one node with one data directory,
// the one that is connected first, at the listener or by the link, speaks for the node as long as that connection
// lasts. A later one is told where the first runs.
//
// A process that listens where the first did is its next start: two cannot listen at one address, so the first has
// ended and its connection is a remnant. A process that moved to another address waits for the end of the remnant, a
// peer timeout at most.
//
// Always: a process with number 0 is never reported as another one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "raft/types.h"
#include "transport/peers/wire.h"

namespace skiff::transport {

struct RunningProcess {
  uint64_t number = 0;  // drawn at its start; 0: not said
  std::string host;     // from which it was connected, or at which it was reached
  uint16_t port = 0;    // at which it listens for peers
  std::string address;  // as it says itself; empty: not said

  bool operator==(const RunningProcess&) const = default;
  bool listens_where(const RunningProcess& other) const {
    return host == other.host && port == other.port && address == other.address;
  }
};

// The process that sent the greeting. `remote` is the remote address of its connection, "10.0.0.3:40312".
RunningProcess process_of(const Greeting& greeting, const std::string& remote);

// "http://10.0.0.3:9021", and the host that it connected from, if that is another one.
std::string to_text(const RunningProcess& process);

// The log line about two processes of one node.
std::string describe_twice(raft::NodeId node, const RunningProcess& first, const RunningProcess& second);

class RunningProcesses {
 public:
  enum class Side { listener, link };

  // Another process than `process` that speaks for the node, if there is one.
  std::optional<RunningProcess> other_than(raft::NodeId node, const RunningProcess& process) const;
  void connected(raft::NodeId node, Side side, RunningProcess process);
  void disconnected(raft::NodeId node, Side side);

 private:
  std::map<std::pair<raft::NodeId, Side>, RunningProcess> running_;
};

}  // namespace skiff::transport

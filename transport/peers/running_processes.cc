#include "transport/peers/running_processes.h"

#include "raft/check.h"

namespace skiff::transport {
namespace {

bool is_another(const RunningProcess& one, const RunningProcess& two) {
  return one.number != 0 && two.number != 0 && one.number != two.number && !two.listens_where(one);
}

}  // namespace

RunningProcess process_of(const Greeting& greeting, const std::string& remote) {
  return {greeting.process, remote.substr(0, remote.rfind(':')), greeting.port, greeting.address};
}

std::string to_text(const RunningProcess& process) {
  const std::string heard = process.host + ":" + std::to_string(process.port);
  if (process.address.empty()) return heard;
  const bool is_same = process.address.find(process.host) != std::string::npos;
  return is_same ? process.address : process.address + " (" + heard + ")";
}

std::string describe_twice(raft::NodeId node, const RunningProcess& first, const RunningProcess& second) {
  return "node " + std::to_string(node) + " runs twice with one data directory: at " + to_text(first) + " and at " +
         to_text(second) +
         ". Writes that are answered by one are lost with the other: stop the copy, and add its machine as a new "
         "member";
}

std::optional<RunningProcess> RunningProcesses::other_than(raft::NodeId node, const RunningProcess& process) const {
  for (Side side : {Side::link, Side::listener}) {
    auto found = running_.find({node, side});
    if (found != running_.end() && is_another(found->second, process)) return found->second;
  }
  return std::nullopt;
}

void RunningProcesses::connected(raft::NodeId node, Side side, RunningProcess process) {
  CHECK(node != 0);
  running_[{node, side}] = std::move(process);
}

void RunningProcesses::disconnected(raft::NodeId node, Side side) {
  CHECK(node != 0);
  running_.erase({node, side});
}

}  // namespace skiff::transport

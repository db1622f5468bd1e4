// The report of a node about itself, as JSON: /members, /status, /version.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "raft/membership.h"
#include "raft/status.h"
#include "src/base/metrics.h"

namespace skiff {

// A copy of everything that operators may look at, gathered by the node. Numbers come as lists, each described by the
// module that counts it.
struct NodeReport {
  struct Member {
    raft::NodeId id = 0;
    std::string address;  // "http://127.0.0.1:9021"
    raft::MemberRole role = raft::MemberRole::voter;
    bool is_leaving = false;  // it has a vote until the change under way is done
  };
  struct Withdrawn {
    raft::NodeId id = 0;
    std::string address;
    std::string reason;
  };
  struct Peer {
    raft::NodeId id = 0;
    bool is_connected = false;
    MetricList metrics;
  };
  // The numbers of the modules, in the groups of /status.
  struct Groups {
    MetricList store;
    MetricList disk;
    MetricList snapshot;
    MetricList scrub;
    MetricList clients;

    // Calls the visitor with each group's name and list.
    template <class Visitor>
    void visit(Visitor&& visitor) const {
      visitor("store", store);
      visitor("disk", disk);
      visitor("snapshot", snapshot);
      visitor("scrub", scrub);
      visitor("clients", clients);
    }
  };

  uint64_t cluster = 0;
  std::vector<Member> members;
  bool is_changing = false;          // the configuration is not committed yet, or joint
  std::vector<Withdrawn> withdrawn;  // by this node, as leader
  std::string conflict;              // that keeps members apart; mostly empty
  raft::Status raft;
  raft::Index log_first = 1;  // entries before it are forgotten
  uint64_t incarnation = 0;
  uint64_t digest = 0;
  uint64_t value_bytes_max = 0;
  raft::Time now;
  std::optional<raft::Time> scrub_ended;  // the last, if there was one
  std::vector<Peer> peers;
  Groups groups;
};

std::string members_json(const NodeReport& report);
std::string status_json(const NodeReport& report);
std::string version_json();

}  // namespace skiff

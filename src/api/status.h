// The report of a node about itself, as JSON: /members, /status, /version.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "raft/membership.h"
#include "raft/status.h"
#include "src/base/block_times.h"

namespace skiff {

// A copy of everything that operators may look at, gathered by the node.
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
    uint64_t sent = 0;     // messages
    uint64_t dropped = 0;  // for want of a connection, or of room
  };
  struct Disk {
    uint64_t entries = 0;  // written since the start
    uint64_t bytes = 0;
    uint64_t syncs = 0;
    uint64_t saved_here = 0;   // of them, by the loop itself
    uint64_t left_behind = 0;  // that took so long that another thread went on with it
    raft::Time slowest_sync;   // write and sync of one batch, since the start
    uint64_t room = 0;         // bytes, in the segment in use
  };
  struct Snapshots {
    raft::Index log_first = 1;  // what is before is forgotten
    uint64_t made = 0;          // since the start
    uint64_t fetched = 0;
    uint64_t resumed = 0;  // of those, and of what is being fetched: begun before the start
    uint64_t backups = 0;  // that are being taken at this moment
  };
  struct Scrub {  // of what rests on the disk, since the start
    bool is_under_way = false;
    uint64_t passes = 0;
    uint64_t files = 0;
    uint64_t bytes = 0;
    raft::Time last_ended;  // if there was a pass
    uint64_t found = 0;     // damaged
    uint64_t recovered = 0;
    bool is_damaged = false;  // something that was found is there yet
  };
  struct Clients {
    uint64_t connections = 0;
    uint64_t requests = 0;
    uint64_t body_bytes = 0;  // of requests that are not answered yet
    uint64_t waiting_writes = 0;
    uint64_t waiting_reads = 0;
  };

  uint64_t cluster = 0;
  std::vector<Member> members;
  bool is_changing = false;          // the configuration is not committed yet, or joint
  std::vector<Withdrawn> withdrawn;  // by this node, as leader
  std::string conflict;              // that keeps members apart; mostly empty
  raft::Status raft;
  uint64_t incarnation = 0;
  uint64_t applied = 0;
  uint64_t revision = 0;
  uint64_t compacted = 0;  // the oldest that can be read
  uint64_t versions = 0;
  uint64_t history_bytes = 0;
  uint64_t keys = 0;
  uint64_t digest = 0;
  uint64_t value_bytes_max = 0;
  raft::Time now;
  std::vector<Peer> peers;
  Disk disk;
  Snapshots snapshots;
  Scrub scrub;
  BlockTimes block_times;
  Clients clients;
};

std::string members_json(const NodeReport& report);
std::string status_json(const NodeReport& report);
std::string version_json();

}  // namespace skiff

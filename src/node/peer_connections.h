// PeerConnections: the members that a node is connected to, and everything that keeps a member apart.
//
// It connects to the members that the log names, to those that told a joining node about the cluster, and to nodes that
// connected by themselves and may be members by a part of the log that is not here yet (discovered). Whenever the
// configuration changes, and once more when that is committed, update() brings the connections in line.
//
// Failures:
//   - data directories that do not match, here or there (src/node/data_dir_conflicts.h): a line for the operator, or
//     the end of the process;
//   - two processes with copies of one directory (src/node/second_process.h): the second one takes part in nothing;
//   - a member that has moved (src/node/moved_members.h): the leader is asked to enter its new address.
//
// Always: while this process is the second one of its node, no message leaves it and none gets in.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "raft/raft.h"
#include "src/base/log.h"
#include "src/config/options.h"
#include "src/node/data_dir_conflicts.h"
#include "src/node/moved_members.h"
#include "src/node/second_process.h"
#include "src/replica/environment.h"
#include "store/directory/storage.h"
#include "transport/loop/loop.h"
#include "transport/peers/peers.h"

namespace skiff {

// This node, as its data directory has it.
struct NodeIdentity {
  store::Identity identity;
  uint64_t incarnation = 0;
  uint64_t data_dir_id = 0;
};

class PeerConnections {
 public:
  // The node, which hears of peers. Calls come from the loop. Requires: raft() is there once the loop runs.
  class Host {
   public:
    virtual const raft::Raft& raft() const = 0;
    virtual void received(PeerMessage&& message) = 0;
    virtual void peer_connected(raft::NodeId node) = 0;
    virtual void peer_gone(raft::NodeId node) = 0;
    virtual void removed_by(raft::NodeId node) = 0;
    virtual void remember(const store::DataDirIds& data_dir_ids) = 0;
    // Something has changed: call update() on the next turn. In the middle of a handshake it may not be called.
    virtual void wake() = 0;
    // To be given to the leader, as an operator would.
    virtual void order_move(AdminRequest order) = 0;

   protected:
    ~Host() = default;
  };

  // Listens for peers. Requires: all references outlive it.
  static Result<std::unique_ptr<PeerConnections>> open(transport::Loop& loop, const Options& options,
                                                       const NodeIdentity& self, const store::Recovered& recovered,
                                                       store::DataDirIds known, Host& host);
  PeerConnections(const PeerConnections&) = delete;
  PeerConnections& operator=(const PeerConnections&) = delete;

  void send(const PeerMessage& message);
  bool needs_update() const;
  void update();
  // Why this node may take part in nothing, for a status page; mostly empty.
  std::string conflict() const;
  // An order by Host::order_move() has ended.
  static void move_ended(const AdminAnswer& answer);

  std::vector<transport::Peers::Status> status() const { return peers_->status(); }
  const transport::Address& address() const { return peers_->address(); }

 private:
  PeerConnections(transport::Loop& loop, const Options& options, const NodeIdentity& self, store::DataDirIds known,
                  std::string greeted_address, Host& host);
  transport::Peers::Events events();
  void connected(raft::NodeId node);
  void discovered(const transport::PeerMember& member);
  void compared(raft::NodeId peer, const transport::DataDirMatch& match);
  void runs_twice(raft::NodeId peer, const std::string& address);
  void look_for_moved();
  void warn_if_unreachable(const std::vector<transport::PeerMember>& members);
  DataDirConflicts::Judgement judge_data_dirs() const;
  bool is_second() const { return second_process_.has_heard() && second_process_.is_second(loop_.now()); }

  transport::Loop& loop_;
  const Options& options_;
  const NodeIdentity& self_;
  Host& host_;
  transport::KnownPeers known_;
  const std::string greeted_address_;  // where its greetings say it is; empty: where the members say
  std::unique_ptr<transport::Peers> peers_;

  raft::Index connected_index_ = 0;  // of the configuration that update() saw last, and whether it was committed
  bool connected_committed_ = false;
  std::vector<transport::PeerMember> discovered_;
  bool has_discovered_ = false;  // since update()
  bool has_warned_unreachable_ = false;
  log::Limit discovered_lines_{10_s};

  DataDirConflicts data_dir_conflicts_;
  ConflictLog conflict_log_;
  SecondProcess second_process_;
  log::Limit second_process_lines_{1_min};
  MovedMembers moved_members_;
  transport::Timer moved_timer_;
};

}  // namespace skiff

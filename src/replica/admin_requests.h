// AdminRequests: the part of a replica that brings an operator's orders (AdminRequest) to the leader and to an end.
//
// At the node whose client gave the order, it waits here until its deadline, and is asked of whoever leads: attempt by
// attempt, each with an id of its own. What got lost, or met a node that leads no more, is asked again: repeating an
// order does no harm, for what is so already is done.
//
// At the leader, for itself and for the others, it waits until no other change is under way, is judged by
// src/replica/admin_rules.h, and becomes a change or a transfer of the core, whose end is the attempt's. An order that
// removes the leader has it hand leadership over first; the next leader does the rest.
//
// Who is to be removed, and answers, is told first: it takes nothing new, finishes what its clients wait for (it could
// not learn any more what became of it), and says so. Should it not be removed after all, it goes on after a while.
//
// It ends in one of four ways: done; wrong, with what to do instead; refused, and then it never comes true, because
// every attempt that went out was answered that it was not begun; or unknown. A node that is told that it was removed
// knows thereby that the order to remove it is done.
//
// The leader also gives up on members that it added and that nobody has heard of for a long time: it withdraws them.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "raft/raft.h"
#include "src/replica/admin_rules.h"
#include "src/replica/environment.h"

namespace skiff {

struct AdminConfig {
  raft::NodeId self = 0;
  uint64_t incarnation = 0;
  AdminRules rules;
  raft::Time timeout = 0;       // of an order
  raft::Time pause = 0;         // before it is asked again
  raft::Time retry_after = 0;   // after which an attempt without an answer is taken for lost
  raft::Time join_timeout = 0;  // a member that was added and is silent for so long is withdrawn; 0: never
  size_t waiting_max = 64;
};

class AdminRequests {
 public:
  AdminRequests(AdminConfig config, const raft::Raft& raft, Environment& environment);

  // Of a client of this node.
  void ask(raft::Time now, const Ticket& ticket, AdminRequest request);
  // Another node asks, or answers.
  void received(raft::Time now, raft::NodeId by, const AdminAttempt& attempt);
  void answered(raft::Time now, const AdminReply& reply);
  // An order of the core's. True: it was one of ours.
  bool ended(raft::Time now, const raft::AdminResult& end);
  // What is to be asked of the core now, if anything. `is_idle`: no client of this node waits for a write or a read.
  std::vector<raft::Event> drive(raft::Time now, bool is_idle);
  // This node is about to be removed, and takes nothing new.
  bool is_leaving(raft::Time now) const { return leaving_ && now < leaving_->until; }
  // As a leader, now and then.
  void withdraw_the_silent(raft::Time now);
  // This node is no member any more.
  void removed();

  bool has_waiting() const { return !waiting_.empty(); }
  raft::Time next_deadline() const;
  // The last ones, oldest first.
  const std::deque<Withdrawn>& withdrawn() const { return withdrawn_; }

 private:
  using Outcome = AdminReply::Outcome;
  struct Waiting {
    Ticket ticket;
    AdminRequest request;
    raft::Time deadline = 0;
    std::set<uint64_t> open;  // attempts that may yet come true
    uint64_t last_attempt = 0;
    raft::NodeId asked = 0;  // of whom, in which term and when: the last attempt
    raft::Term asked_term = 0;
    raft::Time asked_at = 0;
    raft::Time again_at = 0;
    std::string reason;  // why it is not done yet
  };
  // At the leader.
  struct Running {
    raft::NodeId by = 0;  // 0: ourselves, for want of a sign of life
    raft::RequestId attempt;
    AdminRequest request;
    raft::Time give_up_at = 0;
    raft::Time again_at = 0;
    uint64_t asked_as = 0;  // the core's order; 0: not begun
    bool steps_aside = false;
    uint64_t leave_asked = 0;    // the attempt by which the one who goes was told; 0: not yet
    raft::Time leave_until = 0;  // then it goes, ready or not
    std::string reason;
  };
  struct Leaving {
    raft::NodeId leader = 0;
    raft::RequestId asked_as;
    raft::Time until = 0;
    bool has_told = false;
  };
  struct Reply {
    raft::NodeId by;
    AdminReply reply;
    AdminRequest request;
  };

  void drive_running(raft::Time now, std::vector<raft::Event>& events);
  // False: it has ended.
  bool drive_one(raft::Time now, Running& running, std::vector<raft::Event>& events);
  // True: it has left, or was given the time to.
  bool let_leave(raft::Time now, Running& running);
  void say_left(raft::Time now, bool is_idle);
  void drive_waiting(raft::Time now);
  raft::Time lost_at(const Waiting& waiting) const;
  void send_attempt(raft::Time now, Waiting& waiting);
  void expire(raft::Time now);
  void end(const Running& running, Outcome outcome, std::string reason = {});
  void send_replies(raft::Time now);
  void note_withdrawn(const Reply& reply);
  void answer(const Waiting& waiting, AdminAnswer::Kind kind, std::string reason = {});

  const AdminConfig config_;
  const raft::Raft& raft_;
  Environment& environment_;
  std::list<Waiting> waiting_;
  std::list<Running> running_;
  std::vector<Reply> replies_;                      // not sent yet
  std::map<raft::NodeId, raft::RequestId> newest_;  // of each node's attempts: older ones come too late
  std::optional<Leaving> leaving_;
  uint64_t attempts_ = 0;
  uint64_t asked_of_core_ = 0;
  std::deque<Withdrawn> withdrawn_;
};

}  // namespace skiff

// AdminRequests: the part of a replica that brings an operator's requests (AdminRequest) to the leader and to an end.
//
// At the node that the operator asked, the request waits until its deadline. The node asks the leader attempt by
// attempt, each with an id of its own. An attempt that was lost, or that reached a node that does not lead any more, is
// repeated. Repeating a request does no harm: a change that is in force already counts as done.
//
// At the leader, a request of this or of another node waits until no other change is under way. Then
// src/replica/admin_rules.h judges it, and it becomes a change or a transfer of the core, whose end is the attempt's.
// To remove the leader, the leader hands leadership over first; the next leader does the rest.
//
// A node that is to be removed and that answers is told first. It takes nothing new, finishes what its clients wait
// for, because it could not learn the ends of their requests afterwards, and says so. If it is not removed after all,
// it goes on after a while.
//
// A request ends in one of four ways: done; wrong, with a text that says what to do instead; refused, and then it never
// comes true, because every attempt that left was answered as not begun; or unknown. Being told "you were removed" also
// confirms a pending request to remove this node.
//
// The leader also withdraws members that it added and that it has not heard of for a long time.
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
  raft::Time timeout;       // of a request
  raft::Time pause;         // before it is asked again
  raft::Time retry_after;   // after which an attempt without an answer is taken for lost
  raft::Time join_timeout;  // a member that was added and is silent for so long is withdrawn; 0: never
  size_t waiting_max = 64;
};

class AdminRequests {
 public:
  AdminRequests(AdminConfig config, const raft::Raft& raft, Environment& environment);

  // Of a client of this node.
  void ask(raft::Time now, const Ticket& ticket, AdminRequest request);
  // An attempt of a node, or the answer to one of this node's.
  void received(raft::Time now, raft::NodeId by, const AdminAttempt& attempt);
  void answered(raft::Time now, const AdminReply& reply);
  // A change or transfer of the core has ended. True: it was one of this class.
  bool ended(raft::Time now, const raft::AdminResult& end);
  // Returns what is to be asked of the core now. `is_idle`: no client of this node waits for a write or a read.
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
    raft::Time deadline;
    std::set<uint64_t> open;  // attempts that may yet come true
    uint64_t last_attempt = 0;
    raft::NodeId asked = 0;  // the leader of the last attempt, its term and time
    raft::Term asked_term = 0;
    raft::Time asked_at;
    raft::Time again_at;
    std::string reason;  // why it is not done yet
  };
  // At the leader.
  struct Running {
    raft::NodeId by = 0;  // 0: this leader, which withdraws a silent member
    raft::RequestId attempt;
    AdminRequest request;
    raft::Time give_up_at;
    raft::Time again_at;
    uint64_t asked_as = 0;  // the id that the core has for it; 0: not begun
    bool steps_aside = false;
    uint64_t leave_asked = 0;  // the attempt that told the member to leave; 0: not yet
    raft::Time leave_until;    // then it goes, ready or not
    std::string reason;
  };
  struct Leaving {
    raft::NodeId leader = 0;
    raft::RequestId asked_as;
    raft::Time until;
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

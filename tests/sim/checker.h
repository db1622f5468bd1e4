// Checker: sees all machines at once, and reports when a promise is broken. Each check has a name, under which a
// failure is reported and by which the check can be left out.
//
//   election-safety      one leader in a term (thesis 3.2)
//   one-vote             a node votes once in a term, whatever happens to it in between
//   log-matching         the entry at a term and index is the same everywhere, and so is the term before it
//   leader-completeness  a new leader has everything that was committed before
//   commit-rule          a leader counts copies of entries of its own term alone (3.6.2)
//   majority             a committed entry is on the disks of a majority; of both halves, while the members change
//   state-machine        the committed entry at an index is the same at all, and so is the state after it, by digest
//   members              the configuration in force is the last one in the log (4.1)
//   no-going-back        neither the term nor the commit index of a node does
//   promises             votes and acknowledgements leave only when the sender's disk holds what they promise; a
//                        recovering node gives no vote and confirms nothing
//   disk                 a node finds on its disk what was reported as saved, all of it after a clean stop, and nothing
//                        else; damage is noticed and never believed, except where the last block looks as if it had
//                        never been written
//   gone-back            the leader that has an acknowledgement notices that the disk was rolled back behind it,
//                        and the node gives no vote before the leader could
//   acknowledged         a write that was answered as done is committed
//   refused              a write that was answered as refused is never committed
//   conditions           an answer to a put with a condition fits how its key was at its place of the log, and
//                        names the revisions that the map had there
//   bounds               queues are bounded as configured
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "src/replica/replica.h"
#include "store/directory/storage.h"
#include "tests/sim/client_request.h"
#include "tests/sim/model.h"
#include "tests/sim/world.h"

namespace skiff::sim {

class Checker {
 public:
  explicit Checker(World& world) : world_(world) {}

  // A process of that node has started. False if it has lost something and cannot notice that.
  bool started(raft::NodeId node, const store::Recovered& recovered);
  void refused_to_start(raft::NodeId node, const Error& error);
  void ended(raft::NodeId node);
  void stepped(raft::NodeId node, const Replica& replica);
  void leaves(const PeerMessage& message);
  void applied(raft::NodeId node, const store::Kv& kv);
  // Its disk is given these; then they are durable.
  void saving(raft::NodeId node, const std::vector<store::Batch>& batches);
  void saved(raft::NodeId node);
  // Its disk was rolled back. That is unnoticed until the node is told, and reports it after another start.
  void gone_back(raft::NodeId node);
  void learned_that_it_went_back(raft::NodeId node, bool by_itself);
  bool is_unnoticed(raft::NodeId node) const;
  // The end of its log on disk, as of its last start and its saves since.
  raft::Found on_disk(raft::NodeId node) const;
  // A file of it was damaged.
  void damaged(raft::NodeId node, const std::string& path) {
    nodes_[node].is_damaged = true;
    nodes_[node].tampered.insert(path);
  }
  // No damaged file is left, and the node kept running all the while.
  void undamaged(raft::NodeId node) { nodes_[node].is_damaged = false; }
  // Found by a scrub.
  void found_damage(raft::NodeId node, const store::Damage& damage);

  // The answer to a client's put, and what the client demanded of the key. Each put has a value of its own.
  void acknowledged(const std::string& value, const Demand& demand, const ClientAnswer& answer);
  void in_conflict(const std::string& value, const Demand& demand, const ClientAnswer& answer);
  void refused(const std::string& value);

  uint64_t elections() const { return leaders_.size(); }
  uint64_t committed() const { return committed_.size(); }

 private:
  // The content of a node's disk, in its log or in a snapshot.
  struct Disk {
    raft::HardState hard_state;
    std::vector<raft::LogPosition> log;  // [0] has index 1
    bool is_recovering = false;          // as the next start will find it; the core knows first when it is intact
    bool has(raft::LogPosition position) const {
      return position.index == 0 || (position.index <= log.size() && log[position.index - 1] == position);
    }
  };
  struct Node {
    Disk disk;
    std::vector<store::Batch> under_way;
    struct Before {
      raft::Index kept = 0;                      // up to here the save left the log alone
      std::vector<raft::HardState> hard_states;  // before each batch of it: damage may cut it anywhere
    };
    std::deque<Before> saves;  // the last of them
    uint64_t incarnation = 0;
    bool is_damaged = false;
    std::set<std::string> tampered;  // files, ever
    bool is_recovering = false;
    Disk before;                 // before damage or a rollback: what it may have acknowledged
    bool has_gone_back = false;  // and does not know that yet
    uint64_t times_gone_back = 0;
    bool leads = false;
    raft::Term term = 0;
    raft::Index commit = 0;
    raft::Voters voters;  // as of its last step
    raft::LogPosition members_at;
  };
  struct Origin {
    raft::Term term_before = 0;
    raft::EntryKind kind = raft::EntryKind::no_op;
    raft::Payload payload;
  };

  void see_entry(raft::NodeId node, const raft::Entry& entry, raft::Term term_before);
  void see_snapshot(raft::NodeId node, raft::LogPosition position);
  void see_role(raft::NodeId node, const raft::Raft& raft);
  void see_commit(raft::NodeId node, const raft::Raft& raft);
  void see_members(raft::NodeId node, const raft::Raft& raft);
  void see_no_promise(const PeerMessage& message);
  void commit_first(raft::NodeId node, const raft::Raft& raft, const raft::Entry& entry);
  void see_vote(raft::NodeId node, raft::Term term, raft::NodeId candidate);
  // A save takes more than 60 bytes, so that is all that one block and the last save can hold.
  static constexpr size_t kSavesInABlock = 9;

  bool require_disk(raft::NodeId node, const Node& is, const store::Recovered& recovered);
  void mark_gone_back(raft::NodeId node);
  void forget_votes(raft::NodeId node, raft::Term after);
  void put_down(Disk& disk, const store::Batch& batch) const;
  void begin_anew(Disk& disk, raft::LogPosition base) const;

  World& world_;
  std::map<raft::NodeId, Node> nodes_;
  std::map<raft::LogPosition, Origin> origins_;
  std::map<raft::Term, raft::NodeId> leaders_;
  std::map<std::pair<raft::Term, raft::NodeId>, raft::NodeId> votes_;
  std::vector<raft::LogPosition> committed_;  // [0] has index 1
  std::vector<raft::Term> committed_in_;      // the term of the first node that knew
  std::map<raft::Index, uint64_t> digests_;
  std::set<std::string> written_;  // values of committed commands
  std::set<std::string> refused_;
  Model model_;  // of what is committed
};

}  // namespace skiff::sim

// Checker: looks at the whole cluster, and says when one of Raft's promises is broken (thesis 3.3, figure 3.2).
//
//   election safety      one leader in a term, one vote of a node in a term, restarts or not
//   log matching         an entry with some term and index is the same everywhere, and so are all entries before it
//   commit rule          a leader counts copies of entries of its own term alone (3.6.2)
//   leader completeness  a new leader has everything that was committed in earlier terms
//   state machine safety the entry committed at an index is the same at all nodes, and is on the disks of a majority,
//                        of both halves while the members change
//   promises kept        votes and acknowledgements leave only when the sender's disk would bear them out
//   fresh reads          a read is confirmed at or beyond every index that any node had committed when it was asked
//   honest refusals      a command that was refused is never seen in a log
//
// Only the first broken promise is kept, in words; later ones are consequences.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "raft/effects.h"
#include "raft/raft.h"
#include "tests/raft/disk.h"

namespace skiff::raft_cluster {

class Checker {
 public:
  // disks[0] is node 1's.
  explicit Checker(const std::vector<Disk>& disks) : disks_(disks), views_(disks.size()) {}

  // The node starts from its disk. Entries that no node had before are where the script begins.
  void started(NodeId node);
  // How the end of a log has changed.
  struct Change {
    std::vector<Entry> dropped;
    std::vector<Entry> taken;
  };
  Change stepped(NodeId node, const Raft& raft);
  void leaves(const Message& message);
  void proposed(const std::string& command) { proposed_.insert(command); }
  void refused(const std::string& command);
  void read_asked(NodeId node, RequestId id);
  void read_confirmed(NodeId node, const ConfirmedRead& read);
  void read_refused(NodeId node, RequestId id);
  void crashed(NodeId node);
  void forgot(NodeId node);

  // Empty as long as no promise is broken.
  const std::string& broken() const { return broken_; }
  // All entries that any node ever knew to be committed; [0] has index 1.
  std::vector<Entry> committed_entries_;
  const std::vector<LogPosition>& committed() const { return committed_; }
  std::vector<Entry> committed_up_to(Index index) const {
    return {committed_entries_.begin(), committed_entries_.begin() + static_cast<std::ptrdiff_t>(index)};
  }
  size_t reads_waiting() const { return reads_asked_.size(); }

 private:
  struct View {
    std::vector<Entry> log;
    Index commit = 0;
    Term term = 0;
    bool leads = false;
  };
  struct Origin {
    Term term_before;
    EntryKind kind;
    std::string command;
    auto operator<=>(const Origin&) const = default;
  };

  View& view(NodeId node) { return views_[node - 1]; }
  const Disk& disk(NodeId node) const { return disks_[node - 1]; }
  void remember(const std::vector<Entry>& log, size_t from, const std::string& holder);
  Change see_log(NodeId node, const Log& log);
  void see_role(NodeId node, const Raft& raft);
  void see_commit(NodeId node, const Raft& raft);
  void commit_first(NodeId node, const Raft& raft, const Entry& entry);
  void leaves(const Message& message, const VoteRequest& request);
  void leaves(const Message& message, const VoteReply& reply);
  void leaves(const Message& message, const AppendReply& reply);
  template <class Other>
  void leaves(const Message&, const Other&) {}
  void voted(const Message& message, NodeId candidate);
  void require(bool holds, const std::string& promise);

  const std::vector<Disk>& disks_;
  std::vector<View> views_;
  std::map<Term, NodeId> leaders_;
  std::map<LogPosition, Origin> origins_;
  std::map<std::pair<Term, NodeId>, NodeId> votes_;
  std::vector<LogPosition> committed_;
  std::vector<Term> committed_in_;  // the term in which each first came to be known as committed
  std::set<std::string> proposed_;
  std::set<std::string> refused_;
  std::map<std::pair<NodeId, RequestId>, Index> reads_asked_;  // and the last committed index then
  std::string broken_;
};

}  // namespace skiff::raft_cluster

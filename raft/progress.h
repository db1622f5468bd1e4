// Progress: how far one follower has got, as the leader sees it.
//
// A follower starts in probe (one message at a time, until we know where its log agrees with ours), moves to replicate
// (a stream, with a window of unacknowledged messages), and falls back to probe when it refuses or its process is gone.
// If the entries that it lacks are forgotten it goes to snapshot: nothing is sent but the offer of one, until it
// acknowledges an entry that our log still has.
//
// Lost, repeated and reordered replies are normal; a reply that tells nothing new is ignored. The reply to a heartbeat
// allows another probe. In replicate the leader then asks, whatever the window says, whether the follower has what was
// sent; if something was lost the follower refuses, and the leader probes.
//
// Always: match < next.   (Thesis 3.5, 10.2.1)
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>

#include "raft/mutant.h"
#include "raft/types.h"

namespace skiff::raft {

class Progress {
 public:
  enum class State { probe, replicate, snapshot };

  struct Window {
    uint64_t entries_max = 0;
    uint64_t bytes_max = 0;
  };

  Progress(Index next, Time now, Window window);

  State state() const { return state_; }
  Index match() const { return match_; }
  // The index that counts toward a majority: none of a recovering follower.
  Index counted() const { return recovering_ == 0 || MUTANT(damaged_node_counts) ? match_ : 0; }
  Index next() const { return next_; }
  Time heard_at() const { return heard_at_; }
  // The same, but not while it was recovering: such a follower counts for nothing.
  Time counted_at() const { return counted_at_; }
  void heard(Time now) {
    heard_at_ = now;
    if (recovering_ == 0) counted_at_ = now;
  }

  // Whether another AppendEntries may be sent now.
  bool may_send() const;
  // An AppendEntries was sent, with entries up to `last` (next - 1 if it had none) and this many payload bytes.
  void sent(Index last, uint64_t bytes);

  // The follower has everything up to `match` on its disk, and our log goes on behind `base`. False if that is nothing
  // new.
  bool accepted(Index match, Index base);
  // Measures in rounds whether it has caught up (thesis 4.2.1): a round ends when it has the entries that we had at the
  // round's start, and if that takes less than `longest` it can be made a voter without holding up commits.
  void note_round(Index last, Time now, Time longest);
  bool has_caught_up() const { return caught_up_ && recovering_ == 0; }
  // The entries it needs next are forgotten: it was offered a snapshot up to `index`.
  void offered_snapshot(Index index);
  Index offered() const { return offered_; }
  // It refused entries behind `refused`; try behind `agree_at_most` next. False if the refusal is out of date.
  bool refused(Index refused, Index agree_at_most);
  // It replied to a heartbeat: a probe that was sent before counts as lost.
  void heartbeat_answered() { probe_sent_ = false; }
  // Messages under way may be lost: find out anew where it stands.
  void probe_again();

  // That process of the follower says that it is recovering, or (0) that it lacks nothing. Acknowledgements from before
  // are void. Our log ends at `last`.
  void heard_recovering(uint64_t start, Index last);
  uint64_t recovering() const { return recovering_; }
  // The process of the follower whose replies count (0: none was heard yet), and when it was last heard.
  uint64_t start() const { return start_; }
  Time start_heard_at() const { return start_heard_at_; }
  void heard_start(uint64_t start, Time now);
  // The process that was heard last lacks what the node had acknowledged, and does not say so by itself. Kept until
  // some process of the node says that it is recovering.
  void set_forgetful(bool is_forgetful) { is_forgetful_ = is_forgetful; }
  bool is_forgetful() const { return is_forgetful_; }
  // The index of the fence: an entry made after we heard that it is recovering (raft/recovering.cc).
  Index fence() const { return fence_; }

  // The commit index that it may be told: no more than it is known to have.
  Index may_commit(Index committed) const { return std::min(match_, committed); }
  // The commit index that it must be told now, by a message of its own, and counts it as told; nothing if there is no
  // need. A notice is due at once if a client of the follower waits there, else `delay` after the first poll that found
  // something to tell, unless entries have carried the news by then: a message costs the follower as much as an entry.
  std::optional<Index> poll_commit_notice(Index committed, Time now, Time delay);
  void told_commit(Index index) { commit_told_ = std::max(commit_told_, index); }
  Time commit_notice_at() const { return commit_notice_at_; }
  // A client of the follower waits for this index to be applied there.
  void await_commit(Index index) { commit_awaited_ = std::max(commit_awaited_, index); }

  // Whether its disk is full, as it said last; nothing if it has not said yet.
  std::optional<bool> is_full;
  // When it was last sent a probe, or asked whether it has everything that was sent.
  Time asked_at;

 private:
  struct InFlight {
    Index last;
    uint64_t bytes;
  };
  void forget_in_flight();

  State state_ = State::probe;
  Window window_;
  Index match_ = 0;
  Index next_;
  Time heard_at_;
  Time counted_at_;
  uint64_t start_ = 0;
  Time start_heard_at_;
  bool is_forgetful_ = false;
  bool probe_sent_ = false;
  Index offered_ = 0;
  uint64_t recovering_ = 0;
  Index fence_ = 0;
  Index round_last_ = 0;  // where the round ends; 0: none was started
  Time round_started_at_;
  bool caught_up_ = false;
  Index commit_told_ = 0;
  Index commit_awaited_ = 0;
  Time commit_notice_at_ = kNever;  // when it is told by a message of its own
  std::deque<InFlight> in_flight_;
  uint64_t bytes_in_flight_ = 0;
};

}  // namespace skiff::raft

// Waiting: the writes and barriers that wait for their end, each with its ticket and its deadline. A request is owned
// here from its arrival to its answer.
//
// A write waits until this node applies it. Its bytes are kept until then, because it may have to be submitted to the
// core again: when another leader is known, or when the link to it comes back. That is safe, because the store drops
// repeats. It must be done in order, because the store also drops a write that a later one of the same node has
// overtaken. Therefore no more is submitted than surely fits on the way to the leader (a window of bytes), and the rest
// follows as this node applies earlier writes. A write that was never submitted is in no log and on no wire, and can be
// refused.
//
// A barrier waits, with all that arrived in the same batch, until the core confirms the batch's id with an index, and
// then until that index has been applied. A batch that could not be confirmed is asked again, under a new id.
//
// Always: the numbers of writes grow, and so do their deadlines; every request leaves exactly once.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "raft/types.h"
#include "src/base/ticket.h"

namespace skiff {

struct WaitingWrite {
  uint64_t number = 0;
  Ticket ticket;
  bool wants_answer = true;
  uint32_t submissions = 0;
  raft::Time deadline;
  raft::Payload command;
};

class WaitingWrites {
 public:
  // The number that the next write gets.
  uint64_t next_number() const { return first_ + writes_.size(); }
  // Requires: write.number == next_number(), and no earlier deadline than the one before.
  void add(WaitingWrite write);
  // Nothing: it does not wait any more.
  std::optional<WaitingWrite> take(uint64_t number);
  WaitingWrite* find(uint64_t number);
  // Those whose deadline has come.
  std::vector<WaitingWrite> take_expired(raft::Time now);

  // Those that were never submitted.
  std::vector<WaitingWrite> take_unsubmitted();

  // The next write in order, if all that is submitted and not applied stays within `window_bytes` with it, or if it is
  // the only one. It counts as submitted from now on.
  WaitingWrite* submit_next(uint64_t window_bytes);
  // This write did not get there: it and the writes behind it are to be submitted again.
  void resubmit_from(uint64_t number);
  bool has_submitted() const { return submitted_bytes_ > 0; }

  size_t size() const { return size_; }
  uint64_t bytes() const { return bytes_; }
  raft::Time next_deadline() const { return writes_.empty() ? raft::kNever : writes_.front()->deadline; }

 private:
  void drop_answered();

  std::deque<std::optional<WaitingWrite>> writes_;  // by number; the front one always waits
  uint64_t next_to_submit_ = 1;
  uint64_t submitted_bytes_ = 0;  // of those before it that still wait
  uint64_t first_ = 1;            // the number of the front one
  size_t size_ = 0;
  uint64_t bytes_ = 0;
};

struct WaitingBarrier {
  Ticket ticket;
  raft::Time deadline;
};

class WaitingBarriers {
 public:
  using Batch = std::vector<WaitingBarrier>;

  // Keeps a batch that the core is not asked about now, because there is no leader or because it refused.
  void hold(Batch batch);
  bool has_held() const { return !held_.empty(); }
  // The core is asked about everything held, as one batch under this id. Requires: has_held().
  void ask_held(raft::RequestId id, raft::Time now);
  bool has_asked() const { return !asked_.empty(); }
  // Holds again what was asked at or before `limit` and has not been confirmed.
  void hold_asked_until(raft::Time limit);
  // Holds a batch that the core refused. Unknown ids are old ones.
  void refused(raft::RequestId id);
  void confirmed(raft::RequestId id, raft::Index index);
  // Those that may be answered from a store that has applied this much, in order, `most` at most.
  Batch take_ready(raft::Index applied, size_t most = ~size_t{0});
  bool has_ready(raft::Index applied) const { return !confirmed_.empty() && confirmed_.begin()->first <= applied; }
  Batch take_expired(raft::Time now);

  size_t size() const { return size_; }
  // Not after the earliest deadline; may be before it.
  raft::Time next_deadline() const { return size_ == 0 ? raft::kNever : earliest_; }

 private:
  struct Asked {
    raft::Time at;
    Batch batch;
  };
  void expire(Batch& batch, raft::Time now, Batch& expired);
  void note_deadlines(const Batch& batch);

  Batch held_;
  std::map<raft::RequestId, Asked> asked_;
  std::map<raft::Index, Batch> confirmed_;
  size_t size_ = 0;
  raft::Time earliest_ = raft::kNever;
};

}  // namespace skiff

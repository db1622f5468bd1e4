// StopSequence: how a node stops.
//
// It takes no new requests, hands leadership over if it leads, and waits for the requests under way, and for the
// hand-over, up to a deadline. Then it may end. The connections of requests that are left are closed without an answer,
// which says as much as a 504.
//
// A second request to stop ends the wait. A restart waits for nothing: the disk has gone back to an older state, and
// this process may neither answer nor send (see Environment::forgot()). A request to stop overrules a restart.
//
// Always: once is_stopping(), it stays so. A restart that has begun keeps is_cut_off() even if a stop overrules it.
//
// Knows no clock and no socket: time comes in with each call.
#pragma once

#include <cstdint>

#include "raft/types.h"

namespace skiff {

class Replica;

class StopSequence {
 public:
  // The id of the hand-over that it asks the replica for.
  static constexpr uint64_t kHandOverId = ~uint64_t{0};

  explicit StopSequence(raft::Time patience);

  // An operator asks for a stop; the second time, or once it has begun, that ends the wait. May be called from within a
  // call of the replica.
  void request();
  // This node is no member any more. The same holds as for request(), but it ends no wait.
  void request_removal();
  // The disk has gone back: nothing that this process says counts any more. The same holds as for request().
  void request_restart();
  // Whether begin() has to follow, which may not be called from within a call of the replica.
  bool has_to_begin() const { return state_ == State::requested; }
  // Requires: has_to_begin().
  void begin(raft::Time now, Replica& replica);
  void hand_over_ended(uint64_t id);

  bool is_stopping() const { return state_ != State::running; }
  // Whether the wait is over. `is_drained`: clients and the disk have nothing under way. Never before begin().
  bool may_end(raft::Time now, const Replica& replica, bool is_drained) const;
  // Whether the process is to start again after it ended.
  bool restarts() const { return restarts_; }
  bool is_cut_off() const { return is_cut_off_; }

 private:
  enum class State { running, requested, draining };

  const raft::Time patience_;
  State state_ = State::running;
  raft::Time deadline_ = raft::kNever;
  bool was_requested_ = false;  // by an operator
  bool has_no_patience_ = false;
  bool is_handing_over_ = false;
  bool restarts_ = false;
  bool is_cut_off_ = false;
};

}  // namespace skiff

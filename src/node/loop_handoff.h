// LoopHandoff: two threads that take turns at running the loop.
//
// A node saves on the thread of its loop while its disk is quick, because the hop to another thread and back is a good
// part of the time that a write takes (docs/decisions/0020). A disk that stalls must not stop the loop, so a standby
// thread can take the loop over. The thread that runs the loop releases it while it waits for the disk. If that takes
// longer than limits::kLoopHeldUp, the standby takes over, and the other thread becomes the standby afterwards.
//
// Failures: a thread finds, after its wait, that the loop was taken over. Then it may not touch anything that
// belongs to the loop, and its turn is over.
//
// Always: at most one thread runs the loop, and it sees everything that the threads before it did. No other code of the
// node knows that there are two. While nothing is released for a while, the standby sleeps.
//
// Proof. Let `released_at_` be non-zero exactly while the loop is released.
//  1. Only the thread that runs the loop sets released_at_, and it does so once per release.
//  2. Both threads clear it by compare-and-exchange from the value that they know, so exactly one of them succeeds for
//     each release, and runs the loop from then on. The value is the time of the release, and the standby tries only
//     once that is kLoopHeldUp ago, so it never takes over a release that has only just begun.
//  3. The store of released_at_ and the successful exchange are sequentially consistent. The one that takes the loop
//     over reads the value that the other has stored, so everything before the release happens before the takeover.
//  4. No release is overlooked (Dekker's pattern, store one flag and then load the other's). The running thread stores
//     released_at_ and then loads is_watching_. The standby, about to sleep, stores is_watching_ = false and then loads
//     released_at_. All four are sequentially consistent, so in their single total order one of the two loads comes
//     after the other thread's store: either the running thread sees that the standby does not watch, and wakes it, or
//     the standby sees the release and stays awake.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "raft/time.h"
#include "src/base/result.h"

namespace skiff {

// The part of it that DiskThread needs.
class LoopRelease {
 public:
  // Runs the task while the loop is released. False if another thread has taken the loop over meanwhile: then nothing
  // that belongs to the loop may be touched any more, and the turn is over. Requires: called by the thread that runs
  // the loop, at the end of a turn.
  virtual bool release_loop_while(const std::function<void()>& task) = 0;

 protected:
  ~LoopRelease() = default;
};

class LoopHandoff final : public LoopRelease {
 public:
  enum class Turn {
    more,
    last,
    lost,  // release_loop_while() returned false in it
  };
  explicit LoopHandoff(std::function<Turn()> turn) : turn_(std::move(turn)) {}
  LoopHandoff(const LoopHandoff&) = delete;
  LoopHandoff& operator=(const LoopHandoff&) = delete;

  ~LoopHandoff();

  // Starts the standby thread. An error if there is no thread to be had.
  Result<> start();
  // Returns after the last turn, whichever thread had it. An exception in a turn ends the program. Requires: started.
  void run();

  bool release_loop_while(const std::function<void()>& task) override;
  // How often the loop was taken over.
  uint64_t taken_over() const { return taken_over_.load(std::memory_order_relaxed); }

 private:
  void standby();
  void end();
  bool wait_for_loop();
  void run_until_lost();
  bool take_over();
  void wake_standby();
  void watch_or_sleep(uint64_t& idle_looks, uint64_t& releases_seen);

  std::function<Turn()> turn_;
  std::atomic<raft::Time> released_at_ = raft::Time();  // 0: a thread holds the loop
  std::atomic<uint64_t> releases_{0};
  std::atomic<uint64_t> taken_over_{0};
  std::atomic<bool> is_watching_{false};  // the standby looks at released_at_ at an interval; else it sleeps

  std::mutex mutex_;
  std::condition_variable woken_;
  bool is_over_ = false;
  std::thread standby_thread_;
};

}  // namespace skiff

// Turns: whoever turns the loop.
//
// What a node does at its disk it does on the thread of its loop, since on a quick disk the hop to another thread and
// back is a good part of what a write takes (docs/decisions/0020). So that a disk that stands still holds nobody up,
// there is a second thread, which stands by. Who turns the loop lets go of it while it waits for the disk; if that
// takes longer than limits::kLoopHeldUpMs, the other goes on with the turns, and who waited stands by in its place
// afterwards.
//
// One of them turns at any time, and what one did is seen by the other: nothing else of the node knows that there are
// two. While nobody steps aside, the second one sleeps.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "src/base/result.h"

namespace skiff {

class Turns {
 public:
  enum class Turn {
    more,
    last,
    lost,  // step_aside() said false in it
  };
  explicit Turns(std::function<Turn()> turn) : turn_(std::move(turn)) {}
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  ~Turns();

  // Starts the thread that stands by. An error if there is none to be had.
  Result<> start();
  // Returns after the last turn, whoever had it. An exception in a turn ends the program. Requires: it was started.
  void run();

  // By whoever turns, at the end of a turn: does that while nobody holds the loop. False: it took so long that another
  // goes on with it. Then whatever belongs to the loop must not be touched any more, and the turn is over.
  bool step_aside(const std::function<void()>& what);
  // How often another went on.
  uint64_t taken_over() const { return taken_over_.load(std::memory_order_relaxed); }

 private:
  void stand_by();
  void end();
  bool wait_for_turn();
  void turn_until_lost();
  bool take_over();
  void look_up();

  std::function<Turn()> turn_;
  // When who turned let go of the loop, in ns; 0: somebody holds it.
  std::atomic<uint64_t> let_go_at_{0};
  std::atomic<uint64_t> asides_{0};
  std::atomic<uint64_t> taken_over_{0};
  std::atomic<bool> is_watching_{false};  // the other looks at let_go_at_ every so often

  std::mutex mutex_;
  std::condition_variable news_;
  bool is_over_ = false;
  std::thread other_;
};

}  // namespace skiff

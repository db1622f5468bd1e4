// PieceTimer: the pause between two pieces of a body that is generated while it is sent (BodySource).
//
// A piece waits for the next turn of the loop at least, so that a fast client does not delay the others, and longer if
// the source asked for it with the piece before. Few connections generate a body, so the timer is made with the first.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "raft/check.h"
#include "raft/time.h"
#include "transport/loop/loop.h"

namespace skiff::transport {

class PieceTimer {
 public:
  // A body begins. Its first piece waits for the next turn alone. `ready` is called at the end of each pause.
  void begin(Loop& loop, std::function<void()> ready) {
    CHECK(!is_waiting_);
    wait_ = 0_s;
    if (timer_) return;
    timer_.emplace(loop, [this, ready = std::move(ready)] {
      is_waiting_ = false;
      ready();
    });
  }
  // How long the piece behind this one waits.
  void piece_sent(raft::Time wait) { wait_ = wait; }
  // Requires: begin().
  void pause() {
    CHECK(timer_.has_value());
    is_waiting_ = true;
    timer_->start(wait_);
  }
  bool is_waiting() const { return is_waiting_; }

 private:
  std::optional<Timer> timer_;
  bool is_waiting_ = false;
  raft::Time wait_;
};

}  // namespace skiff::transport

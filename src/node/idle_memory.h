// IdleMemory: makes a node small again that had much to do, once it rests.
//
// Under load, memory that was freed is used again at once, so nothing is gained by giving it back. When little has been
// applied for some seconds: the log is summed up by a snapshot if it is long, what was forgotten is freed, and then the
// pages in which nothing is go back to the kernel (src/node/free_pages.h). Each in steps so short that a request that
// comes meanwhile does not notice, and with pauses between them.
//
// What can go wrong: it becomes busy in the middle of it. Then no more is begun, and all of it is done when it rests
// again.
//
// Knows no clock and no loop: turn() says when it wants the next one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "src/node/free_pages.h"

namespace skiff {

class IdleMemory {
 public:
  struct Work {
    std::function<uint64_t()> applied;  // the index
    // Has the log summed up, if that is worth it; whether that is under way.
    std::function<bool()> shorten_log;
    // Frees at most so much of what was forgotten; whether there is more.
    std::function<bool(size_t count)> free_some;
  };
  explicit IdleMemory(Work work) : work_(std::move(work)) {}

  // Does a step; in how many ns the next one is due.
  uint64_t turn();
  uint64_t given_back_bytes() const { return pages_.dropped_bytes(); }

 private:
  enum class State { watching, freeing, giving_back };
  bool is_busy(uint64_t entries_max);
  uint64_t watch();

  const Work work_;
  State state_ = State::watching;
  uint64_t applied_ = 0;    // when it was last looked at
  bool has_worked_ = true;  // since memory was last given back; a start is work
  FreePages pages_;
};

}  // namespace skiff

// IdleMemory: makes a node small again that had much to do, once it rests.
//
// Under load, freed memory is used again at once, so nothing is gained by giving it back. A node rests when little was
// applied since the last look, some seconds ago. Then, one after the other: a snapshot replaces a long log, forgotten
// entries and versions are freed, and the empty pages of the heap go back to the kernel (src/node/free_pages.h). Each
// step is so short, with a pause after it, that a request that comes meanwhile does not notice.
//
// Failures: the node becomes busy on the way. Then no further memory is taken from the heap, and everything
// begins again at the next rest.
//
// Knows no clock and no loop: turn() returns the time until the next call.
#pragma once

#include <cstddef>
#include <cstdint>

#include "raft/time.h"

namespace skiff {

// The work that IdleMemory has done, each call a short step.
class IdleWork {
 public:
  virtual uint64_t applied() const = 0;  // the index
  // Begins a snapshot, if the log is long enough for that. Whether one is under way.
  virtual bool shorten_log() = 0;
  // Frees at most so much of what was forgotten. Whether there is more.
  virtual bool free_some(size_t count_max) = 0;
  // Gives some empty pages back. Whether there are more.
  virtual bool give_pages_back() = 0;
  // Only frees what give_pages_back() has taken from the heap, until that returns false.
  virtual void stop_taking_pages() = 0;

 protected:
  ~IdleWork() = default;
};

class IdleMemory {
 public:
  // Requires: `work` outlives it.
  explicit IdleMemory(IdleWork& work) : work_(work) {}

  // Does a step. Returns the time until the next one is due.
  raft::Time turn();

 private:
  enum class State { watching, freeing, giving_back };
  bool is_busy();
  raft::Time watch();

  IdleWork& work_;
  State state_ = State::watching;
  uint64_t applied_ = 0;    // at the last look
  bool has_worked_ = true;  // since memory was last given back; a start counts as work
};

}  // namespace skiff

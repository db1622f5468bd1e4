#include "src/node/node_times.h"

#include <fmt/format.h>

#include <ctime>
#include <utility>

#include "raft/check.h"

namespace skiff {
namespace {

// Of this thread: the time that other threads take of the processor does not count.
raft::Time processor_time() {
  timespec used{};
  CHECK(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0);
  return static_cast<uint64_t>(used.tv_sec) * 1_s + static_cast<uint64_t>(used.tv_nsec) * 1_ns;
}

}  // namespace

void NodeTimes::note_save(raft::Time now, raft::Time took) {
  if (took < slow_) return;
  slow_disk_.warn(now, fmt::format("the disk is slow: a write and sync took {} ms", took.ms()));
}

void NodeTimes::block_begins() {
  block_began_ = processor_time();
  CHECK(block_began_ > 0_s);
}

void NodeTimes::block_ends(bool is_first) {
  CHECK(block_began_ > 0_s);
  blocks_.add(is_first, processor_time() - std::exchange(block_began_, 0_s));
}

}  // namespace skiff

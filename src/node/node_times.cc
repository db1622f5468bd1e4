#include "src/node/node_times.h"

#include <fmt/format.h>

#include <ctime>
#include <utility>

#include "raft/check.h"

namespace skiff {
namespace {

// Of this thread: the time that other threads take of the processor does not count.
uint64_t processor_ns() {
  timespec used{};
  CHECK(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0);
  return static_cast<uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(used.tv_nsec);
}

}  // namespace

void NodeTimes::note_save(uint64_t now_ms, uint64_t took_ns) {
  if (took_ns < slow_ns_) return;
  slow_disk_.warn(now_ms, fmt::format("the disk is slow: a write and sync took {} ms", took_ns / 1'000'000));
}

void NodeTimes::block_begins() {
  block_began_ns_ = processor_ns();
  CHECK(block_began_ns_ > 0);
}

void NodeTimes::block_ends(bool is_first) {
  CHECK(block_began_ns_ > 0);
  blocks_.add(is_first, processor_ns() - std::exchange(block_began_ns_, 0));
}

}  // namespace skiff

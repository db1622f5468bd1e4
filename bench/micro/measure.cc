#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#include "bench/micro/micro.h"

namespace {

std::atomic<uint64_t> allocations{0};

void* allocate(size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* space = std::malloc(bytes)) return space;
  throw std::bad_alloc();
}

}  // namespace

// Every new of this program is counted. The other forms of new and delete come down to these.
void* operator new(size_t bytes) { return allocate(bytes); }
void operator delete(void* space) noexcept { std::free(space); }
void operator delete(void* space, size_t) noexcept { std::free(space); }

namespace skiff::micro {
namespace {

constexpr int kMeasurements = 5;

// Of this thread, in user space.
class InstructionCounter {
 public:
  InstructionCounter() {
    perf_event_attr what{};
    what.size = sizeof what;
    what.type = PERF_TYPE_HARDWARE;
    what.config = PERF_COUNT_HW_INSTRUCTIONS;
    what.exclude_kernel = 1;
    what.exclude_hv = 1;
    descriptor_ = static_cast<int>(::syscall(SYS_perf_event_open, &what, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
    if (descriptor_ < 0) error_ = std::strerror(errno);
  }
  ~InstructionCounter() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  InstructionCounter(const InstructionCounter&) = delete;
  InstructionCounter& operator=(const InstructionCounter&) = delete;

  std::optional<std::string> error() const {
    return descriptor_ < 0 ? std::optional<std::string>(error_) : std::nullopt;
  }
  std::optional<uint64_t> count() const {
    uint64_t value = 0;
    if (descriptor_ < 0 || ::read(descriptor_, &value, sizeof value) != sizeof value) return std::nullopt;
    return value;
  }

 private:
  int descriptor_ = -1;
  std::string error_;
};

Cost once(const Repeat& repeat, uint64_t times, const InstructionCounter& instructions) {
  const uint64_t allocations_before = allocations.load();
  const std::optional<uint64_t> instructions_before = instructions.count();
  const uint64_t began_ns = uv_hrtime();
  repeat(times);
  const uint64_t took_ns = uv_hrtime() - began_ns;
  const std::optional<uint64_t> instructions_after = instructions.count();
  const auto each = [times](uint64_t sum) { return static_cast<double>(sum) / static_cast<double>(times); };
  Cost cost{each(took_ns), each(allocations.load() - allocations_before), std::nullopt};
  if (instructions_before && instructions_after) cost.instructions = each(*instructions_after - *instructions_before);
  return cost;
}

}  // namespace

Cost measure(const Subject& subject, raft::Time least) {
  const InstructionCounter instructions;
  const Repeat repeat = subject.make();
  uint64_t times = 1;
  Cost best = once(repeat, times, instructions);
  while (best.ns * static_cast<double>(times) < static_cast<double>(least.ns())) {
    times *= 2;
    best = once(repeat, times, instructions);
  }
  for (int i = 1; i < kMeasurements; ++i) {
    const Cost again = once(repeat, times, instructions);
    if (again.ns < best.ns) best = again;
  }
  return best;
}

std::optional<std::string> why_no_instructions() { return InstructionCounter().error(); }

}  // namespace skiff::micro

#include "bench/schedule.h"

namespace skiff::bench {
namespace {

constexpr uint64_t kFarAwayNs = ~uint64_t{0};

}  // namespace

Schedule::Schedule(const Plan& plan, uint64_t begin_ns)
    : rate_(plan.rate),
      count_(plan.count),
      begin_ns_(begin_ns),
      counted_from_ns_(begin_ns + plan.warm_up_ns),
      end_ns_(plan.count > 0 ? kFarAwayNs : counted_from_ns_ + plan.duration_ns) {}

// Whole seconds apart, so that neither rounding adds up nor the product overflows.
uint64_t Schedule::planned_ns(uint64_t number) const {
  return begin_ns_ + number / rate_ * kSecondNs + number % rate_ * kSecondNs / rate_;
}

std::optional<uint64_t> Schedule::next_due_ns(uint64_t now_ns) const {
  if (count_ > 0 && counted_ >= count_) return std::nullopt;
  const uint64_t due_ns = rate_ == 0 ? now_ns : planned_ns(taken_);
  if (due_ns >= end_ns_) return std::nullopt;
  return due_ns;
}

std::optional<Schedule::Start> Schedule::take(uint64_t now_ns) {
  const std::optional<uint64_t> due_ns = next_due_ns(now_ns);
  if (!due_ns || *due_ns > now_ns) return std::nullopt;
  ++taken_;
  const bool counts = *due_ns >= counted_from_ns_;
  if (counts) ++counted_;
  return Start{*due_ns, counts};
}

uint64_t Schedule::overdue(uint64_t now_ns) const {
  if (rate_ == 0) return 0;
  Schedule rest = *this;
  uint64_t count = 0;
  while (const std::optional<Start> start = rest.take(now_ns)) count += start->counts ? 1 : 0;
  return count;
}

}  // namespace skiff::bench

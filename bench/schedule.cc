#include "bench/schedule.h"

namespace skiff::bench {

Schedule::Schedule(const Plan& plan, raft::Time begin)
    : rate_(plan.rate),
      count_(plan.count),
      began_at_(begin),
      counted_from_(begin + plan.warm_up),
      end_(plan.count > 0 ? raft::kNever : counted_from_ + plan.duration) {}

// Whole seconds apart, so that neither rounding adds up nor the product overflows.
raft::Time Schedule::planned(uint64_t number) const {
  return began_at_ + number / rate_ * 1_s + number % rate_ * 1_s / rate_;
}

std::optional<raft::Time> Schedule::next_due(raft::Time now) const {
  if (count_ > 0 && counted_ >= count_) return std::nullopt;
  const raft::Time due = rate_ == 0 ? now : planned(taken_);
  if (due >= end_) return std::nullopt;
  return due;
}

std::optional<Schedule::Start> Schedule::take(raft::Time now) {
  const std::optional<raft::Time> due = next_due(now);
  if (!due || *due > now) return std::nullopt;
  ++taken_;
  const bool counts = *due >= counted_from_;
  if (counts) ++counted_;
  return Start{*due, counts};
}

uint64_t Schedule::overdue(raft::Time now) const {
  if (rate_ == 0) return 0;
  Schedule rest = *this;
  uint64_t count = 0;
  while (const std::optional<Start> start = rest.take(now)) count += start->counts ? 1 : 0;
  return count;
}

}  // namespace skiff::bench

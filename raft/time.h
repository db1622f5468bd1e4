// Time: a number of nanoseconds, either a moment on a monotonic clock or a span between two of them.
//
// Only a literal (`50_ms`) or Time::of_ns() makes one, so that an index, a size or a count of milliseconds is never
// taken for a time. The literals are visible in all of namespace skiff. Division rounds down, as that of integers does.
//
// A sum or a product that does not fit is kNever: a deadline behind the end of the clock never comes. A difference
// below zero is our own mistake, and a CHECK; a moment that another node sent is compared before it is subtracted.
#pragma once

#include <compare>
#include <cstdint>

#include "raft/check.h"

namespace skiff::raft {

class Time {
 public:
  constexpr Time() = default;  // zero
  static constexpr Time of_ns(uint64_t ns) { return Time(ns); }
  static constexpr Time max() { return Time(~uint64_t{0}); }

  constexpr uint64_t ns() const { return ns_; }
  constexpr uint64_t us() const { return ns_ / 1'000; }      // whole ones
  constexpr uint64_t ms() const { return ns_ / 1'000'000; }  // whole ones

  constexpr auto operator<=>(const Time&) const = default;

  constexpr Time& operator+=(Time other) {
    if (__builtin_add_overflow(ns_, other.ns_, &ns_)) *this = max();
    return *this;
  }
  // Requires: other <= *this.
  constexpr Time& operator-=(Time other) {
    CHECK(other.ns_ <= ns_);
    ns_ -= other.ns_;
    return *this;
  }
  constexpr Time& operator*=(uint64_t factor) {
    if (__builtin_mul_overflow(ns_, factor, &ns_)) *this = max();
    return *this;
  }
  // Requires: divisor > 0.
  constexpr Time& operator/=(uint64_t divisor) {
    ns_ /= divisor;
    return *this;
  }

  friend constexpr Time operator+(Time left, Time right) { return left += right; }
  friend constexpr Time operator-(Time left, Time right) { return left -= right; }
  friend constexpr Time operator*(Time time, uint64_t factor) { return time *= factor; }
  friend constexpr Time operator*(uint64_t factor, Time time) { return time *= factor; }
  friend constexpr Time operator/(Time time, uint64_t divisor) { return time /= divisor; }
  // How many times `part` fits into `whole`. Requires: part > 0.
  friend constexpr uint64_t operator/(Time whole, Time part) { return whole.ns_ / part.ns_; }

 private:
  explicit constexpr Time(uint64_t ns) : ns_(ns) {}

  uint64_t ns_ = 0;
};

// A deadline that does not come.
constexpr Time kNever = Time::max();

}  // namespace skiff::raft

namespace skiff {
inline namespace time_literals {

constexpr raft::Time operator""_ns(unsigned long long count) { return raft::Time::of_ns(count); }
constexpr raft::Time operator""_us(unsigned long long count) { return 1'000 * raft::Time::of_ns(count); }
constexpr raft::Time operator""_ms(unsigned long long count) { return 1'000 * operator""_us(count); }
constexpr raft::Time operator""_s(unsigned long long count) { return 1'000 * operator""_ms(count); }
constexpr raft::Time operator""_min(unsigned long long count) { return 60 * operator""_s(count); }
constexpr raft::Time operator""_h(unsigned long long count) { return 60 * operator""_min(count); }

}  // namespace time_literals
}  // namespace skiff

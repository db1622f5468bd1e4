// Random: a small seeded generator that gives the same numbers on every machine, for ever.
//
// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014). The standard
// library's distributions differ between implementations, so ranges are drawn here.
#pragma once

#include <cstdint>

#include "raft/check.h"
#include "raft/time.h"

namespace skiff::raft {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t mixed = state_ += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
  }

  // Uniform in [0, bound), up to a bias of bound / 2^64. Requires: bound > 0.
  uint64_t below(uint64_t bound) {
    CHECK(bound > 0);
    return next() % bound;
  }

 private:
  uint64_t state_;
};

// Uniform in [0, bound), like Random::below(). Requires: bound > 0.
inline Time random_time(Random& random, Time bound) { return Time::of_ns(random.below(bound.ns())); }

}  // namespace skiff::raft

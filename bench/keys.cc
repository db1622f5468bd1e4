#include "bench/keys.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "raft/check.h"

namespace skiff::bench {
namespace {

constexpr double kTheta = 0.99;
constexpr uint64_t kPrime = 2'654'435'761;  // beyond kKeysMax, so it has no factor in common with any count
static_assert(kPrime > kKeysMax);

constexpr std::string_view kNames[] = {"sequential", "uniform", "zipfian"};

double zeta(uint64_t count) {
  double sum = 0;
  for (uint64_t rank = 1; rank <= count; ++rank) sum += std::pow(static_cast<double>(rank), -kTheta);
  return sum;
}

}  // namespace

Result<Distribution> parse_distribution(std::string_view text) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == text) return static_cast<Distribution>(i);
  }
  return fail(Error::Code::invalid,
              "\"" + std::string(text) + "\" is no distribution of keys (sequential, uniform, zipfian)");
}

std::string_view name_of(Distribution distribution) { return kNames[static_cast<size_t>(distribution)]; }

Keys::Keys(Distribution distribution, uint64_t count, uint64_t seed)
    : distribution_(distribution), count_(count), random_(seed) {
  CHECK(count >= 1);
  CHECK(count <= kKeysMax);
  if (distribution != Distribution::zipfian) return;
  zeta_ = zeta(count);
  const double of_two = zeta(std::min<uint64_t>(2, count));
  eta_ = (1 - std::pow(2 / static_cast<double>(count), 1 - kTheta)) / (1 - of_two / zeta_);
}

uint64_t Keys::next() {
  switch (distribution_) {
    case Distribution::sequential: return walked_++ % count_;
    case Distribution::uniform: return random_.below(count_);
    case Distribution::zipfian: return spread(next_rank());
  }
  return 0;
}

// The inverse of the distribution, exact for the first two ranks and close for the others.
uint64_t Keys::next_rank() {
  const double share = next_share();
  const double mass = share * zeta_;
  if (mass < 1 || count_ == 1) return 0;
  if (mass < 1 + std::pow(0.5, kTheta) || count_ == 2) return 1;
  const double rank = static_cast<double>(count_) * std::pow(eta_ * share - eta_ + 1, 1 / (1 - kTheta));
  return std::min(count_ - 1, static_cast<uint64_t>(rank));
}

uint64_t Keys::spread(uint64_t rank) const { return rank * kPrime % count_; }

}  // namespace skiff::bench

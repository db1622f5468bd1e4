#include "bench/show.h"

#include <fmt/format.h>

#include <cmath>

namespace skiff::bench {

std::string show_times(double factor) {
  if (factor >= 99.95) return fmt::format("{:.0f}", factor);
  return fmt::format("{:.{}f}", factor, factor >= 9.995 ? 1 : 2);
}

std::string show_time(double ns) {
  if (ns < 999.5) return fmt::format("{:.0f} ns", ns);
  if (ns < 999.5e3) return show_times(ns / 1e3) + " µs";
  if (ns < 999.5e6) return show_times(ns / 1e6) + " ms";
  return show_times(ns / 1e9) + " s";
}

std::string show_count(double count) {
  if (count < 100 && count != std::floor(count)) return show_times(count);
  const std::string digits = fmt::format("{:.0f}", count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string show_quantile(double q) { return fmt::format("p{:.10g}", q * 100); }

}  // namespace skiff::bench

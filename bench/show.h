// Show: numbers as people read them, to three significant digits.
#pragma once

#include <cstdint>
#include <string>

namespace skiff::bench {

std::string show_time(double ns);       // "853 ns", "1.23 ms"
std::string show_count(double count);   // "12,345", below 100 "12.3"
std::string show_times(double factor);  // "1.23", "12.3", "123"
std::string show_quantile(double q);    // "p50", "p99.9"

}  // namespace skiff::bench

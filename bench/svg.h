// Svg: latency by percentile, one line for each result, as a picture for a web page.
//
// Across: the percentile, on a scale where each step has ten times fewer requests above it (90%, 99%, 99.9%), because
// what is rare is what hurts. Up: the latency, on a logarithmic scale, with its unit. A dashed line is the limit of the
// machine, where it was measured.
#pragma once

#include <string>
#include <vector>

#include "bench/report.h"

namespace skiff::bench {

struct Picture {
  std::string title;
  std::string subtitle;  // the machine, for one
  std::vector<Curve> curves;
};

std::string svg(const Picture& picture);

}  // namespace skiff::bench

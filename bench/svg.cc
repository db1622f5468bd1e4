#include "bench/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/show.h"

namespace skiff::bench {
namespace {

constexpr double kWidth = 900, kLeft = 80, kRight = 52, kTop = 76, kPlotHeight = 380, kAxisHeight = 64, kRow = 40;
constexpr double kNinesLeast = 2, kNinesMost = 6;  // of percentiles: 99% to 99.9999%

// Told apart by people who do not see red and green as different, too (Okabe and Ito); and by their dashes.
constexpr const char* kColours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"};

std::string escape(std::string_view text) {
  std::string safe;
  for (const char letter : text) {
    switch (letter) {
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '&': safe += "&amp;"; break;
      case '"': safe += "&quot;"; break;
      default: safe += static_cast<unsigned char>(letter) < ' ' ? ' ' : letter;
    }
  }
  return safe;
}

// Where things are: from percentiles and latencies to the picture.
struct Scale {
  double nines = kNinesLeast;  // the width of the picture
  double low_ns = 1e3;         // powers of ten
  double high_ns = 1e6;

  explicit Scale(const std::vector<Curve>& curves);

  // The last of `count` requests stands where one in `count` is as slow.
  double x(double quantile, uint64_t count) const {
    const double last = std::log10(static_cast<double>(std::max<uint64_t>(1, count)));
    const double depth = quantile >= 1 ? last : std::min(last, -std::log10(1 - quantile));
    return kLeft + std::min(nines, depth) / nines * (kWidth - kLeft - kRight);
  }
  double y(double ns) const {
    const double share = std::log10(std::clamp(ns, low_ns, high_ns) / low_ns) / std::log10(high_ns / low_ns);
    return kTop + (1 - share) * kPlotHeight;
  }
};

Scale::Scale(const std::vector<Curve>& curves) {
  double least = 1e18, most = 1;
  double count = 1;
  for (const Curve& curve : curves) {
    for (const auto& point : curve.points) {
      least = std::min(least, static_cast<double>(std::max<uint64_t>(1, point.value_ns)));
      most = std::max(most, static_cast<double>(point.value_ns));
      count = std::max(count, static_cast<double>(point.count));
    }
    if (curve.floor) least = std::min(least, std::max(1.0, curve.floor->ns));
  }
  if (most < least) least = most;
  low_ns = std::pow(10, std::floor(std::log10(least)));
  high_ns = std::pow(10, std::ceil(std::log10(most * 1.02)));
  if (high_ns <= low_ns) high_ns = low_ns * 10;
  nines = std::clamp(std::ceil(std::log10(count)), kNinesLeast, kNinesMost);
}

std::string label(double x, double y, std::string_view anchor, std::string_view more, std::string_view text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", x, y, anchor, more,
                     escape(text));
}

std::string line(double x1, double y1, double x2, double y2, std::string_view style) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1, x2, y2, style);
}

// A unit of a latency that is a power of ten, without digits behind the point.
std::string show_power(double ns) {
  if (ns < 1e3) return fmt::format("{:.0f} ns", ns);
  if (ns < 1e6) return fmt::format("{:.0f} µs", ns / 1e3);
  if (ns < 1e9) return fmt::format("{:.0f} ms", ns / 1e6);
  return fmt::format("{:.0f} s", ns / 1e9);
}

std::string latency_axis(const Scale& scale) {
  std::string text;
  for (double power = scale.low_ns; power <= scale.high_ns * 1.01; power *= 10) {
    const double y = scale.y(power);
    text += line(kLeft, y, kWidth - kRight, y, "stroke=\"#cccccc\"");
    text += label(kLeft - 8, y + 4, "end", "", show_power(power));
    for (const double step : {2.0, 5.0}) {
      if (power * step >= scale.high_ns) continue;
      const double between = scale.y(power * step);
      text += line(kLeft, between, kWidth - kRight, between, "stroke=\"#eeeeee\"");
      text += label(kLeft - 8, between + 3, "end", "font-size=\"10\" fill=\"#777777\"", show_power(power * step));
    }
  }
  const double middle = kTop + kPlotHeight / 2;
  return text + fmt::format(
                    "<text x=\"18\" y=\"{0:.1f}\" text-anchor=\"middle\" transform=\"rotate(-90 18 {0:.1f})\">"
                    "latency (logarithmic)</text>\n",
                    middle);
}

std::string percentile_axis(const Scale& scale) {
  const double bottom = kTop + kPlotHeight;
  std::string text = line(kLeft, bottom, kWidth - kRight, bottom, "stroke=\"#333333\"");
  const auto tick = [&](double quantile, const std::string& name) {
    const double x = scale.x(quantile, ~uint64_t{0});
    text += line(x, kTop, x, bottom + 5, "stroke=\"#cccccc\"");
    text += label(x, bottom + 20, "middle", "", name);
  };
  tick(0, "0%");
  tick(0.5, "50%");
  for (double nine = 1; nine < scale.nines + 0.5; ++nine) {
    const double quantile = 1 - std::pow(10, -nine);
    tick(quantile, fmt::format("{:.{}f}%", quantile * 100, std::max(0, static_cast<int>(nine) - 2)));
  }
  return text + label(kLeft + (kWidth - kLeft - kRight) / 2, bottom + 44, "middle", "",
                      "percentile of requests that took at most so long");
}

std::string dashes(size_t number) {
  constexpr const char* kDashes[] = {"", "8 3", "3 3", "10 3 3 3"};
  return kDashes[number % std::size(kDashes)];
}

std::string style_of(size_t number) {
  return fmt::format("fill=\"none\" stroke=\"{}\" stroke-width=\"2.5\" stroke-dasharray=\"{}\"",
                     kColours[number % std::size(kColours)], dashes(number));
}

std::string curve_line(const Curve& curve, size_t number, const Scale& scale) {
  std::string points;
  for (const auto& point : curve.points) {
    points += fmt::format("{:.1f},{:.1f} ", scale.x(point.quantile, curve.points.back().count),
                          scale.y(static_cast<double>(point.value_ns)));
  }
  return fmt::format("<polyline points=\"{}\" {}/>\n", points, style_of(number));
}

std::string legend_row(const Curve& curve, size_t number, double y) {
  const auto time = [](uint64_t ns) { return show_time(static_cast<double>(ns)); };
  const std::string note = curve.note.empty() ? "" : ", " + curve.note;
  return line(kLeft, y - 4, kLeft + 34, y - 4, style_of(number)) +
         label(kLeft + 44, y, "start", "", curve.label + note) +
         label(kLeft + 44, y + 16, "start", "font-size=\"11\" fill=\"#555555\"",
               fmt::format("p50 {}, p99 {}, p99.9 {}, max {}", time(curve.p50_ns), time(curve.p99_ns),
                           time(curve.p999_ns), time(curve.max_ns)));
}

std::string limit_line(const Floor& floor, const Scale& scale) {
  const double y = scale.y(floor.ns);
  return line(kLeft, y, kWidth - kRight, y, "stroke=\"#555555\" stroke-width=\"1.5\" stroke-dasharray=\"2 4\"") +
         label(kWidth - kRight - 4, y - 5, "end", "font-size=\"11\" fill=\"#555555\"",
               fmt::format("limit of this machine: {}, {}", floor.what, show_time(floor.ns)));
}

}  // namespace

std::string svg(const Picture& picture) {
  const Scale scale(picture.curves);
  const double legend_top = kTop + kPlotHeight + kAxisHeight + 12;
  const double height = legend_top + kRow * static_cast<double>(picture.curves.size()) + 6;
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "role=\"img\" font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\" font-size=\"13\" fill=\"#222222\">\n"
      "<title>{2}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
      kWidth, height, escape(picture.title));
  text += label(kLeft, 30, "start", "font-size=\"18\" font-weight=\"bold\"", picture.title);
  text += label(kLeft, 52, "start", "font-size=\"11\" fill=\"#555555\"", picture.subtitle);
  text += latency_axis(scale) + percentile_axis(scale);
  const auto has_floor = [](const Curve& curve) { return curve.floor.has_value(); };
  const auto with_floor = std::find_if(picture.curves.begin(), picture.curves.end(), has_floor);
  if (with_floor != picture.curves.end()) text += limit_line(*with_floor->floor, scale);
  for (size_t i = 0; i < picture.curves.size(); ++i) text += curve_line(picture.curves[i], i, scale);
  for (size_t i = 0; i < picture.curves.size(); ++i) {
    text += legend_row(picture.curves[i], i, legend_top + kRow * static_cast<double>(i) + 10);
  }
  return text + "</svg>\n";
}

}  // namespace skiff::bench

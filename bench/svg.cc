#include "bench/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/show.h"

namespace skiff::bench {
namespace {

constexpr double kWidth = 900, kLeft = 80, kRight = 52, kTop = 76, kPlotHeight = 380, kAxisHeight = 64, kRow = 40;
// Cautious guesses of how many letters fit between the margins, because the font is unknown.
constexpr size_t kTitleLetters = 70, kSubtitleLetters = 125, kLegendLetters = 95;
constexpr double kTitleLine = 22, kSubtitleLine = 15, kLegendLine = 16;
constexpr double kNinesLeast = 2, kNinesMost = 6;  // of percentiles: 99% to 99.9999%

// Colours for red-green blindness, too (Okabe and Ito); the lines also differ by their dashes.
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

bool begins_a_letter(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }

size_t letters_in(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), begins_a_letter));
}

// The position of the letter with that number.
size_t place_of_letter(std::string_view text, size_t number) {
  size_t byte = 0;
  for (; byte < text.size(); ++byte) {
    if (begins_a_letter(text[byte]) && number-- == 0) break;
  }
  return byte;
}

// In lines of so many letters at most, cut between words, and within those that are longer.
std::vector<std::string> wrap(std::string_view text, size_t letters_max) {
  std::vector<std::string> lines;
  while (letters_in(text) > letters_max) {
    const size_t end = place_of_letter(text, letters_max);
    const size_t space = text.rfind(' ', end);
    const bool has_space = space != std::string_view::npos && space > 0;
    lines.emplace_back(text.substr(0, has_space ? space : end));
    text.remove_prefix(has_space ? space + 1 : end);
  }
  lines.emplace_back(text);
  return lines;
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

std::vector<std::string> legend_lines(const Curve& curve) {
  return wrap(curve.note.empty() ? curve.label : curve.label + ", " + curve.note, kLegendLetters);
}

// Moves `y` on to the next row.
std::string legend_row(const Curve& curve, size_t number, double& y) {
  const auto time = [](uint64_t ns) { return show_time(static_cast<double>(ns)); };
  std::string text = line(kLeft, y - 4, kLeft + 34, y - 4, style_of(number));
  for (const std::string& part : legend_lines(curve)) {
    text += label(kLeft + 44, y, "start", "", part);
    y += kLegendLine;
  }
  text += label(kLeft + 44, y, "start", "font-size=\"11\" fill=\"#555555\"",
                fmt::format("p50 {}, p99 {}, p99.9 {}, max {}", time(curve.p50_ns), time(curve.p99_ns),
                            time(curve.p999_ns), time(curve.max_ns)));
  y += kRow - kLegendLine;
  return text;
}

// Title and subtitle, and how far they push down what stands below.
struct Heading {
  std::string text;
  double extra = 0;
};

Heading heading_of(const Picture& picture) {
  Heading heading;
  double y = 30;
  for (const std::string& part : wrap(picture.title, kTitleLetters)) {
    heading.text += label(kLeft, y, "start", "font-size=\"18\" font-weight=\"bold\"", part);
    y += kTitleLine;
  }
  for (const std::string& part : wrap(picture.subtitle, kSubtitleLetters)) {
    heading.text += label(kLeft, y, "start", "font-size=\"11\" fill=\"#555555\"", part);
    y += kSubtitleLine;
  }
  heading.extra = y - 30 - kTitleLine - kSubtitleLine;
  return heading;
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
  const Heading heading = heading_of(picture);
  std::string plot = latency_axis(scale) + percentile_axis(scale);
  const auto has_floor = [](const Curve& curve) { return curve.floor.has_value(); };
  const auto with_floor = std::find_if(picture.curves.begin(), picture.curves.end(), has_floor);
  if (with_floor != picture.curves.end()) plot += limit_line(*with_floor->floor, scale);
  for (size_t i = 0; i < picture.curves.size(); ++i) plot += curve_line(picture.curves[i], i, scale);
  double y = kTop + kPlotHeight + kAxisHeight + 22;
  for (size_t i = 0; i < picture.curves.size(); ++i) plot += legend_row(picture.curves[i], i, y);
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
             "height=\"{1:.0f}\" role=\"img\" font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\" "
             "font-size=\"13\" fill=\"#222222\">\n"
             "<title>{2}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
             kWidth, y + heading.extra - 4, escape(picture.title)) +
         heading.text + fmt::format("<g transform=\"translate(0 {:.0f})\">\n", heading.extra) + plot + "</g>\n</svg>\n";
}

}  // namespace skiff::bench

#include "bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/show.h"
#include "bench/target.h"

namespace skiff::bench {
namespace {

constexpr double kBusy = 0.9;  // a generator that has no time to spare is measuring itself
constexpr double kQuantiles[] = {0.5, 0.9, 0.99, 0.999, 0.9999};

std::string sizes(const Plan& plan) {
  if (plan.value_bytes == plan.value_bytes_max) return show_count(static_cast<double>(plan.value_bytes)) + " B";
  return fmt::format("{} to {} B", show_count(static_cast<double>(plan.value_bytes)),
                     show_count(static_cast<double>(plan.value_bytes_max)));
}

std::string what_is_asked(const Plan& plan) {
  const std::string get = plan.stale_reads ? "stale GET" : "GET";
  if (plan.put_percent == 100) return "PUT " + sizes(plan);
  if (plan.put_percent == 0) return get;
  return fmt::format("{}% PUT {}, {}% {}", plan.put_percent, sizes(plan), 100 - plan.put_percent, get);
}

std::string loop_of(const Plan& plan) {
  return plan.is_open_loop() ? fmt::format("open loop, {}/s planned", show_count(static_cast<double>(plan.rate)))
                             : "closed loop";
}

std::string row(const std::string& name, const Histogram& latency) {
  std::string text = fmt::format("{:>9}", name);
  for (const double quantile : kQuantiles) {
    text += fmt::format("  {:>8}", show_time(static_cast<double>(latency.at(quantile))));
  }
  return text + fmt::format("  {:>8}  {:>8}  {:>11}\n", show_time(static_cast<double>(latency.max_ns())),
                            show_time(latency.mean_ns()), show_count(static_cast<double>(latency.count())));
}

std::string header() {
  std::string text = fmt::format("{:>9}", "");
  for (const double quantile : kQuantiles) text += fmt::format("  {:>8}", show_quantile(quantile));
  return text + fmt::format("  {:>8}  {:>8}  {:>11}\n", "max", "mean", "requests");
}

std::string rows(const Report& report) {
  const Series& put = report.tally.put;
  const Series& get = report.tally.get;
  std::string text;
  if (put.latency.count() > 0) text += row("PUT", put.latency);
  if (get.latency.count() > 0) text += row("GET", get.latency);
  if (put.latency.count() > 0 && get.latency.count() > 0) text += row("both", report.tally.all().latency);
  const bool was_sent = report.tally.service.count() > 0;
  if (report.plan.is_open_loop() && was_sent) text += row("from send", report.tally.service);
  return text;
}

std::string errors(const Tally& tally) {
  const Series all = tally.all();
  std::string text = "errors: ";
  if (all.failures() + tally.failed_connects == 0) text += "none";
  std::string_view comma;
  for (size_t end = 0; end < kEnds; ++end) {
    if (is_success(static_cast<End>(end)) || all.ends[end] == 0) continue;
    text += fmt::format("{}{} {}", comma, show_count(static_cast<double>(all.ends[end])), kEndNames[end]);
    comma = ", ";
  }
  if (tally.failed_connects > 0) {
    text += fmt::format("{}{} attempts to connect failed (the last: {})", comma,
                        show_count(static_cast<double>(tally.failed_connects)), tally.why_not_connected);
  }
  if (tally.retried > 0) text += fmt::format("; {} tried again", show_count(static_cast<double>(tally.retried)));
  const uint64_t missing = all.ends[static_cast<size_t>(End::missing)];
  if (missing > 0) text += fmt::format("; {} keys were not there", show_count(static_cast<double>(missing)));
  return text + "\n";
}

std::string rate_line(const Report& report) {
  const Tally& tally = report.tally;
  const auto rate = [](double per_second) { return show_count(std::round(per_second)) + "/s"; };
  return fmt::format("rate: {} answered within {} s{}{}\n", rate(tally.rate()), show_times(tally.seconds),
                     report.plan.is_open_loop() ? ", " + rate(tally.planned_rate()) + " planned" : "",
                     tally.was_interrupted ? ", interrupted" : "");
}

// Of an open loop that did not get through with what was planned.
std::string shortfall(const Report& report) {
  const Series all = report.tally.all();
  const uint64_t never_sent = all.of(End::never_sent), unanswered = all.unanswered();
  if (!report.plan.is_open_loop() || never_sent + unanswered == 0) return "";
  const auto count = [](uint64_t number) { return show_count(static_cast<double>(number)); };
  return fmt::format(
      "planned: {} in that time; until {} s after it {} were answered, {} not sent, {} sent and not answered: those "
      "have no latency above, and would be the longest\n",
      count(all.planned()), show_times(report.tally.drained_s), count(all.planned() - never_sent - unanswered),
      count(never_sent), count(unanswered));
}

std::string beside_limit(const Report& report, Kind kind, const Histogram& latency) {
  const std::optional<Floor> floor = floor_of(kind, report.plan, report.limits);
  if (!floor || latency.count() == 0) return "";
  const double times = static_cast<double>(latency.at(0.5)) / floor->ns;
  return fmt::format("limit: {} p50 is {} times {} ({}){}\n", kind == Kind::put ? "PUT" : "GET", show_times(times),
                     floor->what, show_time(floor->ns),
                     times < 1 ? "; the limit was measured at a worse moment: measure it again" : "");
}

std::string what_the_loop_hides(const Plan& plan) {
  if (!plan.is_open_loop()) {
    return fmt::format(
        "closed loop: a server that stands still is asked nothing meanwhile, so a stall shows in {} "
        "requests at most; --rate shows all that it holds up\n",
        show_count(static_cast<double>(plan.clients * plan.depth)));
  }
  return "open loop: latencies count from the planned start; \"from send\" is what a closed loop would tell\n";
}

}  // namespace

std::string describe(const Plan& plan) {
  return fmt::format("{}, {} over {} keys, {}, {} clients x {} in flight, at {} {} ({})", what_is_asked(plan),
                     name_of(plan.distribution), show_count(static_cast<double>(plan.keys)), loop_of(plan),
                     plan.clients, plan.depth, plan.nodes.size(), plan.nodes.size() == 1 ? "node" : "nodes",
                     name_of(plan.target));
}

std::string table(const Report& report) {
  const Tally& tally = report.tally;
  std::string text = describe(report.plan) + "\n" + header() + rows(report);
  text += rate_line(report) + shortfall(report) + errors(tally);
  text += fmt::format("generator: {:.0f}% of a core{}\n", tally.generator_share * 100,
                      tally.generator_share > kBusy ? "; it may be what limits the rate" : "");
  text += beside_limit(report, Kind::put, tally.put.latency) + beside_limit(report, Kind::get, tally.get.latency);
  if (tally.all().latency.clipped() > 0) text += "some took more than an hour, and count as one\n";
  return text + what_the_loop_hides(report.plan) + "machine: " + describe(report.machine) + "\n";
}

std::string bars(const Histogram& histogram) {
  constexpr double kLines = 20;
  constexpr double kWidth = 60;
  if (histogram.count() == 0) return "";
  const double range =
      static_cast<double>(histogram.max_ns()) / static_cast<double>(std::max<uint64_t>(1, histogram.min_ns()));
  const auto all = histogram.bars(std::max(1.05, std::pow(range, 1 / kLines)));
  const auto is_lower = [](const auto& one, const auto& other) { return one.count < other.count; };
  const double most = static_cast<double>(std::max_element(all.begin(), all.end(), is_lower)->count);
  std::string text;
  for (const Histogram::Bar& bar : all) {
    const double share = static_cast<double>(bar.count) / most;
    const auto width = static_cast<size_t>(std::ceil(share * kWidth));  // one is seen, however few they are
    text += fmt::format("{:>8} to {:>8} {:>10} {}\n", show_time(static_cast<double>(bar.from_ns)),
                        show_time(static_cast<double>(bar.to_ns)), show_count(static_cast<double>(bar.count)),
                        std::string(width, '#'));
  }
  return text;
}

std::string progress_line(const Interval& interval) {
  return fmt::format("{:>6.1f} s  {:>9}/s  p50 {:>8}  p99 {:>8}  max {:>8}  errors {}{}", interval.to_s,
                     show_count(std::round(interval.rate())), show_time(static_cast<double>(interval.p50_ns)),
                     show_time(static_cast<double>(interval.p99_ns)), show_time(static_cast<double>(interval.max_ns)),
                     interval.failed, interval.is_warm_up ? "  (warm-up)" : "");
}

std::string hgrm(const Histogram& histogram) {
  constexpr double kUnitNs = 1e6;
  std::string text =
      fmt::format("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
  for (const Histogram::Point& point : histogram.points()) {
    text += fmt::format("{:12.3f} {:2.12f} {:10d}", static_cast<double>(point.value_ns) / kUnitNs, point.quantile,
                        point.count);
    if (point.quantile < 1) text += fmt::format(" {:14.2f}", 1 / (1 - point.quantile));
    text += "\n";
  }
  text += fmt::format("#[Mean    = {:12.3f}, StdDeviation   = {:12.3f}]\n", histogram.mean_ns() / kUnitNs,
                      histogram.deviation_ns() / kUnitNs);
  text += fmt::format("#[Max     = {:12.3f}, Total count    = {:12d}]\n",
                      static_cast<double>(histogram.max_ns()) / kUnitNs, histogram.count());
  return text + fmt::format("#[Buckets = {:12d}, SubBuckets     = {:12d}]\n", 32, 2048);
}

std::string csv(const Tally& tally) {
  std::string text = "from_s,to_s,rate_per_s,done,failed,p50_us,p99_us,p999_us,max_us,warm_up\n";
  for (const Interval& one : tally.intervals) {
    const auto us = [](uint64_t ns) { return static_cast<double>(ns) / 1e3; };
    text += fmt::format("{:.3f},{:.3f},{:.1f},{},{},{:.1f},{:.1f},{:.1f},{:.1f},{}\n", one.from_s, one.to_s, one.rate(),
                        one.done, one.failed, us(one.p50_ns), us(one.p99_ns), us(one.p999_ns), us(one.max_ns),
                        one.is_warm_up ? 1 : 0);
  }
  return text;
}

}  // namespace skiff::bench

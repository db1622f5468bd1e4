// A report as JSON, and back as far as a picture needs it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bench/report.h"
#include "bench/show.h"
#include "bench/target.h"
#include "src/base/try.h"

namespace skiff::bench {
namespace {

using nlohmann::json;

constexpr size_t kPointsMax = 100'000;  // of a curve in a file

json json_of(const std::vector<Histogram::Point>& points) {
  json list = json::array();
  for (const Histogram::Point& point : points) list.push_back({point.quantile, point.value_ns, point.count});
  return list;
}

json json_of(const Histogram& latency) {
  return {{"count", latency.count()},           {"min_ns", latency.min_ns()},
          {"p50_ns", latency.at(0.5)},          {"p90_ns", latency.at(0.9)},
          {"p99_ns", latency.at(0.99)},         {"p999_ns", latency.at(0.999)},
          {"p9999_ns", latency.at(0.9999)},     {"max_ns", latency.max_ns()},
          {"mean_ns", latency.mean_ns()},       {"deviation_ns", latency.deviation_ns()},
          {"points", json_of(latency.points())}};
}

json json_of(const Series& series) {
  json ends = json::object();
  for (size_t end = 0; end < kEnds; ++end) {
    if (series.ends[end] > 0) ends[std::string(kEndNames[end])] = series.ends[end];
  }
  return {{"latency", json_of(series.latency)}, {"ends", ends}, {"failures", series.failures()}};
}

json json_of(const Plan& plan) {
  json nodes = json::array();
  for (const transport::Address& node : plan.nodes) nodes.push_back(transport::to_text(node));
  return {{"what", describe(plan)},
          {"nodes", nodes},
          {"target", name_of(plan.target)},
          {"clients", plan.clients},
          {"depth", plan.depth},
          {"rate_planned", plan.rate},
          {"put_percent", plan.put_percent},
          {"stale_reads", plan.stale_reads},
          {"value_bytes", {plan.value_bytes, plan.value_bytes_max}},
          {"keys", plan.keys},
          {"distribution", name_of(plan.distribution)},
          {"seed", plan.seed},
          {"warm_up_ns", plan.warm_up.ns()},
          {"timeout_ns", plan.timeout.ns()},
          {"retries", plan.retries}};
}

json json_of(const Interval& interval) {
  return {{"from_s", interval.from_s},     {"to_s", interval.to_s},       {"done", interval.done},
          {"failed", interval.failed},     {"rate", interval.rate()},     {"p50_ns", interval.p50_ns},
          {"p99_ns", interval.p99_ns},     {"p999_ns", interval.p999_ns}, {"max_ns", interval.max_ns},
          {"warm_up", interval.is_warm_up}};
}

Result<Histogram::Point> read_point(const json& row) {
  const bool is_point = row.is_array() && row.size() == 3 && row[0].is_number() && row[1].is_number_unsigned() &&
                        row[2].is_number_unsigned();
  if (!is_point) return fail(Error::Code::corrupt, "a point is [quantile, value in ns, count], not " + row.dump());
  const Histogram::Point point{row[0].get<double>(), row[1].get<uint64_t>(), row[2].get<uint64_t>()};
  if (!(point.quantile >= 0 && point.quantile <= 1)) {
    return fail(Error::Code::corrupt, "a quantile is between 0 and 1, not " + row[0].dump());
  }
  return point;
}

std::string text_in(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

uint64_t number_in(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

}  // namespace

std::string json(const Report& report) {
  const Curve curve = curve_of(report);
  nlohmann::json out = {{"label", curve.label},
                        {"note", curve.note},
                        {"machine_line", curve.machine},
                        {"plan", json_of(report.plan)},
                        {"machine", report.machine},
                        {"seconds", report.tally.seconds},
                        {"rate", report.tally.rate()},
                        {"rate_planned", report.tally.planned_rate()},
                        {"done_in_time", report.tally.done_in_time},
                        {"planned", report.tally.all().planned()},
                        {"not_sent", report.tally.all().of(End::never_sent)},
                        {"not_answered", report.tally.all().unanswered()},
                        {"drained_s", report.tally.drained_s},
                        {"failed_connects", report.tally.failed_connects},
                        {"cut_off", report.tally.cut_off},
                        {"retried", report.tally.retried},
                        {"generator_share", report.tally.generator_share},
                        {"all", json_of(report.tally.all())},
                        {"put", json_of(report.tally.put)},
                        {"get", json_of(report.tally.get)},
                        {"from_send", json_of(report.tally.service)},
                        {"intervals", nlohmann::json::array()}};
  for (const Interval& interval : report.tally.intervals) out["intervals"].push_back(json_of(interval));
  if (curve.floor) out["limit"] = {{"ns", curve.floor->ns}, {"what", curve.floor->what}};
  return out.dump(1) + "\n";
}

Curve curve_of(const Report& report) {
  Curve curve;
  curve.label = report.label.empty() ? std::string(name_of(report.plan.target)) : report.label;
  curve.note = report.plan.is_open_loop()
                   ? fmt::format("open loop, {}/s", show_count(static_cast<double>(report.plan.rate)))
                   : fmt::format("closed loop, {} in flight: hides stalls",
                                 show_count(static_cast<double>(report.plan.clients * report.plan.depth)));
  curve.machine = describe(report.machine);
  const Histogram latency = report.tally.all().latency;
  curve.points = latency.points();
  curve.p50_ns = latency.at(0.5);
  curve.p99_ns = latency.at(0.99);
  curve.p999_ns = latency.at(0.999);
  curve.max_ns = latency.max_ns();
  curve.floor = floor_of(report.plan.put_percent >= 50 ? Kind::put : Kind::get, report.plan, report.limits);
  return curve;
}

Result<Curve> read_curve(const std::string& json_text) {
  const nlohmann::json in = nlohmann::json::parse(json_text, nullptr, false);
  const nlohmann::json::json_pointer where("/all/latency/points");
  if (!in.is_object() || !in.contains(where) || !in[where].is_array() || in[where].size() > kPointsMax) {
    return fail(Error::Code::corrupt, "this is no result of `skiff-bench run --json`");
  }
  Curve curve;
  curve.label = text_in(in, "label");
  curve.note = text_in(in, "note");
  curve.machine = text_in(in, "machine_line");
  const nlohmann::json& latency = in["all"]["latency"];
  curve.p50_ns = number_in(latency, "p50_ns");
  curve.p99_ns = number_in(latency, "p99_ns");
  curve.p999_ns = number_in(latency, "p999_ns");
  curve.max_ns = number_in(latency, "max_ns");
  for (const auto& row : in[where]) {
    TRY(const Histogram::Point point, read_point(row));
    curve.points.push_back(point);
  }
  const auto limit = in.find("limit");
  if (limit != in.end() && limit->is_object() && limit->contains("ns") && (*limit)["ns"].is_number()) {
    curve.floor = Floor{(*limit)["ns"].get<double>(), text_in(*limit, "what")};
  }
  return curve;
}

}  // namespace skiff::bench

#include "bench/limits.h"

#include <nlohmann/json.hpp>

#include "bench/files.h"
#include "src/base/try.h"

namespace skiff::bench {
namespace {

// The content of the file, or an empty object if there is no file.
Result<nlohmann::json> read_file_of_limits(const std::string& file) {
  Result<std::string> text = read_file(file);
  if (!text) return nlohmann::json::object();
  nlohmann::json json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object()) return fail(Error::Code::corrupt, file + " holds no limits: it is no JSON object");
  return json;
}

std::optional<double> median_of(const nlohmann::json& json, const std::string& name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_object()) return std::nullopt;
  const auto median = found->find("p50_ns");
  if (median == found->end() || !median->is_number()) return std::nullopt;
  return median->get<double>();
}

}  // namespace

std::optional<Floor> floor_of(Kind kind, const Plan& plan, const Limits& limits) {
  if (plan.target == Target::raw || !limits.round_trip_ns) return std::nullopt;
  if (kind == Kind::get && plan.stale_reads) return Floor{*limits.round_trip_ns, "one round trip"};
  if (kind == Kind::get) return Floor{2 * *limits.round_trip_ns, "two round trips"};
  if (!limits.flush_ns) return std::nullopt;
  return Floor{*limits.flush_ns + 2 * *limits.round_trip_ns, "flush + two round trips"};
}

Result<Limits> read_limits(const std::string& file) {
  TRY(const nlohmann::json json, read_file_of_limits(file));
  return Limits{.flush_ns = median_of(json, "disk"), .round_trip_ns = median_of(json, "net")};
}

Result<> keep_limit(const std::string& file, const std::string& name, const std::string& how,
                    const Histogram& measured) {
  TRY(nlohmann::json json, read_file_of_limits(file));
  json[name] = {{"how", how},
                {"count", measured.count()},
                {"p50_ns", measured.at(0.5)},
                {"p99_ns", measured.at(0.99)},
                {"max_ns", measured.max_ns()}};
  return write_file(file, json.dump(2) + "\n");
}

}  // namespace skiff::bench

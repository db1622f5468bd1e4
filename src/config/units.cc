#include "src/config/units.h"

#include <charconv>
#include <limits>
#include <span>

#include "raft/check.h"
#include "src/base/try.h"

namespace skiff {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

// From small to large: show() takes the last that divides.
constexpr Unit kDurations[] = {{"ns", 1},         {"us", (1_us).ns()}, {"ms", (1_ms).ns()},
                               {"s", (1_s).ns()}, {"m", (1_min).ns()}, {"h", (1_h).ns()}};
constexpr Unit kSizes[] = {{"B", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}};
constexpr Unit kSizesToRead[] = {{"", 1},
                                 {"B", 1},
                                 {"KB", 1'000},
                                 {"MB", 1'000'000},
                                 {"GB", 1'000'000'000},
                                 {"KiB", 1024},
                                 {"MiB", 1024 * 1024},
                                 {"GiB", 1024 * 1024 * 1024}};

std::string show(uint64_t number, std::span<const Unit> units) {
  CHECK(!units.empty());
  Unit best = units.front();
  for (const Unit& unit : units) {
    if (number % unit.factor == 0 && number != 0) best = unit;
  }
  CHECK(number % best.factor == 0);  // nothing is rounded away
  return std::to_string(number / best.factor) + std::string(best.name);
}

// Requires: `form` says what a right one looks like.
Result<uint64_t> parse(std::string_view text, std::span<const Unit> units, const std::string& form,
                       const std::string& range, uint64_t least, uint64_t most) {
  CHECK(least <= most);
  CHECK(!form.empty());
  auto wrong = [&](const std::string& what) {
    return fail(Error::Code::invalid, "\"" + std::string(text) + "\" is " + what);
  };
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) return wrong("out of range (" + range + ")");
  if (error != std::errc()) return wrong(form);
  std::string_view name(end, static_cast<size_t>(text.data() + text.size() - end));
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (number > std::numeric_limits<uint64_t>::max() / unit.factor || number * unit.factor < least ||
        number * unit.factor > most) {
      return wrong("out of range (" + range + ")");
    }
    return number * unit.factor;
  }
  return wrong(form);
}

}  // namespace

Result<raft::Time> parse_duration(std::string_view text, raft::Time least, raft::Time most) {
  TRY(const uint64_t ns, parse(text, kDurations, "no duration with a unit, like 50ms, 5s or 1m",
                               show_duration(least) + " to " + show_duration(most), least.ns(), most.ns()));
  return raft::Time::of_ns(ns);
}

Result<uint64_t> parse_bytes(std::string_view text, uint64_t least, uint64_t most) {
  return parse(text, kSizesToRead, "no size, like 1MiB, 64KiB or 4096", show_bytes(least) + " to " + show_bytes(most),
               least, most);
}

std::string show_duration(raft::Time duration) { return show(duration.ns(), kDurations); }
std::string show_bytes(uint64_t bytes) { return show(bytes, kSizes); }

}  // namespace skiff

#include "src/api/routes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "raft/check.h"
#include "src/api/api.h"
#include "src/config/limits.h"

namespace skiff {

using transport::Method;

namespace {

constexpr Methods kRead{Method::get, Method::head};
constexpr Methods kPost{Method::post};
constexpr Methods kPut{Method::put};
constexpr Methods kDelete{Method::del};
constexpr Methods kWrite{Method::put, Method::del};
constexpr Methods kReadAndPost{Method::get, Method::head, Method::post};
constexpr Methods kLease{Method::get, Method::head, Method::put, Method::del};
constexpr Methods kAccounts{Method::get, Method::head, Method::post, Method::put, Method::del};

// The server takes in no larger body for any route than a value may be.
constexpr size_t kBody = limits::kValueBytesMax;

constexpr Route reserved(Methods methods, std::string_view pattern) {
  return {methods, pattern, nullptr, Permission::none, kBody};
}

}  // namespace

// A friend of Api, whose handlers it names.
struct RouteTable {
  static constexpr std::array kRows = {
      Route{kRead, "/members", &Api::list_members, Permission::inspect, kBody},
      Route{kPost, "/members/*/lead", &Api::hand_over, Permission::admin, kBody},
      Route{kPost, "/members/*", &Api::add_member, Permission::admin, kBody},
      Route{kPut, "/members/*", &Api::move_member, Permission::admin, kBody},
      Route{kDelete, "/members/*", &Api::remove_member, Permission::admin, kBody},
      Route{kRead, "/health", &Api::get_health, Permission::none, kBody},
      Route{kRead, "/livez", &Api::get_livez, Permission::none, kBody},
      Route{kRead, "/status", &Api::get_status, Permission::inspect, kBody},
      Route{kRead, "/version", &Api::get_version, Permission::none, kBody},
      Route{kRead, "/snapshot", &Api::get_snapshot, Permission::admin, kBody},
      reserved(kRead, "/readyz"),
      reserved(kRead, "/metrics"),
      reserved(kRead, "/dashboard"),
      reserved(kRead, "/dashboard/*"),
      reserved(kRead, "/debug/*"),
      reserved(kReadAndPost, "/leases"),
      reserved(kLease, "/leases/*"),
      reserved(kPost, "/txn"),
      reserved(kAccounts, "/users"),
      reserved(kAccounts, "/users/*"),
      reserved(kAccounts, "/roles"),
      reserved(kAccounts, "/roles/*"),
      reserved(kReadAndPost, "/v3/*"),
      reserved(kReadAndPost, "/v3beta/*"),
      reserved(kReadAndPost, "/v3alpha/*"),
      Route{kRead, "*", &Api::get_value, Permission::read, kBody},
      Route{kWrite, "*", &Api::write_value, Permission::write, kBody},
  };
};

namespace {

constexpr const auto& kRows = RouteTable::kRows;

constexpr size_t kKeys = [] {
  size_t at = 0;
  while (kRows[at].pattern != "*") ++at;
  return at;
}();

// Rows of one pattern stand together and share no method, so that there is one handler for each method of each path.
constexpr bool is_in_order() {
  for (size_t at = 0; at < kRows.size(); ++at) {
    for (size_t other = 0; other < at; ++other) {
      if (kRows[other].pattern != kRows[at].pattern) continue;
      if (kRows[at - 1].pattern != kRows[at].pattern || kRows[other].methods.overlaps(kRows[at].methods)) return false;
    }
  }
  return true;
}
static_assert(is_in_order());
static_assert(kRows.back().pattern == "*");
static_assert(std::all_of(kRows.begin(), kRows.begin() + kKeys, [](const Route& row) {
  return row.pattern.size() >= 2 && row.pattern[0] == '/' && row.pattern[1] != '*' && row.body_max > 0;
}));

// The second letter of every reserved path: most keys have another, and are looked for no further.
constexpr std::array<bool, 256> kMayBeReserved = [] {
  std::array<bool, 256> letters{};
  for (size_t at = 0; at < kKeys; ++at) letters[static_cast<unsigned char>(kRows[at].pattern[1])] = true;
  return letters;
}();

}  // namespace

std::string Methods::allow() const {
  constexpr std::pair<Method, std::string_view> kNames[] = {{Method::get, "GET, "},
                                                            {Method::head, "HEAD, "},
                                                            {Method::post, "POST, "},
                                                            {Method::put, "PUT, "},
                                                            {Method::del, "DELETE, "}};
  std::string text;
  for (const auto& [method, name] : kNames) {
    if (has(method)) text += name;
  }
  return text + "OPTIONS";
}

std::span<const Route> all_routes() { return kRows; }

std::span<const Route> routes_of(std::string_view path) {
  const std::span<const Route> rows = kRows;
  if (path.size() < 2 || !kMayBeReserved[static_cast<unsigned char>(path[1])]) return rows.subspan(kKeys);
  const auto first = std::find_if(rows.begin(), rows.end(), [path](const Route& row) { return row.fits(path); });
  CHECK(first != rows.end());  // the last pattern fits everything
  const auto end = std::find_if(first, rows.end(), [&](const Route& row) { return row.pattern != first->pattern; });
  return {first, end};
}

Methods methods_of(std::span<const Route> routes) {
  CHECK(!routes.empty());
  Methods methods;
  for (const Route& route : routes) methods.add(route.methods);
  return methods;
}

}  // namespace skiff

#include "src/api/routes.h"

#include <algorithm>
#include <array>
#include <utility>

namespace skiff {
namespace {

using transport::Method;
using Place = Route::Place;

constexpr Methods kRead{Method::get, Method::head};
constexpr Methods kOrder{Method::post};
constexpr Methods kMember{Method::post, Method::put, Method::del};
constexpr Methods kReadAndPost{Method::get, Method::head, Method::post};
constexpr Methods kLease{Method::get, Method::head, Method::put, Method::del};
constexpr Methods kAccounts{Method::get, Method::head, Method::post, Method::put, Method::del};

constexpr Route kLead{"/lead", false, Place::member, kOrder};  // behind a member's path
constexpr Route kKey{"/", true, Place::key, {Method::get, Method::head, Method::put, Method::del}};

constexpr std::array kReserved = {
    Route{"/members", false, Place::members, kRead},     Route{"/members/", true, Place::member, kMember},
    Route{"/health", false, Place::health, kRead},       Route{"/livez", false, Place::livez, kRead},
    Route{"/readyz", false, Place::later, kRead},        Route{"/metrics", false, Place::later, kRead},
    Route{"/status", false, Place::status, kRead},       Route{"/version", false, Place::version, kRead},
    Route{"/dashboard", false, Place::later, kRead},     Route{"/dashboard/", true, Place::later, kRead},
    Route{"/snapshot", false, Place::snapshot, kRead},   Route{"/debug/", true, Place::later, kRead},
    Route{"/leases", false, Place::later, kReadAndPost}, Route{"/leases/", true, Place::later, kLease},
    Route{"/txn", false, Place::later, kOrder},          Route{"/users", false, Place::later, kAccounts},
    Route{"/users/", true, Place::later, kAccounts},     Route{"/roles", false, Place::later, kAccounts},
    Route{"/roles/", true, Place::later, kAccounts},     Route{"/v3/", true, Place::later, kReadAndPost},
    Route{"/v3beta/", true, Place::later, kReadAndPost}, Route{"/v3alpha/", true, Place::later, kReadAndPost},
};

// The second letter of every reserved path: most keys have another, and are looked for no further.
constexpr std::array<bool, 256> kMayBeReserved = [] {
  std::array<bool, 256> letters{};
  for (const Route& row : kReserved) letters[static_cast<unsigned char>(row.path[1])] = true;
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

const Route& route_of(std::string_view path) {
  if (path.size() < 2 || !kMayBeReserved[static_cast<unsigned char>(path[1])]) return kKey;
  const auto* found = std::find_if(kReserved.begin(), kReserved.end(), [path](const Route& row) {
    return row.is_prefix ? path.starts_with(row.path) : path == row.path;
  });
  if (found == kReserved.end()) return kKey;
  return found->place == Place::member && path.ends_with(kLead.path) ? kLead : *found;
}

Methods all_methods() { return kAccounts; }

}  // namespace skiff

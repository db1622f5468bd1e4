#include "src/node/pipelining.h"

#include <string_view>

namespace skiff {
namespace {

using transport::Method;
using transport::Ordering;

// A query that holds an escape may say "stale", too.
bool is_answered_from_here(const transport::Request& request) {
  const bool may_be_stale =
      request.query.find("stale") != std::string::npos || request.query.find('%') < request.query.size();
  return may_be_stale || request.path == "/status" || request.path == "/members";
}

}  // namespace

Ordering ordering_of(const transport::Request& request) {
  switch (request.method) {
    case Method::get:
    case Method::head: return is_answered_from_here(request) ? Ordering::alone : Ordering::safe;
    case Method::options: return Ordering::safe;
    case Method::put:
    case Method::del: return request.path.starts_with("/members/") ? Ordering::alone : Ordering::write;
    default: return Ordering::alone;
  }
}

}  // namespace skiff

#include "src/api/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "raft/check.h"
#include "src/api/headers.h"
#include "src/api/routes.h"
#include "src/api/words.h"

namespace skiff {
namespace {

using transport::Method;
using transport::Response;

// It is so now, and may be otherwise in a moment.
Response unstored(Response&& response) {
  response.caching = transport::Caching::no_store;
  return std::move(response);
}

Response health(bool is_healthy, std::string_view reason) {
  if (is_healthy) return unstored(transport::json(200, R"({"health":"true"})"));
  Response response = unstored(transport::json(503, fmt::format(R"({{"health":"false","reason":"{}"}})", reason)));
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

// ---- what a request says

// Only what we know: a misspelt ?consistency=stale would otherwise be taken for something else than was meant.
// Given twice, one of the two would be skipped.
Result<bool> wants_stale(std::string_view query) {
  std::optional<bool> is_stale;
  while (!query.empty()) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair == "consistency=stale" || pair == "consistency=linearizable") {
      if (is_stale) return fail(Error::Code::invalid, "consistency is given twice");
      is_stale = pair == "consistency=stale";
    } else if (!pair.empty()) {
      return fail(Error::Code::invalid,
                  fmt::format("unknown query \"{}\"; known: consistency=linearizable, consistency=stale", pair));
    }
  }
  return is_stale.value_or(false);
}

// Which methods a path takes. A page of another origin asks that before it sends what no form could (the Fetch
// standard's preflight); that it may ask at all was decided before.
Response describe_methods(const transport::Request& request, Methods methods) {
  Response response = transport::no_body(204);
  response.headers.push_back({"Allow", methods.allow()});
  if (!request.header("access-control-request-method")) return response;
  response.headers.push_back({"Access-Control-Allow-Methods", methods.allow()});
  if (auto asked = request.header("access-control-request-headers"); asked && !asked->empty()) {
    response.headers.push_back({"Access-Control-Allow-Headers", std::string(*asked)});
  }
  response.headers.push_back({"Access-Control-Max-Age", "600"});
  return response;
}

// RFC 7240: comma-separated lists of tokens, each perhaps with parameters.
bool prefers_async(const transport::Request& request) {
  for (const transport::HeaderField& header : request.headers) {
    std::string_view rest = header.name == "prefer" ? header.value : std::string_view();
    while (!rest.empty()) {
      std::string_view token = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), token.size() + 1));
      token = transport::trim(token.substr(0, token.find(';')));
      if (transport::equals_ignoring_case(token, "respond-async")) return true;
    }
  }
  return false;
}

Response value_response(const std::optional<store::Value>& value) {
  Response response = value ? Response{.body = value->bytes, .keep = value->holder, .headers = {}}
                            : transport::text(404, "Failed to GET");
  response.caching = transport::Caching::no_cache;
  return response;
}

}  // namespace

// ---- requests

std::optional<Response> Api::take(const Ticket& ticket, transport::Request&& request) {
  const Route& route = route_of(request.path);
  if (request.method == Method::options) {
    return describe_methods(request, request.path == "*" ? all_methods() : route.methods);
  }
  if (!request.path.starts_with('/')) return say(400, "a key begins with a slash");
  if (!route.methods.has(request.method)) return not_allowed(route.methods.allow());
  if (route.place == Route::Place::later) return say(404, "reserved, but there is nothing here in this version");
  if (auto refusal = refuse_headers(request)) return refusal;
  switch (route.place) {
    case Route::Place::key:
      return is_read(request.method) ? read(ticket, std::move(request)) : write(ticket, std::move(request));
    case Route::Place::member: return take_member(ticket, std::move(request));
    case Route::Place::snapshot: return take_backup(ticket, request);
    default: return show(route.place, ticket, request);
  }
}

// What the node says of itself.
std::optional<Response> Api::show(Route::Place what, const Ticket& ticket, const transport::Request& request) {
  if (!request.query.empty()) return say(400, "no query is known here");
  switch (what) {
    case Route::Place::members: return unstored(transport::json(200, members_json(host_.report())));
    case Route::Place::status: return unstored(transport::json(200, status_json(host_.report())));
    case Route::Place::version: return unstored(transport::json(200, version_json()));
    case Route::Place::livez: return unstored(say(200, "ok"));
    case Route::Place::health: return propose({.kind = Request::Kind::check, .ticket = ticket, .key = {}, .value = {}});
    default: break;
  }
  CHECK(false);
  return std::nullopt;
}

std::optional<Response> Api::read(const Ticket& ticket, transport::Request&& request) {
  auto is_stale = wants_stale(request.query);
  if (!is_stale) return say(400, is_stale.error().what);
  if (*is_stale) return value_response(host_.kv().get(request.path));
  return propose({.kind = Request::Kind::get, .ticket = ticket, .key = std::move(request.path), .value = {}});
}

std::optional<Response> Api::take_backup(const Ticket& ticket, const transport::Request& request) {
  auto is_stale = wants_stale(request.query);
  if (!is_stale) return say(400, is_stale.error().what);
  if (*is_stale) return backup();
  return propose({.kind = Request::Kind::backup, .ticket = ticket, .key = {}, .value = {}});
}

// The name is for `curl -OJ`.
Response Api::backup() {
  auto source = host_.backup();
  if (!source) return refused(source.error().what);
  const NodeReport report = host_.report();
  Response response = unstored({});
  response.source = std::move(*source);
  response.headers.push_back({"Content-Disposition", fmt::format("attachment; filename=\"skiff-{:016x}-{}.snapshot\"",
                                                                 report.cluster, report.applied)});
  return response;
}

std::optional<Response> Api::write(const Ticket& ticket, transport::Request&& request) {
  bool is_put = request.method == Method::put;
  if (!request.query.empty()) return say(400, "a write takes no query");
  bool is_async = prefers_async(request);
  auto refusal = propose({.kind = is_put ? Request::Kind::put : Request::Kind::remove,
                          .ticket = ticket,
                          .wants_answer = !is_async,
                          .key = std::move(request.path),
                          .value = is_put ? std::move(request.body) : std::string()});
  if (refusal || !is_async) return refusal;
  Response accepted = transport::no_body(202);
  accepted.headers.push_back({"Preference-Applied", "respond-async"});
  return accepted;
}

std::optional<Response> Api::propose(Request request) {
  bool is_check = request.kind == Request::Kind::check;
  if (host_.propose(std::move(request))) return std::nullopt;
  constexpr std::string_view kReason = "too many requests are waiting, or this node is shutting down";
  return is_check ? health(false, kReason) : refused(kReason);
}

// ---- answers

Response Api::to_response(const Answer& answer) {
  bool is_done = answer.kind == Answer::Kind::done;
  if (answer.asked == Request::Kind::check) {
    const std::string conflict = is_done ? std::string() : host_.conflict();
    return health(is_done, conflict.empty() ? answer.reason : conflict);
  }
  switch (answer.kind) {
    case Answer::Kind::done:
      if (answer.asked == Request::Kind::get) return value_response(answer.value);
      if (answer.asked == Request::Kind::backup) return backup();
      return transport::no_body(204);
    case Answer::Kind::refused: return refused(answer.reason);
    case Answer::Kind::unknown: return say(504, answer.reason);
  }
  CHECK(false);
  return {};
}

}  // namespace skiff

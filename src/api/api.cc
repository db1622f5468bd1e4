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
#include "src/config/limits.h"

namespace skiff {
namespace {

using transport::Method;
using transport::Response;

// It is so now, and may be otherwise in a moment.
Response unstored(Response&& response) {
  response.caching = transport::Caching::no_store;
  return std::move(response);
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
    case Route::Place::health: return confirm(ticket, config_.health_timeout, {.then = &Api::health, .key = {}});
    default: break;
  }
  CHECK(false);
  return std::nullopt;
}

std::optional<Response> Api::read(const Ticket& ticket, transport::Request&& request) {
  const auto is_stale = wants_stale(request.query);
  if (!is_stale) return say(400, is_stale.error().what);
  PendingBarrier then{.then = &Api::value, .key = std::move(request.path)};
  if (*is_stale) return value(then, {});
  return confirm(ticket, config_.request_timeout, std::move(then));
}

std::optional<Response> Api::take_backup(const Ticket& ticket, const transport::Request& request) {
  const auto is_stale = wants_stale(request.query);
  if (!is_stale) return say(400, is_stale.error().what);
  PendingBarrier then{.then = &Api::backup, .key = {}};
  if (*is_stale) return backup(then, {});
  return confirm(ticket, config_.request_timeout, std::move(then));
}

std::optional<Response> Api::write(const Ticket& ticket, transport::Request&& request) {
  if (!request.query.empty()) return say(400, "a write takes no query");
  const bool is_async = prefers_async(request);
  const bool is_put = request.method == Method::put;
  auto refusal = propose({.ticket = ticket,
                          .wants_answer = !is_async,
                          .operation = {.verb = is_put ? store::Verb::put : store::Verb::remove,
                                        .key = std::move(request.path),
                                        .value = is_put ? std::move(request.body) : std::string()}});
  if (refusal || !is_async) return refusal;
  Response accepted = transport::no_body(202);
  accepted.headers.push_back({"Preference-Applied", "respond-async"});
  return accepted;
}

// ---- to the replica

constexpr std::string_view kTooMany = "too many requests are waiting, or this node is shutting down";

std::optional<Response> Api::propose(Write write) {
  CHECK(write.operation.key.size() <= store::kKeyBytesMax);  // the parser takes no longer ones
  if (host_.propose(std::move(write))) return std::nullopt;
  return refused(kTooMany);
}

std::optional<Response> Api::confirm(const Ticket& ticket, raft::Time timeout, PendingBarrier then) {
  const bool has_space = pending_.size() < limits::kBarriersMax;
  if (!has_space || !host_.propose(Barrier{.ticket = ticket, .timeout = timeout})) {
    return (this->*then.then)(then, {.outcome = Answer::Outcome::refused, .reason = std::string(kTooMany)});
  }
  pending_.keep(ticket, std::move(then));
  return std::nullopt;
}

// ---- what the replica has answered

void Api::answered(const Ticket& ticket, Answer&& answer) {
  const std::optional<PendingBarrier> pending = pending_.take(ticket);
  host_.respond(ticket, pending ? (this->*pending->then)(*pending, answer) : to_response(answer));
}

Response Api::to_response(const Answer& answer) {
  switch (answer.outcome) {
    case Answer::Outcome::done: return transport::no_body(204);
    case Answer::Outcome::refused: return refused(answer.reason);
    case Answer::Outcome::unknown: return say(504, answer.reason);
  }
  CHECK(false);
  return {};
}

Response Api::value(const PendingBarrier& pending, const Answer& answer) {
  CHECK(answer.outcome != Answer::Outcome::unknown);
  if (answer.outcome == Answer::Outcome::refused) return refused(answer.reason);
  std::optional<store::Value> found = host_.kv().get(pending.key);
  Response response = found ? Response{.body = found->bytes, .keep = std::move(found->holder), .headers = {}}
                            : transport::text(404, "Failed to GET");
  response.caching = transport::Caching::no_cache;
  return response;
}

Response Api::health(const PendingBarrier&, const Answer& answer) {
  if (answer.outcome == Answer::Outcome::done) return unstored(transport::json(200, R"({"health":"true"})"));
  const std::string conflict = host_.conflict();
  const std::string& reason = conflict.empty() ? answer.reason : conflict;
  Response response = unstored(transport::json(503, fmt::format(R"({{"health":"false","reason":"{}"}})", reason)));
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

// The name is for `curl -OJ`.
Response Api::backup(const PendingBarrier&, const Answer& answer) {
  CHECK(answer.outcome != Answer::Outcome::unknown);
  if (answer.outcome == Answer::Outcome::refused) return refused(answer.reason);
  auto source = host_.backup();
  if (!source) return refused(source.error().what);
  const NodeReport report = host_.report();
  Response response = unstored({});
  response.source = std::move(*source);
  response.headers.push_back({"Content-Disposition", fmt::format("attachment; filename=\"skiff-{:016x}-{}.snapshot\"",
                                                                 report.cluster, report.applied)});
  return response;
}

}  // namespace skiff

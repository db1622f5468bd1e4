#include "src/api/api.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "src/api/headers.h"
#include "src/api/words.h"
#include "src/base/try.h"
#include "src/config/limits.h"
#include "transport/http/query.h"

namespace skiff {
namespace {

using transport::Method;
using transport::Response;

constexpr std::string_view kTooMany = "too many requests are waiting, or this node is shutting down";

// Which methods a path takes. A page of another origin asks that before it sends what no form could (the Fetch
// standard's preflight); transport/http/access.h has decided already that this page may ask.
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

// Only what is known: a misspelt ?consistency=stale would otherwise be taken for something else than was meant. If the
// parameter came twice, one of the two would be skipped.
Result<bool> wants_stale(std::string_view text) {
  if (text.empty()) return false;
  TRY(const transport::Query query, transport::Query::parse(text));
  TRY(query.require_known({"consistency"}));
  TRY(query.require_unique());
  const auto consistency = query.find("consistency");
  if (!consistency || *consistency == "linearizable") return false;
  if (*consistency == "stale") return true;
  return fail(Error::Code::invalid, "consistency is linearizable or stale");
}

bool is_about_key(const Route& route) {
  return route.permission == Permission::read || route.permission == Permission::write;
}

Response write_response(const Answer& answer) {
  switch (answer.outcome) {
    case Answer::Outcome::done: return with_revisions(transport::no_body(204), answer.revision, answer.key_revision);
    case Answer::Outcome::conflict: return condition_failed(answer.revision, answer.key_revision);
    case Answer::Outcome::refused: return refused(answer.reason);
    case Answer::Outcome::unknown: return say(504, answer.reason);
  }
  CHECK(false);
  return {};
}

}  // namespace

// ---- requests

Api::Reply Api::take(const Ticket& ticket, transport::Request&& request) {
  const std::span<const Route> routes = routes_of(request.path);
  if (request.method == Method::options) {
    return describe_methods(request, methods_of(request.path == "*" ? all_routes() : routes));
  }
  if (!request.path.starts_with('/')) return say(400, "a key begins with a slash");
  const auto route =
      std::find_if(routes.begin(), routes.end(), [&](const Route& row) { return row.methods.has(request.method); });
  if (route == routes.end()) return not_allowed(methods_of(routes).allow());
  if (route->handler == nullptr) return say(404, "reserved, but there is nothing here in this version");
  CHECK(request.body.size() <= route->body_max);  // the server takes in no more
  if (auto refusal = refuse_headers(request, is_about_key(*route))) return refusal;
  return (this->*route->handler)(ticket, std::move(request));
}

// ---- to the replica

Api::Reply Api::propose(Write write) {
  CHECK(store::check(store::view_of(write.operation)));  // the server takes in no longer paths
  if (host_.propose(std::move(write))) return std::nullopt;
  return refused(kTooMany);
}

Api::Reply Api::read(const Ticket& ticket, const transport::Request& request, PendingBarrier then) {
  CHECK(is_read(request.method));
  const auto is_stale = wants_stale(request.query);
  if (!is_stale) return say(400, is_stale.error().what);
  if (*is_stale) return (this->*then.then)(then, {});
  return confirm(ticket, config_.request_timeout, std::move(then));
}

Api::Reply Api::confirm(const Ticket& ticket, raft::Time timeout, PendingBarrier then) {
  CHECK(then.then != nullptr);
  const bool has_space = pending_.size() < limits::kBarriersMax;
  if (!has_space || !host_.propose(Barrier{.ticket = ticket, .timeout = timeout})) {
    return (this->*then.then)(then, {.outcome = Answer::Outcome::refused, .reason = std::string(kTooMany)});
  }
  pending_.keep(ticket, std::move(then));
  CHECK(pending_.size() <= limits::kBarriersMax);
  return std::nullopt;
}

Api::Reply Api::ask_admin(const Ticket& ticket, AdminRequest request) {
  CHECK(request.node != 0);
  CHECK(request.kind != AdminRequest::Kind::leave);  // only a leader says so
  if (host_.ask_admin(ticket, std::move(request))) return std::nullopt;
  return refused("too many admin requests are waiting, or this node is shutting down");
}

// ---- what the replica has answered

void Api::answered(const Ticket& ticket, Answer&& answer) {
  const std::optional<PendingBarrier> pending = pending_.take(ticket);
  const bool has_reason = answer.outcome == Answer::Outcome::refused || answer.outcome == Answer::Outcome::unknown;
  if (has_reason) CHECK(!answer.reason.empty());
  host_.respond(ticket, pending ? (this->*pending->then)(*pending, answer) : write_response(answer));
}

}  // namespace skiff

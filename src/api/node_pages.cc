// The pages of a node: /health, /livez, /status, /version and /members about itself, and /snapshot with all of its
// data.
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "src/api/api.h"
#include "src/api/words.h"

namespace skiff {
namespace {

using transport::Response;

// It is so now, and may be otherwise in a moment.
Response unstored(Response&& response) {
  response.caching = transport::Caching::no_store;
  return std::move(response);
}

bool has_query(const transport::Request& request) { return !request.query.empty(); }

Response no_query_here() { return say(400, "no query is known here"); }

}  // namespace

Api::Reply Api::list_members(const Ticket&, transport::Request&& request) {
  if (has_query(request)) return no_query_here();
  return unstored(transport::json(200, members_json(host_.report())));
}

Api::Reply Api::get_status(const Ticket&, transport::Request&& request) {
  if (has_query(request)) return no_query_here();
  return unstored(transport::json(200, status_json(host_.report())));
}

Api::Reply Api::get_version(const Ticket&, transport::Request&& request) {
  if (has_query(request)) return no_query_here();
  return unstored(transport::json(200, version_json()));
}

Api::Reply Api::get_livez(const Ticket&, transport::Request&& request) {
  if (has_query(request)) return no_query_here();
  return unstored(say(200, "ok"));
}

Api::Reply Api::get_health(const Ticket& ticket, transport::Request&& request) {
  if (has_query(request)) return no_query_here();
  return confirm(ticket, config_.health_timeout, {.then = &Api::health, .key = {}});
}

Response Api::health(const PendingBarrier&, const Answer& answer) {
  CHECK(answer.outcome != Answer::Outcome::unknown);
  if (answer.outcome == Answer::Outcome::done) return unstored(transport::json(200, R"({"health":"true"})"));
  const std::string conflict = host_.conflict();
  const std::string& reason = conflict.empty() ? answer.reason : conflict;
  Response response = unstored(transport::json(503, fmt::format(R"({{"health":"false","reason":"{}"}})", reason)));
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

Api::Reply Api::get_snapshot(const Ticket& ticket, transport::Request&& request) {
  return read(ticket, request, {.then = &Api::backup, .key = {}});
}

// The name is for `curl -OJ`.
Response Api::backup(const PendingBarrier&, const Answer& answer) {
  CHECK(answer.outcome != Answer::Outcome::unknown);
  if (answer.outcome == Answer::Outcome::refused) return refused(answer.reason);
  auto source = host_.backup();
  if (!source) return refused(source.error().what);
  CHECK(*source != nullptr);
  Response response = unstored({});
  response.source = std::move(*source);
  response.headers.push_back({"Content-Disposition", fmt::format("attachment; filename=\"skiff-{:016x}-{}.snapshot\"",
                                                                 host_.report().cluster, host_.kv().applied())});
  return response;
}

}  // namespace skiff

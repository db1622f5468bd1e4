// The keys: GET, HEAD, PUT and DELETE of a value.
#include <string>
#include <string_view>
#include <utility>

#include "src/api/api.h"
#include "src/api/words.h"

namespace skiff {
namespace {

using transport::Method;
using transport::Response;

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

store::Operation operation_of(bool is_put, transport::Request&& request, std::string condition) {
  CHECK(request.path.starts_with('/'));
  if (is_put) {
    return store::Put{
        .key = std::move(request.path), .value = std::move(request.body), .condition = std::move(condition)};
  }
  return store::DeleteRange{.key = std::move(request.path), .end = {}, .condition = std::move(condition)};
}

Response found_value(store::Value&& value, store::Revision revision) {
  return with_revisions(Response{.body = value.bytes, .keep = std::move(value.holder), .headers = {}}, revision,
                        value.revision, value.facts);
}

}  // namespace

Api::Reply Api::get_value(const Ticket& ticket, transport::Request&& request) {
  auto conditions = parse_conditions(request.headers);
  if (!conditions) return say(400, conditions.error().what);
  PendingBarrier then{.then = &Api::value, .key = std::move(request.path), .conditions = std::move(*conditions)};
  return read(ticket, request, std::move(then));
}

Response Api::value(const PendingBarrier& pending, const Answer& answer) {
  CHECK(answer.outcome != Answer::Outcome::unknown);
  CHECK(answer.outcome != Answer::Outcome::conflict);
  if (answer.outcome == Answer::Outcome::refused) return refused(answer.reason);
  Response response = judged_value(pending);
  response.caching = transport::Caching::no_cache;
  return response;
}

// If-Match first (RFC 9110, 13.2.2). The bytes go to the socket from where the map has them; the response keeps them
// alive.
Response Api::judged_value(const PendingBarrier& pending) {
  std::optional<store::Value> found = host_.kv().get(pending.key);
  const store::Revision now = host_.kv().revision(), current = found ? found->revision : 0;
  if (pending.conditions && !pending.conditions->match.holds(current)) return condition_failed(now, current);
  if (!found) return with_revisions(transport::text(404, "Failed to GET"), now, 0);
  if (pending.conditions && !pending.conditions->none_match.holds(current)) {
    return with_revisions(transport::no_body(304), now, current);
  }
  return found_value(std::move(*found), now);
}

Api::Reply Api::write_value(const Ticket& ticket, transport::Request&& request) {
  if (!request.query.empty()) return say(400, "a write takes no query");
  const bool is_async = prefers_async(request);
  const bool is_put = request.method == Method::put;
  if (!is_put) CHECK(request.method == Method::del);
  const auto conditions = parse_conditions(request.headers);
  if (!conditions) return say(400, "nothing was done: " + conditions.error().what);
  std::string condition = *conditions ? (*conditions)->together().encode() : std::string();
  Reply refusal = propose({.ticket = ticket,
                           .wants_answer = !is_async,
                           .operation = operation_of(is_put, std::move(request), std::move(condition))});
  if (refusal || !is_async) return refusal;
  Response accepted = transport::no_body(202);
  accepted.headers.push_back({"Preference-Applied", "respond-async"});
  return accepted;
}

}  // namespace skiff

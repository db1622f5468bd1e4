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

store::Operation operation_of(bool is_put, transport::Request&& request) {
  CHECK(request.path.starts_with('/'));
  if (is_put) return store::Put{.key = std::move(request.path), .value = std::move(request.body)};
  return store::DeleteRange{.key = std::move(request.path), .end = {}};
}

}  // namespace

Api::Reply Api::get_value(const Ticket& ticket, transport::Request&& request) {
  PendingBarrier then{.then = &Api::value, .key = std::move(request.path)};
  return read(ticket, request, std::move(then));
}

// The bytes go to the socket from where the map has them; the response keeps them alive.
Response Api::value(const PendingBarrier& pending, const Answer& answer) {
  CHECK(answer.outcome != Answer::Outcome::unknown);
  if (answer.outcome == Answer::Outcome::refused) return refused(answer.reason);
  std::optional<store::Value> found = host_.kv().get(pending.key);
  Response response = found ? Response{.body = found->bytes, .keep = std::move(found->holder), .headers = {}}
                            : transport::text(404, "Failed to GET");
  response.caching = transport::Caching::no_cache;
  return response;
}

Api::Reply Api::write_value(const Ticket& ticket, transport::Request&& request) {
  if (!request.query.empty()) return say(400, "a write takes no query");
  const bool is_async = prefers_async(request);
  const bool is_put = request.method == Method::put;
  if (!is_put) CHECK(request.method == Method::del);
  Reply refusal =
      propose({.ticket = ticket, .wants_answer = !is_async, .operation = operation_of(is_put, std::move(request))});
  if (refusal || !is_async) return refusal;
  Response accepted = transport::no_body(202);
  accepted.headers.push_back({"Preference-Applied", "respond-async"});
  return accepted;
}

}  // namespace skiff

#include "src/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "raft/check.h"
#include "src/api_words.h"

namespace skiff {
namespace {

using transport::Method;
using transport::Response;

Response health(bool is_healthy, std::string_view reason) {
  if (is_healthy) return transport::json(200, R"({"health":"true"})");
  Response response = transport::json(503, fmt::format(R"({{"health":"false","reason":"{}"}})", reason));
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

// ---- what is reserved

enum class Place { members, member, health, livez, status, version, snapshot, later };

struct Reserved {
  std::string_view path;
  bool is_prefix;
  Place place;
};
constexpr std::array kReserved = {
    Reserved{"/members", false, Place::members}, Reserved{"/members/", true, Place::member},
    Reserved{"/health", false, Place::health},   Reserved{"/livez", false, Place::livez},
    Reserved{"/readyz", false, Place::later},    Reserved{"/metrics", false, Place::later},
    Reserved{"/status", false, Place::status},   Reserved{"/version", false, Place::version},
    Reserved{"/dashboard", false, Place::later}, Reserved{"/dashboard/", true, Place::later},
    Reserved{"/v3/", true, Place::later},        Reserved{"/snapshot", false, Place::snapshot},
};

const Reserved* reserved(std::string_view path) {
  auto found = std::find_if(kReserved.begin(), kReserved.end(), [path](const Reserved& row) {
    return row.is_prefix ? path.starts_with(row.path) : path == row.path;
  });
  return found == kReserved.end() ? nullptr : &*found;
}

// ---- what a request says

// Only what we know: a misspelt ?consistency=stale would otherwise be taken for something else than was meant.
Result<bool> wants_stale(std::string_view query) {
  bool is_stale = false;
  while (!query.empty()) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair == "consistency=stale") {
      is_stale = true;
    } else if (pair == "consistency=linearizable") {
      is_stale = false;
    } else if (!pair.empty()) {
      return fail(Error::Code::invalid,
                  fmt::format("unknown query \"{}\"; known: consistency=linearizable, consistency=stale", pair));
    }
  }
  return is_stale;
}

// RFC 7240: comma-separated lists of tokens, each perhaps with parameters.
bool prefers_async(const transport::Request& request) {
  for (const transport::Header& header : request.headers) {
    std::string_view rest = header.name == "prefer" ? std::string_view(header.value) : std::string_view();
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
  if (!value) return transport::text(404, "Failed to GET");
  return {
      .status = 200, .content_type = transport::kOctets, .body = value->bytes, .keep = value->holder, .headers = {}};
}

}  // namespace

// ---- requests

std::optional<Response> Api::take(const Caller& caller, transport::Request&& request) {
  const Reserved* row = reserved(request.path);
  if (row == nullptr) return take_key(caller, std::move(request));
  if (row->place == Place::later) return say(404, "reserved, but there is nothing here in this version");
  if (row->place == Place::member) return take_member(caller, std::move(request));
  if (request.method != Method::get && request.method != Method::head) return not_allowed("GET, HEAD");
  switch (row->place) {
    case Place::members: return transport::json(200, members_json(host_.report()));
    case Place::status: return transport::json(200, status_json(host_.report()));
    case Place::version: return transport::json(200, version_json());
    case Place::livez: return say(200, "ok");
    case Place::snapshot: return take_backup(caller, request);
    case Place::health: return propose({.kind = Request::Kind::check, .caller = caller, .key = {}, .value = {}});
    case Place::member:
    case Place::later: break;
  }
  CHECK(false);
  return std::nullopt;
}

std::optional<Response> Api::take_key(const Caller& caller, transport::Request&& request) {
  if (!request.path.starts_with('/')) return say(400, "a key begins with a slash");
  switch (request.method) {
    case Method::get:
    case Method::head: return read(caller, std::move(request));
    case Method::put:
    case Method::del: return write(caller, std::move(request));
    default: return not_allowed("GET, HEAD, PUT, DELETE");
  }
}

std::optional<Response> Api::read(const Caller& caller, transport::Request&& request) {
  auto is_stale = wants_stale(request.query);
  if (!is_stale) return say(400, is_stale.error().what);
  if (*is_stale) return value_response(host_.kv().get(request.path));
  return propose({.kind = Request::Kind::get, .caller = caller, .key = std::move(request.path), .value = {}});
}

std::optional<Response> Api::take_backup(const Caller& caller, const transport::Request& request) {
  auto is_stale = wants_stale(request.query);
  if (!is_stale) return say(400, is_stale.error().what);
  if (*is_stale) return backup();
  return propose({.kind = Request::Kind::backup, .caller = caller, .key = {}, .value = {}});
}

// The name is for `curl -OJ`.
Response Api::backup() {
  auto source = host_.backup();
  if (!source) return refused(source.error().what);
  const NodeReport report = host_.report();
  Response response;
  response.source = std::move(*source);
  response.headers.push_back({"Content-Disposition", fmt::format("attachment; filename=\"skiff-{:016x}-{}.snapshot\"",
                                                                 report.cluster, report.applied)});
  return response;
}

std::optional<Response> Api::write(const Caller& caller, transport::Request&& request) {
  bool is_put = request.method == Method::put;
  if (!request.query.empty()) return say(400, "a write takes no query");
  bool is_async = prefers_async(request);
  auto refusal = propose({.kind = is_put ? Request::Kind::put : Request::Kind::remove,
                          .caller = caller,
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

// The requests of an operator: POST, PUT and DELETE /members/4, and POST /members/4/lead.
//
// POST adds a member, PUT moves one to another address. The two are apart because a mistyped id must not move another
// member. Both take the address as the body. These handlers only parse; the leader judges whether the request can be
// done (src/replica/admin_rules.h).
#include <fmt/format.h>

#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "raft/check.h"
#include "src/api/api.h"
#include "src/api/words.h"
#include "src/base/try.h"
#include "src/config/limits.h"
#include "transport/loop/address.h"

namespace skiff {
namespace {

using transport::Response;

Result<raft::NodeId> parse_id(std::string_view text) {
  raft::NodeId id = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  const bool is_id = error == std::errc() && end == text.data() + text.size() && id >= 1 && id <= limits::kNodeIdMax;
  if (is_id) return id;
  return fail(Error::Code::invalid,
              fmt::format("/members/ is followed by a node's id (1 to {}), or by that and /lead", limits::kNodeIdMax));
}

// `curl -d` sends what it is given, a file's newline too.
Result<std::string> parse_peer_address(std::string_view body) {
  while (!body.empty() && (body.back() == '\n' || body.back() == '\r')) body.remove_suffix(1);
  body = transport::trim(body);
  if (body.empty()) {
    return fail(Error::Code::invalid, "the body must be the member's address for its peers, like http://10.0.0.4:9021");
  }
  TRY(const transport::Address address, transport::parse_address(body));
  if (address.port == 0) return fail(Error::Code::invalid, "0 is not a port (1 to 65535)");
  TRY(transport::require_dialable(address));
  return transport::to_url(address);
}

// The id in /members/4 and /members/4/lead; an error, which is the client's, is the body of a 400.
Result<raft::NodeId> member_of(const transport::Request& request, std::string_view behind = "") {
  constexpr std::string_view kPrefix = "/members/";
  std::string_view id = request.path;
  CHECK(id.starts_with(kPrefix));  // the route's pattern says so
  CHECK(id.ends_with(behind));
  id.remove_prefix(kPrefix.size());
  id.remove_suffix(behind.size());
  TRY(const raft::NodeId node, parse_id(id));
  if (!request.query.empty()) return fail(Error::Code::invalid, "an admin request takes no query");
  return node;
}

// A request whose body is the member's address.
Result<AdminRequest> request_with_address(AdminRequest::Kind kind, const transport::Request& request) {
  TRY(const raft::NodeId node, member_of(request));
  TRY(std::string address, parse_peer_address(request.body));
  CHECK(!address.empty());
  return AdminRequest{.kind = kind, .node = node, .address = std::move(address)};
}

}  // namespace

Api::Reply Api::add_member(const Ticket& ticket, transport::Request&& request) {
  auto add = request_with_address(AdminRequest::Kind::add, request);
  return add ? ask_admin(ticket, std::move(*add)) : say(400, add.error().what);
}

Api::Reply Api::move_member(const Ticket& ticket, transport::Request&& request) {
  auto move = request_with_address(AdminRequest::Kind::move, request);
  return move ? ask_admin(ticket, std::move(*move)) : say(400, move.error().what);
}

Api::Reply Api::remove_member(const Ticket& ticket, transport::Request&& request) {
  const auto node = member_of(request);
  if (!node) return say(400, node.error().what);
  return ask_admin(ticket, {.kind = AdminRequest::Kind::remove, .node = *node, .address = {}});
}

Api::Reply Api::hand_over(const Ticket& ticket, transport::Request&& request) {
  const auto node = member_of(request, "/lead");
  if (!node) return say(400, node.error().what);
  return ask_admin(ticket, {.kind = AdminRequest::Kind::lead, .node = *node, .address = {}});
}

Response Api::to_response(const AdminAnswer& answer) {
  switch (answer.kind) {
    case AdminAnswer::Kind::done: return transport::no_body(204);
    case AdminAnswer::Kind::not_found: return say(404, answer.reason);
    case AdminAnswer::Kind::conflict: return say(409, answer.reason);
    case AdminAnswer::Kind::refused: return refused(answer.reason);
    case AdminAnswer::Kind::unknown: return say(504, answer.reason);
  }
  CHECK(false);
  return {};
}

}  // namespace skiff

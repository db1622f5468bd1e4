// The orders of an operator: POST, PUT and DELETE /members/4, and POST /members/4/lead.
//
// POST adds a member, PUT moves one to another address: apart, because a mistyped id must not move somebody else. Both
// take the address as the body. Whether an order can be carried out is for the node that leads to say; here it is only
// understood.
#include <fmt/format.h>

#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "raft/check.h"
#include "src/api/api.h"
#include "src/api/words.h"
#include "src/config/limits.h"
#include "transport/loop/address.h"

namespace skiff {
namespace {

using transport::Method;
using transport::Response;

constexpr std::string_view kLead = "/lead";

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
  auto address = transport::parse_address(body);
  if (!address) return tl::unexpected(address.error());
  if (address->port == 0) return fail(Error::Code::invalid, "0 is not a port (1 to 65535)");
  if (auto dialable = transport::require_dialable(*address); !dialable) return tl::unexpected(dialable.error());
  return transport::to_url(*address);
}

}  // namespace

std::optional<Response> Api::take_member(const Ticket& ticket, transport::Request&& request) {
  std::string_view rest = std::string_view(request.path).substr(std::string_view("/members/").size());
  const bool is_lead = rest.ends_with(kLead);
  if (is_lead) rest.remove_suffix(kLead.size());
  auto id = parse_id(rest);
  if (!id) return say(400, id.error().what);
  if (!request.query.empty()) return say(400, "an order takes no query");
  AdminRequest order{.kind = AdminRequest::Kind::lead, .node = *id, .address = {}};
  if (is_lead) {
    CHECK(request.method == Method::post);
  } else if (request.method == Method::del) {
    order.kind = AdminRequest::Kind::remove;
  } else {
    order.kind = request.method == Method::post ? AdminRequest::Kind::add : AdminRequest::Kind::move;
    auto address = parse_peer_address(request.body);
    if (!address) return say(400, address.error().what);
    order.address = std::move(*address);
  }
  if (host_.order(ticket, std::move(order))) return std::nullopt;
  return refused("too many orders are waiting, or this node is shutting down");
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

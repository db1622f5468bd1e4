// The node and its clients: requests go to the API and the queues, answers go back to their connections.
#include <utility>

#include "src/base/try.h"
#include "src/config/limits.h"
#include "src/node/node.h"
#include "src/node/pipelining.h"
#include "src/node/setup.h"

namespace skiff {

Result<> Node::open_client_port() {
  TRY(const transport::HttpLimits limits, http_limits(options_, self_.identity.founders.size()));
  auto http = transport::HttpServer::open(
      loop_, {.host = options_.listen, .port = options_.port}, limits,
      [this](Ticket ticket, transport::Request&& request) {
        disk_->inline_policy().note_request();
        auto response = api_.take(ticket, std::move(request));
        if (response) http_->answer(ticket, std::move(*response));
      },
      nullptr, http_access(options_), ordering_of);
  if (!http) return tl::unexpected(http.error());
  http_ = std::move(*http);
  return {};
}

void Node::answer(const Ticket& ticket, Answer answer) { http_->answer(ticket, api_.to_response(answer)); }

// Requests that the client sent behind this one may go on now.
void Node::ended(const Ticket& ticket) { http_->took_effect(ticket); }

void Node::admin_answered(const Ticket& ticket, AdminAnswer answer) {
  if (ticket == kNodeItself) return PeerConnections::move_ended(answer);
  http_->answer(ticket, Api::to_response(answer));
}

bool Node::propose(Request request) {
  if (stop_.is_stopping() || proposals_->size() >= limits::kProposalsMax) return false;
  if (!request.wants_answer) http_->takes_effect_later(request.ticket);
  proposals_->push_here(std::move(request));
  return true;
}

bool Node::order(const Ticket& ticket, AdminRequest order) {
  if (stop_.is_stopping() || orders_->size() >= limits::kAdminRequestsMax) return false;
  orders_->push_here({.ticket = ticket, .order = std::move(order)});
  return true;
}

void Node::give(std::vector<ClientAdminRequest>&& orders) {
  for (ClientAdminRequest& given : orders) replica_->order(loop_.now_ns(), given.ticket, std::move(given.order));
  after_step();
}

}  // namespace skiff

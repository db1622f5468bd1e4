// The node and its clients: requests to the API, from there to the queues and the replica; responses to the
// connections.
#include <utility>
#include <variant>

#include "src/base/try.h"
#include "src/config/limits.h"
#include "src/node/node.h"
#include "src/node/pipelining.h"
#include "src/node/setup.h"

namespace skiff {

// The queues are drained once the loop runs, so the replica is there in time.
Result<> Node::open_client_port() {
  proposals_.emplace(loop_, [this](std::vector<Request>&& batch) { give(std::move(batch)); });
  orders_.emplace(loop_, [this](std::vector<ClientAdminRequest>&& batch) { give(std::move(batch)); });
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

void Node::respond(const Ticket& ticket, transport::Response&& response) { http_->answer(ticket, std::move(response)); }

void Node::took_effect(const Ticket& ticket) { http_->took_effect(ticket); }

void Node::admin_answered(const Ticket& ticket, AdminAnswer answer) {
  if (ticket == kNodeItself) return PeerConnections::move_ended(answer);
  http_->answer(ticket, Api::to_response(answer));
}

bool Node::propose(Request request) {
  if (stop_.is_stopping() || proposals_->size() >= limits::kProposalsMax) return false;
  const Write* write = std::get_if<Write>(&request);
  if (write != nullptr && !write->wants_answer) http_->takes_effect_later(write->ticket);
  proposals_->push_here(std::move(request));
  return true;
}

bool Node::ask_admin(const Ticket& ticket, AdminRequest request) {
  if (stop_.is_stopping() || orders_->size() >= limits::kAdminRequestsMax) return false;
  orders_->push_here({.ticket = ticket, .request = std::move(request)});
  return true;
}

void Node::give(std::vector<Request>&& batch) {
  replica_->propose(loop_.now(), std::move(batch));
  after_step();
}

void Node::give(std::vector<ClientAdminRequest>&& batch) {
  for (ClientAdminRequest& given : batch) {
    replica_->ask_admin(loop_.now(), given.ticket, std::move(given.request));
  }
  after_step();
}

}  // namespace skiff

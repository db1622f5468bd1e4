// Api: a client's request in; out comes an answer at once, or something for the replica to do.
//
// A key is the percent-decoded path, with its leading slash; a value is the body. One table (src/api/routes.cc) says
// which paths are reserved for the store itself and which handler serves each method. A mistake of a client is answered
// here, with a text that says what is wrong; a header or a query that would change the meaning of a request, and that
// is not known here, is refused (src/api/headers.h).
//
// A write goes to the replica as it is. A read that must be linearizable goes there as a barrier, while the API keeps
// what it will do under the client's ticket (src/api/pending.h). Once the barrier is confirmed the API reads the map,
// by the same code as a stale read does at once. It reads within the replica's call, so the map is no older than the
// confirmation.
//
// The ends of requests become status codes: done 200 204 304 404, conflict 412, refused 503, unknown 504.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "raft/check.h"
#include "raft/types.h"
#include "src/api/pending.h"
#include "src/api/routes.h"
#include "src/api/status.h"
#include "src/base/result.h"
#include "src/replica/environment.h"
#include "src/replica/request.h"
#include "store/state/kv.h"
#include "transport/http/message.h"

namespace skiff {

// The node behind the API.
class ApiHost {
 public:
  virtual ~ApiHost() = default;

  // Onto the proposals queue; the end comes by Api::answered(), never at once. False: the queue is full, and nothing
  // was done.
  virtual bool propose(Request request) = 0;
  // Onto the queue of admin requests, the same way.
  virtual bool ask_admin(const Ticket& ticket, AdminRequest request) = 0;
  // To the client, if it is still connected.
  virtual void respond(const Ticket& ticket, transport::Response&& response) = 0;
  // Requests that the client sent behind a write that was answered before it took effect may go on now.
  virtual void took_effect(const Ticket& ticket) = 0;
  virtual const store::Kv& kv() const = 0;
  virtual NodeReport report() const = 0;
  // Why this node may take no part, beyond what the replica knows; mostly empty. For /health and /members.
  virtual std::string conflict() const { return {}; }
  // A backup of what is applied here; an error says why there can be none now.
  virtual Result<std::unique_ptr<transport::BodySource>> backup() = 0;
};

struct ApiConfig {
  raft::Time request_timeout = 5_s;
  raft::Time health_timeout = 1_s;  // of GET /health
};

class Api final : public Requester {
 public:
  Api(const ApiConfig& config, ApiHost& host) : config_(config), host_(host) {
    CHECK(config_.health_timeout > 0_s);
    CHECK(config_.request_timeout >= config_.health_timeout);
  }

  // The response, or nothing if it comes later, by ApiHost::respond().
  std::optional<transport::Response> take(const Ticket& ticket, transport::Request&& request);
  // Requester
  void answered(const Ticket& ticket, Answer&& answer) override;
  void ended(const Ticket& ticket) override { host_.took_effect(ticket); }

  static transport::Response to_response(const AdminAnswer& answer);
  // Reads that wait for their confirmation.
  size_t waiting() const { return pending_.size(); }

 private:
  friend struct RouteTable;
  using Reply = std::optional<transport::Response>;  // nothing: it comes later

  // Handlers, in keys.cc, node_pages.cc and members.cc.
  Reply get_value(const Ticket& ticket, transport::Request&& request);
  Reply write_value(const Ticket& ticket, transport::Request&& request);
  Reply get_health(const Ticket& ticket, transport::Request&& request);
  Reply get_livez(const Ticket& ticket, transport::Request&& request);
  Reply get_status(const Ticket& ticket, transport::Request&& request);
  Reply get_version(const Ticket& ticket, transport::Request&& request);
  Reply get_snapshot(const Ticket& ticket, transport::Request&& request);
  Reply list_members(const Ticket& ticket, transport::Request&& request);
  Reply add_member(const Ticket& ticket, transport::Request&& request);
  Reply move_member(const Ticket& ticket, transport::Request&& request);
  Reply remove_member(const Ticket& ticket, transport::Request&& request);
  Reply hand_over(const Ticket& ticket, transport::Request&& request);

  // Make the response when the barrier has ended.
  transport::Response value(const PendingBarrier& pending, const Answer& answer);
  transport::Response judged_value(const PendingBarrier& pending);
  transport::Response health(const PendingBarrier& pending, const Answer& answer);
  transport::Response backup(const PendingBarrier& pending, const Answer& answer);

  // To the replica: a write; a barrier, after which `then` makes the response; an operator's request.
  Reply propose(Write write);
  Reply confirm(const Ticket& ticket, raft::Time timeout, PendingBarrier then);
  // A barrier unless the query says that a stale answer will do.
  Reply read(const Ticket& ticket, const transport::Request& request, PendingBarrier then);
  Reply ask_admin(const Ticket& ticket, AdminRequest request);

  const ApiConfig config_;
  ApiHost& host_;
  PendingBarriers pending_;
};

}  // namespace skiff

// Api: a client's request in; out comes an answer at once, or something for the replica to do.
//
// A key is the percent-decoded path, with its leading slash; a value is the body. What is reserved for the store itself
// stands in one table (api_routes). Everything a client can get wrong is answered here, and says what is wrong; a
// header or a query that would change the meaning of a request, and that is not known here, is refused (api_headers).
//
// A write goes to the replica as it is. A read that must be linearizable goes there as a barrier, while the API keeps
// what it will do under the client's ticket; once the barrier is confirmed the API reads the map, by the same code as a
// stale read does at once.
//
// The ends of requests become status codes: done 200 204 404, refused 503, unknown 504.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "raft/check.h"
#include "src/api/pending.h"
#include "src/api/routes.h"
#include "src/api/status.h"
#include "src/base/result.h"
#include "src/replica/environment.h"
#include "src/replica/request.h"
#include "store/state/kv.h"
#include "transport/http/message.h"

namespace skiff {

// What the API needs of the node it stands in front of.
class ApiHost {
 public:
  virtual ~ApiHost() = default;

  // Onto the proposals queue, whose end comes by Api::answered(), never at once. False: it is full, and nothing was
  // done.
  virtual bool propose(Request request) = 0;
  // To the client, if it is still connected.
  virtual void respond(const Ticket& ticket, transport::Response&& response) = 0;
  // What the client sent behind a write that was answered before it took effect may go on now.
  virtual void took_effect(const Ticket& ticket) = 0;
  // Onto the orders queue, the same way.
  virtual bool order(const Ticket& ticket, AdminRequest order) = 0;
  virtual const store::Kv& kv() const = 0;
  virtual NodeReport report() const = 0;
  // Why this node may take no part, beyond what the replica knows; mostly empty. For /health and /members.
  virtual std::string conflict() const { return {}; }
  // A backup of what is applied here; an error says why there can be none now.
  virtual Result<std::unique_ptr<transport::BodySource>> backup() = 0;
};

struct ApiConfig {
  raft::Time request_timeout = 5'000 * raft::kMillisecond;
  raft::Time health_timeout = 1'000 * raft::kMillisecond;  // of GET /health
};

class Api final : public Requester {
 public:
  Api(const ApiConfig& config, ApiHost& host) : config_(config), host_(host) {
    CHECK(config_.health_timeout > 0);
    CHECK(config_.request_timeout >= config_.health_timeout);
  }

  // The response, or nothing if it comes later, by ApiHost::respond().
  std::optional<transport::Response> take(const Ticket& ticket, transport::Request&& request);
  // Requester
  void answered(const Ticket& ticket, Answer&& answer) override;
  void ended(const Ticket& ticket) override { host_.took_effect(ticket); }

  // Of a write.
  static transport::Response to_response(const Answer& answer);
  static transport::Response to_response(const AdminAnswer& answer);
  // Reads that wait for their confirmation.
  size_t waiting() const { return pending_.size(); }

 private:
  // /members/4 and /members/4/lead, in members.cc.
  std::optional<transport::Response> take_member(const Ticket& ticket, transport::Request&& request);
  std::optional<transport::Response> show(Route::Place what, const Ticket& ticket, const transport::Request& request);
  std::optional<transport::Response> read(const Ticket& ticket, transport::Request&& request);
  std::optional<transport::Response> write(const Ticket& ticket, transport::Request&& request);
  std::optional<transport::Response> take_backup(const Ticket& ticket, const transport::Request& request);
  std::optional<transport::Response> propose(Write write);
  // Proposes a barrier; `then` makes the response when it has ended.
  std::optional<transport::Response> confirm(const Ticket& ticket, raft::Time timeout, PendingBarrier then);
  transport::Response value(const PendingBarrier& pending, const Answer& answer);
  transport::Response health(const PendingBarrier& pending, const Answer& answer);
  transport::Response backup(const PendingBarrier& pending, const Answer& answer);

  const ApiConfig config_;
  ApiHost& host_;
  PendingBarriers pending_;
};

}  // namespace skiff

// Api: a client's request in; out comes an answer at once, or something for the replica to do.
//
// A key is the percent-decoded path, with its leading slash; a value is the body. What is reserved for the store itself
// stands in one table (api_routes). Everything a client can get wrong is answered here, and says what is wrong; a
// header or a query that would change the meaning of a request, and that is not known here, is refused (api_headers).
//
// The other half turns the replica's Answer into a status code, in one switch: done 200 204 404, refused 503, unknown
// 504.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "src/api/routes.h"
#include "src/api/status.h"
#include "src/base/result.h"
#include "src/replica/environment.h"
#include "store/state/kv.h"
#include "transport/http/message.h"

namespace skiff {

// What the API needs of the node it stands in front of.
class ApiHost {
 public:
  virtual ~ApiHost() = default;

  // Onto the proposals queue. False: it is full, and nothing was done.
  virtual bool propose(Request request) = 0;
  // Onto the orders queue, the same way.
  virtual bool order(const Ticket& ticket, AdminRequest order) = 0;
  virtual const store::Kv& kv() const = 0;
  virtual NodeReport report() const = 0;
  // Why this node may take no part, beyond what the replica knows; mostly empty. For /health and /members.
  virtual std::string conflict() const { return {}; }
  // A backup of what is applied here; an error says why there can be none now.
  virtual Result<std::unique_ptr<transport::BodySource>> backup() = 0;
};

class Api {
 public:
  explicit Api(ApiHost& host) : host_(host) {}

  // The response, or nothing if it comes later, through ApiHost::propose() and to_response().
  std::optional<transport::Response> take(const Ticket& ticket, transport::Request&& request);
  transport::Response to_response(const Answer& answer);
  static transport::Response to_response(const AdminAnswer& answer);

 private:
  // /members/4 and /members/4/lead, in members.cc.
  std::optional<transport::Response> take_member(const Ticket& ticket, transport::Request&& request);
  std::optional<transport::Response> show(Route::Place what, const Ticket& ticket, const transport::Request& request);
  std::optional<transport::Response> read(const Ticket& ticket, transport::Request&& request);
  std::optional<transport::Response> write(const Ticket& ticket, transport::Request&& request);
  std::optional<transport::Response> take_backup(const Ticket& ticket, const transport::Request& request);
  transport::Response backup();
  std::optional<transport::Response> propose(Request request);

  ApiHost& host_;
};

}  // namespace skiff
